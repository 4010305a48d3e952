"""Rego as conftest's and Gatekeeper's users write it: packages with ``deny``, ``violation`` and ``warn``.

Source: conftest documentation, "Writing policies"; Gatekeeper documentation, "Constraint templates"; OPA documentation,
"Policy Language".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.validation.finding import Severity

_PACKAGE = re.compile(r'\A(?:\s|#[^\n]*)*package\s+([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["[^"\n]+"\])*)')
_STEP = re.compile(r'([A-Za-z_]\w*)|\["([^"\n]+)"\]')
_RULE_NAME = r"(?:deny|violation|warn)(?:_[A-Za-z0-9_]+)?"
_HEAD = re.compile(rf"^[ \t]*(?:default[ \t]+)?({_RULE_NAME})\b", re.MULTILINE)
_SEVERITIES = {"deny": Severity.ERROR, "violation": Severity.ERROR, "warn": Severity.WARNING}


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a rule says of an object; ``index`` is the object's place in the input."""

    index: int
    package: str
    rule: str
    message: str
    path: str = ""

    @property
    def rule_id(self) -> str:
        """The package and the rule."""
        return f"{self.package}/{self.rule}"

    @property
    def severity(self) -> Severity:
        """``deny`` and ``violation`` are errors, ``warn`` is a warning, whatever follows a ``_``."""
        return _SEVERITIES[self.rule.partition("_")[0]]


def judging_packages(texts: Iterable[str]) -> list[str]:
    """The packages that have rules of these names, without ``data.``; tests are no policies."""
    found: dict[str, None] = {}
    for text in texts:
        package = _PACKAGE.match(text)
        if package is not None and _HEAD.search(text):
            found[package[1]] = None
    return list(found)


def query(packages: Iterable[str], texts: Iterable[str]) -> str:
    """One query that asks every package about every object of ``input.objects``.

    Each object is the ``input`` of its turn. Gatekeeper's ``input.review`` and ``data.gitless.objects``, all objects
    at once, are there where a policy speaks of them.
    """
    whole = "\n".join(texts)
    subject = "input.objects[i]"
    if re.search(r"\binput\.(?:review|parameters)\b", whole):
        subject = "object.union(input.objects[i], input.reviews[i])"
    everything = " with data.gitless.objects as everything" if re.search(r"\bdata\.gitless\b", whole) else ""
    parts = ", ".join(
        f"{json.dumps(package)}: {{name: value | some name; value := data.{package}[name] with input as subject"
        f'{everything}; regex.match("^{_RULE_NAME}$", name)}}'
        for package in packages
    )
    # Bound beforehand: opa does not see that a variable in what stands behind "as" changes the input.
    bound = f"everything := input.objects; subject := {subject}"
    return f"[found | some i; input.objects[i]; {bound}; found := {{{parts}}}]"


def review(body: Mapping[str, Any]) -> dict[str, Any]:
    """What Gatekeeper has in ``input`` beside the object."""
    group, _, version = str(body.get("apiVersion", "")).rpartition("/")
    metadata = body.get("metadata") or {}
    kind = {"group": group, "version": version, "kind": body.get("kind")}
    about = {"kind": kind, "name": metadata.get("name"), "namespace": metadata.get("namespace"), "operation": "CREATE"}
    return {"review": {**about, "object": body}, "parameters": {}}


def read_answers(answers: object, objects: int) -> Iterator[Said]:
    """What the query gave: for each object, by package and rule, what that says.

    Raises:
        TypeError: it is something else, or has no answer for some object.
    """
    if not isinstance(answers, list) or len(answers) != objects:
        raise TypeError("expected an answer for each object")
    for index, by_package in enumerate(answers):
        for package, rules in by_package.items():
            for rule, value in rules.items():
                for message, path in _messages(value, rule):
                    yield Said(index, package, rule, message, path)


def _messages(value: object, rule: str) -> Iterator[tuple[str, str]]:
    if value is True:
        yield f"{rule} holds", ""
    elif isinstance(value, str):
        yield value, ""
    elif isinstance(value, list):
        for each in value:
            yield from [(_shown(each), "")] if _is_unnamed(each) else _messages(each, rule)
    elif isinstance(value, Mapping):
        message = value.get("msg", value.get("message"))
        if isinstance(message, str):
            path = value.get("path", value.get("field"))
            yield message, path if isinstance(path, str) else ""
        else:
            # A partial object, whose keys are the messages.
            yield from ((str(key), "") for key, holds in value.items() if holds is not False)


def _is_unnamed(element: object) -> bool:
    """Whether an element of a set is neither a text nor an object with one, and still is a reason to object."""
    if isinstance(element, Mapping):
        return not isinstance(element.get("msg", element.get("message")), str)
    return not isinstance(element, str | list)


def _shown(element: object) -> str:
    return json.dumps(element, ensure_ascii=False)
