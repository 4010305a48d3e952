"""SARIF 2.1.0 as code scanning wants it: rules, results and notifications put into one log with one run.

Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub's documentation "SARIF support
for code scanning", whose limits are held (25,000 results and rules in a run) and whose fingerprint is
``primaryLocationLineHash``.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pipeline import __version__
from pipeline.model.documents.printable import printable
from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.validation.finding import Rule, Severity, Suppression

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "%SRCROOT%"
"""What relative paths are relative to: the checkout."""
MOST_RESULTS: Final = 25_000
_NOWHERE: Final = Origin("gitless.yaml")
"""Code scanning takes no result without a file: what is in none is shown at the settings."""
_MOST_TEXT: Final = 1000
_INDEX: Final = re.compile(r"\[[0-9]+\]")
_RECOMMENDATION: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result, in the words of the model; ``path`` is a field of the object."""

    rule: str
    level: Severity
    message: str
    object_id: ObjectId | None = None
    path: str = ""
    origin: Origin | None = None
    suppression: Suppression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something that the tool has to say about its own work, such as what it could not judge."""

    message: str
    rule: str = ""
    level: Severity = Severity.WARNING
    origin: Origin | None = None


def sarif(
    results: Sequence[Result],
    rules: Iterable[Rule],
    notifications: Iterable[Notification] = (),
    *,
    label: str,
    passed: bool,
    folder: str = "",
) -> str:
    """The log as JSON text, ending with a newline.

    ``label`` keeps the alerts of one application apart from those of another, ``passed`` is what the command ends with,
    ``folder`` is where it ran in the checkout.
    Results beyond what a run may have are left out from the end, and that is told.
    """
    descriptors = _with_unlisted(rules, results)
    kept = results[:MOST_RESULTS]
    told = [*notifications]
    if len(kept) < len(results):
        told.append(Notification(message=f"{len(results) - len(kept)} more results are left out", level=Severity.ERROR))
    index = {rule.id: position for position, rule in enumerate(descriptors)}
    run = {
        "tool": {
            "driver": {
                "name": "gitless",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_descriptor(rule) for rule in descriptors],
            }
        },
        "automationDetails": {"id": f"gitless/{printable(label, _MOST_TEXT).replace('/', '-')}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "exitCode": 0 if passed else 9,
                "toolExecutionNotifications": [_notification(item, index, folder) for item in told],
            }
        ],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The checkout."}}},
        "columnKind": "utf16CodeUnits",
        "results": list(_results(kept, index, folder)),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _with_unlisted(rules: Iterable[Rule], results: Iterable[Result]) -> list[Rule]:
    """All rules once, by id; those of users' policies have nothing but their name."""
    found: dict[str, Rule] = {}
    for rule in rules:
        found.setdefault(rule.id, rule)
    for item in results:
        if item.rule not in found:
            found[item.rule] = Rule(id=item.rule, gate="", title=item.rule, reason="", fix="", severity=item.level)
    return list(found.values())


def _descriptor(rule: Rule) -> dict[str, Any]:
    title = _text(rule.title)
    name = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", rule.id))
    document: dict[str, Any] = {
        "id": _text(rule.id),
        # A name must say more than the id.
        **({"name": name} if name.casefold() != rule.id.casefold() else {}),
        "shortDescription": {"text": title},
        "fullDescription": {"text": _text(rule.reason or rule.title)},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": ["kubernetes", *([rule.gate] if rule.gate else [])],
                       "precision": "high", "problem.severity": _RECOMMENDATION[rule.severity]},
    }  # fmt: skip
    if rule.fix:
        document["help"] = {
            "text": _text(f"{rule.reason} What to do: {rule.fix}."),
            "markdown": f"{_markdown(rule.reason)}\n\n**What to do:** {_markdown(rule.fix)}.",
        }
    else:
        document["help"] = {"text": title, "markdown": _markdown(title)}
    return document


def _results(results: Sequence[Result], index: dict[str, int], folder: str) -> Iterator[dict[str, Any]]:
    any_suppressed = any(item.suppression is not None for item in results)
    seen: Counter[str] = Counter()
    for item in results:
        fingerprint = _fingerprint(item)
        seen[fingerprint] += 1
        number = seen[fingerprint]
        document: dict[str, Any] = {
            "ruleId": _text(item.rule),
            "ruleIndex": index[item.rule],
            "level": item.level.value,
            "message": {"text": _text(item.message)},
            "locations": [_location(item, folder)],
            "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:{number}"},
        }
        if any_suppressed:
            # Where one result has them, the others have to say that they have none.
            document["suppressions"] = [_suppression(item.suppression)] if item.suppression is not None else []
        yield document


def _fingerprint(item: Result) -> str:
    """The same for the same finding however the file changes around it: no line and no position in it."""
    field = _INDEX.sub("[]", item.path)
    parts = (item.rule, str(item.object_id or ""), field, "" if item.object_id else item.message)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _suppression(suppression: Suppression) -> dict[str, Any]:
    kind = "inSource" if suppression.place.startswith("annotation ") else "external"
    return {
        "kind": kind,
        "status": "accepted",
        "justification": _text(f"{suppression.reason} ({suppression.place})"),
    }


def _location(item: Result, folder: str) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _physical(item.origin or _NOWHERE, folder)}
    if item.object_id is not None:
        name = _text(str(item.object_id))
        location["logicalLocations"] = [
            {"name": _text(item.object_id.name), "fullyQualifiedName": name, "kind": "resource"}
        ]
        if item.path:
            path = _text(item.path)
            location["logicalLocations"].append(
                {"name": path, "fullyQualifiedName": f"{name}#{path}", "kind": "property"}
            )
    return location


def _physical(origin: Origin, folder: str) -> dict[str, Any]:
    path = posixpath.normpath(posixpath.join(folder, origin.file))
    artifact = {"uri": quote(path)}
    if path.startswith("/"):
        artifact["uri"] = f"file://{quote(path)}"
    else:
        artifact["uriBaseId"] = ROOT
    return {"artifactLocation": artifact, "region": {"startLine": max(1, origin.line or 1)}}


def _notification(item: Notification, index: dict[str, int], folder: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "level": item.level.value,
        "message": {"text": _text(item.message)},
        "descriptor": {"id": "not-evaluated" if item.rule else "left-out"},
    }
    if item.rule in index:
        document["associatedRule"] = {"id": _text(item.rule), "index": index[item.rule]}
    if item.origin is not None:
        document["locations"] = [{"physicalLocation": _physical(item.origin, folder)}]
    return document


def _text(text: str) -> str:
    return printable(text, _MOST_TEXT) or "(nothing said)"


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", printable(text, _MOST_TEXT))
