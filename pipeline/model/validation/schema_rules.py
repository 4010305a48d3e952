"""The rules of the schema gate."""

from __future__ import annotations

from typing import Final

from pipeline.model.validation.finding import Rule, Severity


def _rule(name: str, title: str, reason: str, fix: str, severity: Severity = Severity.ERROR) -> Rule:
    return Rule(id=name, gate="schema", title=title, reason=reason, fix=fix, severity=severity)


INVALID: Final = _rule(
    "schema-invalid",
    "A value that the field cannot have",
    "The API server refuses the object, after others of the same apply may have been written.",
    "write what the message says was expected; kubectl explain KIND.FIELD describes the field",
)
UNKNOWN_FIELD: Final = _rule(
    "schema-unknown-field",
    "A field that the kind does not have",
    "Of a built-in kind the API server refuses it; of a custom resource it drops it, and nothing of what was meant"
    " happens.",
    "correct the field's name or its indentation, or remove it",
)
REQUIRED: Final = _rule(
    "schema-required",
    "A required field is missing",
    "The API server refuses the object.",
    "add the field",
)
DUPLICATE: Final = _rule(
    "schema-duplicate",
    "Two items of a list with the same key",
    "Server-side apply refuses the list: it could not tell the two apart.",
    "remove one of the two, or give it another key",
)
MISSING: Final = _rule(
    "schema-missing",
    "No schema for the kind",
    "Nothing can be said about the object, and the API server may not know its kind at all.",
    "bring its CustomResourceDefinition: --crd FILE, FOLDER or cluster, or validation.crds",
)
REMOVED: Final = _rule(
    "api-removed",
    "An API version that the target no longer has",
    "The API server does not know the kind in this version, and the apply fails.",
    "move to the API version that took its place",
)
TOO_NEW: Final = _rule(
    "api-too-new",
    "An API version that the target does not have yet",
    "The API server does not know the kind in this version, and the apply fails.",
    "use an API version that every Kubernetes of the range has, or narrow the range",
)
DEPRECATED: Final = _rule(
    "api-deprecated",
    "A deprecated API version",
    "It works now and is gone after one of the next upgrades.",
    "move to the API version that takes its place",
    Severity.WARNING,
)

SCHEMA_RULES: Final = (INVALID, UNKNOWN_FIELD, REQUIRED, DUPLICATE, MISSING, REMOVED, TOO_NEW, DEPRECATED)
"""All of them."""
