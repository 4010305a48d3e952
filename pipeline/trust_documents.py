"""Read trust policies from files: a ``TrustPolicy`` document, or the ``trust`` of a ``gitless.yaml``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import check_settings, line_of, read_mapping, schema_text
from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.documents.strict_json import parse_object
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import TrustedRoot, TrustPolicy
from pipeline.model.trust.policy_document import PolicyDocumentError
from pipeline.model.trust.policy_reading import API_VERSION, KIND, read_trust, read_trust_policy

_MAX_FILE = 4 * 1024 * 1024
_REFERENCE = re.compile(r"#/\$defs/(\w+)")
_EXPECTED = "expected one YAML document: a TrustPolicy, or a gitless.yaml with trust in it"

FetchKey = Callable[[str], str]
"""Gives the PEM of a public key that is named by URI."""
_Part = tuple[tuple[str, ...], object]
"""A place in a ``gitless.yaml``, and what is said there."""


def load_trust_policy(path: Path, fetch_key: FetchKey | None = None) -> TrustPolicy:
    """Read a policy; files that it names are relative to its folder, and read now.

    ``fetch_key`` gives the PEM of a public key that is named by URI.

    A ``gitless.yaml`` without ``trust`` is an empty policy, as ``trust: {}`` is: it refuses everything.

    Raises:
        ConfigurationError: the file cannot be read or is wrong; the message has file and line.
    """
    return _load(path, lambda body: (("trust",), body.get("trust", {})), fetch_key, _EXPECTED)


def load_record_policy(path: Path, fetch_key: FetchKey | None = None) -> TrustPolicy:
    """Whose deploy records a ``gitless.yaml`` believes: its ``records``; nobody's where it has none.

    Raises:
        ConfigurationError: the file cannot be read or is wrong; the message has file and line.
    """

    def said(body: Mapping[str, Any]) -> _Part:
        return ("records",), {key: value for key, value in body.get("records", {}).items() if key != "repository"}

    expected = "expected one YAML document: a gitless.yaml with records in it"
    return _load(path, said, fetch_key, expected, is_settings=True)


def load_approvers(path: Path, fetch_key: FetchKey | None = None) -> TrustPolicy:
    """Who may approve plans: a ``TrustPolicy`` document, or the ``approval`` of a ``gitless.yaml`` for all its targets.

    Raises:
        ConfigurationError: the file cannot be read or is wrong; the message has file and line.
    """
    expected = "expected one YAML document: a TrustPolicy, or a gitless.yaml with approval in it"
    return _load(path, lambda body: (("approval",), body.get("approval", {})), fetch_key, expected)


def load_demanded_approvers(path: Path, target: str, fetch_key: FetchKey | None = None) -> TrustPolicy | None:
    """Of whom one must have approved what a ``gitless.yaml`` applies to a target; ``None`` where nobody has to.

    What the target says takes the place of what the file says for all.

    Raises:
        ConfigurationError: the file cannot be read or is wrong; the message has file and line.
    """
    expected = "expected one YAML document: a gitless.yaml"
    body, _ = read_mapping(path, expected)
    own = body.get("targets", {}).get(target, {})
    if "approval" not in own and "approval" not in body:
        return None
    place = ("targets", target, "approval") if "approval" in own else ("approval",)
    said = (place, own.get("approval", body.get("approval")))
    return _load(path, lambda _body: said, fetch_key, expected, is_settings=True)


def _load(
    path: Path,
    part_of: Callable[[Mapping[str, Any]], _Part],
    fetch_key: FetchKey | None,
    expected: str,
    *,
    is_settings: bool = False,
) -> TrustPolicy:
    """A ``TrustPolicy`` document, or that part of a ``gitless.yaml`` which says the same; or only the latter."""
    body, content = read_mapping(path, expected)

    def read_file(name: str) -> str:
        if fetch_key is not None and "://" in name:
            return fetch_key(name)
        return read_text(path.parent / name)

    try:
        if body.get("kind") != "Pipeline" and not is_settings:
            return read_trust_policy(body, source=str(path), read_file=read_file)
        check_settings(body, content, str(path))
        place, said = part_of(body)
        source = str(path) if place == ("trust",) else f"{path} ({'.'.join(place)})"
        return read_trust(said, source=source, place=place, read_file=read_file)
    except PolicyDocumentError as error:
        line = line_of(error.place, content)
        raise ConfigurationError(f"{path}:{line}: {error.problem}", hint=error.hint, code=error.code) from None


def policy_schema_text() -> str:
    """The JSON Schema of a ``TrustPolicy`` document: its ``spec`` is the ``trust`` of ``gitless.yaml``."""
    schema = json.loads(schema_text())
    definitions = schema["$defs"]
    needed, pending = {}, ["trust"]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed[name] = definitions[name]
            pending += _REFERENCE.findall(json.dumps(definitions[name]))
    policy = {
        "$schema": schema["$schema"],
        "$id": "https://gitless.dev/schemas/trust-policy.v1.json",
        "title": "TrustPolicy",
        "description": "Whom to believe about which artifacts.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"description": "Version of this format.", "const": API_VERSION},
            "kind": {"description": "Kind of this document.", "const": KIND},
            "metadata": {"description": "Anything.", "type": "object"},
            "spec": {"$ref": "#/$defs/trust"},
        },
        "required": ["apiVersion", "kind", "spec"],
        "$defs": {name: definition for name, definition in definitions.items() if name in needed},
    }
    return json.dumps(policy, indent=2, ensure_ascii=False) + "\n"


def trusted_root(options: TrustOptions, documented: TrustedRoot | None) -> TrustedRoot | None:
    """The root that the options name, or else the document's; ``None`` is Sigstore's public deployment, online.

    Raises:
        ConfigurationError: a file cannot be read, or is no JSON.
    """
    if options.trusted_root:
        return TrustedRoot(options.trusted_root, _json(options.trusted_root), offline=options.offline)
    if options.tuf_url:
        return TrustedRoot(
            options.tuf_url, tuf_url=options.tuf_url, tuf_root=_json(options.tuf_root), offline=options.offline
        )
    if options.offline:
        return replace(documented or TrustedRoot(), offline=True)
    return documented


def _json(file: str) -> str:
    content = read_text(Path(file))
    try:
        parse_object(content.encode("utf-8"), file)
    except TrustError as error:
        raise ConfigurationError(error.message) from None
    return content


def read_text(path: Path) -> str:
    """The text of a key or of a trusted root.

    Raises:
        ConfigurationError: it cannot be read, is no text, or larger than any of them.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_FILE + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror or error}") from None
    if len(content) > _MAX_FILE:
        raise ConfigurationError(f"{path} is larger than {_MAX_FILE} bytes, so it is neither key nor trusted root")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not text; expected PEM or JSON") from None
