"""Secrets that everybody can read who can read the manifests; values are looked at and never told."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.errors import ManifestError
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.kustomizing.encryption import encrypted_values, is_encrypted
from pipeline.model.manifests import Resource
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject

_VARIABLE: Final = r"\$\{\s*\w+\s*(?::?[-=?]\s*)?\}"
"""What Flux's ``postBuild.substitute`` puts in; a default for it would be there for all to read."""
_PLACEHOLDER: Final = re.compile(rf"\s*(?:{_VARIABLE}|[A-Za-z][\w+.-]*://[^\s:/@]*:{_VARIABLE}@[^\s@]*)\s*")
"""A variable, alone or as the password of a URL."""
_PUBLIC: Final = re.compile(
    r"\s*(?:-----BEGIN (?P<what>CERTIFICATE|PUBLIC KEY)-----[A-Za-z0-9+/=\s]*-----END (?P=what)-----\s*)+"
)
_NAMED = 5


@lint_rule(
    "secret-plain",
    Severity.ERROR,
    title="A Secret that is not encrypted",
    reason="base64 hides nothing: whoever can read the repository, the artifact or its copies has the password, and it"
    " stays in all of them after it was changed.",
    fix="encrypt the file with SOPS, or let an operator such as External Secrets fetch it; then change the password,"
    " which is known by now",
)
def secret_plain(subject: Subject) -> Iterator[Problem]:
    """Values in ``data`` or ``stringData``.

    Encrypted ones, certificates, public keys, variables and empty values hide nothing. A service account's token that
    the cluster fills in has no data in the manifest.
    """
    for resource in subject.of_kind("", "Secret"):
        if is_encrypted(resource.body):
            continue
        encrypted = _encrypted_keys(resource)
        for field in ("data", "stringData"):
            values = mapping_at(resource.body, field)
            plain = [key for key, value in values.items() if _hides(value, field) and key not in encrypted]
            if plain:
                more = f" and {len(plain) - _NAMED} more" if len(plain) > _NAMED else ""
                names = ", ".join(shown(key) for key in plain[:_NAMED])
                yield Problem(resource, field, f"values are there for all to read: {names}{more}")


def _encrypted_keys(resource: Resource) -> frozenset[str]:
    try:
        return frozenset(encrypted_values(resource))
    except ManifestError:
        # Encrypted, and larger than what is decrypted: that is told by whoever has to.
        return frozenset(_texts(mapping_at(resource.body, "data")))


def _texts(values: Mapping[str, object]) -> Iterator[str]:
    return (key for key, value in values.items() if isinstance(value, str))


def _hides(value: object, field: str) -> bool:
    if not isinstance(value, str):
        # A number or a list is none of the API's, but there it is.
        return value is not None
    text = value
    if field == "data" and not _PLACEHOLDER.fullmatch(value):
        try:
            text = base64.b64decode(value, validate=False).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            text = value
    return bool(text.strip()) and not _PLACEHOLDER.fullmatch(text) and not _PUBLIC.fullmatch(text)
