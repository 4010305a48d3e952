"""Trust policies from documents: a ``TrustPolicy``, or the ``trust`` of a ``gitless.yaml``; ``docs/trust.md`` has all.

Nothing in a document is passed over: what cannot be read, is not known, or could not mean anything is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.errors import TrustError
from pipeline.model.documents.strict_json import parse_object
from pipeline.model.trust.policy import Rule, Signers, TrustedRoot, TrustPolicy
from pipeline.model.trust.policy_document import Entry, Place
from pipeline.model.trust.requirement_reading import (
    RequirementReader,
    needs_signature,
    read_identities,
    read_keys,
    read_patterns,
)

API_VERSION = "gitless.dev/v1"
KIND = "TrustPolicy"

_MAX_RULES = 1000


def read_trust_policy(
    document: Mapping[str, Any], *, source: str, read_file: Callable[[str], str] | None
) -> TrustPolicy:
    """Read a ``TrustPolicy`` document: ``apiVersion: gitless.dev/v1``, ``kind: TrustPolicy`` and a ``spec``.

    ``read_file`` gives the text of a file that the document names; without it only inline PEM and JSON is allowed, as
    in a ConfigMap. An empty ``spec`` is an empty policy, which refuses everything. Whether keys can be used, and
    regular expressions and CEL compiled, is not looked at here: ``wiring.check_trust_policy`` does.

    Raises:
        PolicyDocumentError: the document is wrong; the message names the source and the place in it.
    """
    root = Entry(document, source)
    fields = root.fields(("apiVersion", "kind", "metadata", "spec"))
    for key, expected in (("apiVersion", API_VERSION), ("kind", KIND)):
        if key not in fields:
            raise root.error(f"has no {key}; expected {key}: {expected}")
        fields[key].choice(expected)
    if "spec" not in fields:
        raise root.error("has no spec; expected keys, identities or rules in it")
    return read_trust(fields["spec"].value, source=source, place=("spec",), read_file=read_file)


def read_trust(
    body: object, *, source: str, place: Place = (), read_file: Callable[[str], str] | None = None
) -> TrustPolicy:
    """Read what a ``TrustPolicy`` has in its ``spec`` and a ``gitless.yaml`` in its ``trust``.

    Raises:
        PolicyDocumentError: something in it is wrong; ``place`` is put before the place in the message.
    """
    fields = Entry(body, source, place).fields(("keys", "identities", "trustedRoot", "tuf", "transparencyLog", "rules"))
    signers = Signers(read_keys(fields.get("keys"), read_file), read_identities(fields.get("identities")))
    reader = RequirementReader(signers, read_file)
    requires_log = "transparencyLog" not in fields or fields["transparencyLog"].choice("required", "none") == "required"
    return TrustPolicy(
        keys=signers.keys,
        identities=signers.identities,
        rules=_rules(fields["rules"], reader) if "rules" in fields else (),
        trusted_root=_root(fields, read_file),
        requires_log=requires_log,
        source=source,
    )


def _rules(entry: Entry, reader: RequirementReader) -> tuple[Rule, ...]:
    items = entry.items()
    if len(items) > _MAX_RULES:
        raise entry.error(f"has {len(items)} rules; at most {_MAX_RULES} are allowed")
    rules = tuple(_rule(item, reader) for item in items)
    names: set[str] = set()
    for rule, item in zip(rules, items, strict=True):
        if rule.name in names:
            raise item.error(f"is another rule called '{rule.name}'", "messages name rules, so names must differ")
        names.add(rule.name)
    return rules


def _rule(entry: Entry, reader: RequirementReader) -> Rule:
    fields = entry.fields(("name", "artifacts", "require"))
    for key in ("name", "artifacts", "require"):
        if key not in fields:
            raise entry.error(f"has no {key}; expected name, artifacts and require")
    requirement = reader.read(fields["require"])
    if not needs_signature(requirement):
        raise fields["require"].error(
            "could be satisfied without anybody's signature",
            "a registry says where something lies and not whose it is: join registries with a signature in an allOf",
        )
    return Rule(fields["name"].text(), read_patterns(fields["artifacts"]), requirement)


def _root(fields: dict[str, Entry], read_file: Callable[[str], str] | None) -> TrustedRoot | None:
    if "trustedRoot" in fields and "tuf" in fields:
        raise fields["tuf"].error("stands beside trustedRoot; expected one of them")
    if "trustedRoot" in fields:
        content, source = _json(fields["trustedRoot"], read_file)
        return TrustedRoot(source, content)
    if "tuf" not in fields:
        return None
    tuf = fields["tuf"].fields(("url", "root"))
    for key in ("url", "root"):
        if key not in tuf:
            raise fields["tuf"].error(f"has no {key}; expected url and root", "root is its root.json: the first trust")
    url = tuf["url"].text()
    if not url.startswith(("https://", "http://")):
        raise tuf["url"].error(f"{ascii(url)[:120]} is no http:// or https:// URL")
    return TrustedRoot(url, tuf_url=url, tuf_root=_json(tuf["root"], read_file)[0])


def _json(entry: Entry, read_file: Callable[[str], str] | None) -> tuple[str, str]:
    """The text of a JSON object and where it is from."""
    text = entry.text()
    if text.lstrip().startswith("{"):
        content, source = text, f"{entry.place[-1]} of {entry.source}"
    elif read_file is None:
        raise entry.error("is no JSON, and here there are no files", "write the JSON itself, as a block of text")
    else:
        content, source = entry.file(read_file), text
    try:
        parse_object(content.encode("utf-8", "replace"), source)
    except TrustError as error:
        raise entry.error(error.message, error.hint) from None
    return content, source
