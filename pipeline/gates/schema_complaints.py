"""What jsonschema-rs objects to, in words for whoever writes manifests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pipeline.model.documents.json_types import type_in_words
from pipeline.model.documents.printable import printable
from pipeline.model.validation.field_paths import Steps, field_path
from pipeline.model.validation.kubernetes_schemas import BYTE, CIDR, UUID, JsonSchema
from pipeline.model.validation.schema_rules import DUPLICATE, INVALID, REQUIRED, UNKNOWN_FIELD
from pipeline.model.validation.server_rules import Refusal

if TYPE_CHECKING:
    import jsonschema_rs

LIST_TYPE = "x-kubernetes-list-type"
_MOST_NAMED = 8
_MOST_LISTED = 20
_LONGEST = 60
"""Characters of a value that is shown."""
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_FORMATS = {
    BYTE: "base64",
    CIDR: "a network such as 10.0.0.0/8",
    UUID: "a UUID",
    "date-time": "a time such as 2026-01-31T12:00:00Z",
    "date": "a date such as 2026-01-31",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
}
_SINGULAR = {"characters": "character", "items": "item", "entries": "entry"}
_FIXED = {
    "uniqueItems": "has the same item twice",
    "not": "is what the schema forbids ('not')",
    "oneOf": "fits several of the alternatives of which the schema allows one ('oneOf')",
}
_CONFIDENTIAL = re.compile(r"(?i)passw|secret|token|credential|private|apikey|api_key|auth")


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """One objection; ``steps`` lead to the field."""

    path: str
    rule: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How an object's complaints are to be read.

    Attributes:
        schema: what it was held against, to find out which fields there are.
        prunes: whether the API server drops unknown fields in silence (custom resources) rather than refuse them.
        shows_values: whether a value may stand in a message.
        has_status: whether status is set by the API server, whatever a manifest says.
    """

    schema: JsonSchema
    prunes: bool
    shows_values: bool
    has_status: bool


def complaints(errors: Iterator[jsonschema_rs.ValidationError], reading: Reading) -> Iterator[Complaint]:
    """Each error as one or several complaints."""
    for error in errors:
        steps = tuple(error.instance_path)
        if reading.has_status and steps[:1] == ("status",) and error.kind.name == "required":
            continue  # a generator's leftover, which the API server overwrites
        yield from _complaints(error, steps, reading)


def refused(refusal: Refusal, *, shows_values: bool) -> Complaint:
    """What an API server refuses beyond the schema, as a complaint."""
    said = refusal.problem
    if not said:
        # What the object is called is in every report.
        is_identity = refusal.steps in (("metadata", "name"), ("metadata", "namespace"))
        shown = _shown(refusal.value, refusal.steps, shows_values=shows_values or is_identity)
        said = _expected(shown, refusal.expected)
    rule = REQUIRED if refusal.is_missing else INVALID
    return Complaint(field_path(refusal.steps), rule.id, f"{_named(refusal.steps)} {said}", refusal.hint)


def _complaints(error: jsonschema_rs.ValidationError, steps: Steps, reading: Reading) -> Iterator[Complaint]:
    kind = error.kind.name
    facts = error.kind.as_dict()
    if kind == "additionalProperties":
        known = tuple(_schema_at(reading.schema, error.schema_path[:-1]).get("properties", ()))
        for key in facts["unexpected"]:
            yield _unknown((*steps, key), str(key), known, reading)
    elif kind == "required":
        path = field_path((*steps, facts["property"]))
        yield Complaint(path, REQUIRED.id, f"{printable(path, 200)} is missing")
    elif kind == LIST_TYPE:
        yield Complaint(field_path(steps), DUPLICATE.id, f"{_named(steps)} has {facts['message']}")
    elif kind in ("anyOf", "oneOf") and all(facts["context"]):
        yield _alternatives(error, steps, facts["context"], reading)
    else:
        problem = f"{_named(steps)} {_problem(error, steps, facts, reading)}"
        yield Complaint(field_path(steps), INVALID.id, problem, _hint(error, facts))


def _unknown(steps: Steps, key: str, known: Sequence[str], reading: Reading) -> Complaint:
    what = printable(field_path(steps), 200)
    near = get_close_matches(key, known, n=1, cutoff=0.6) or _same_letters(key, known)
    message = f"{what} is no field of this kind" + ("; the API server would drop it" if reading.prunes else "")
    if near:
        return Complaint(field_path(steps), UNKNOWN_FIELD.id, message, f"did you mean {near[0]}?")
    shown = ", ".join(sorted(known)[:_MOST_NAMED]) + (", …" if len(known) > _MOST_NAMED else "")
    return Complaint(
        field_path(steps), UNKNOWN_FIELD.id, message, f"known here: {shown}" if known else "nothing goes here"
    )


def _same_letters(key: str, known: Sequence[str]) -> list[str]:
    plain = key.lower().replace("_", "").replace("-", "")
    return [name for name in known if name.lower() == plain]


def _problem(error: jsonschema_rs.ValidationError, steps: Steps, facts: Mapping[str, Any], reading: Reading) -> str:
    kind = error.kind.name
    if kind == "type":
        return f"is {_type_of(error.instance)}; expected {_types(facts['types'])}"
    if kind in _FIXED:
        return _FIXED[kind]
    value = _shown(error.instance, steps, shows_values=reading.shows_values)
    if kind in _LIMITS:
        wanted = _LIMITS[kind].format(facts["limit"])
        if facts["limit"] == 1:
            *before, what = wanted.split()
            wanted = " ".join((*before, _SINGULAR.get(what, what)))
        return f"is {_measure(kind, error.instance, value)}; expected {wanted}"
    wanted = _wanted(error, facts, reading)
    return _expected(value, wanted) if wanted else f"is not as the schema says ({kind})"


def _wanted(error: jsonschema_rs.ValidationError, facts: Mapping[str, Any], reading: Reading) -> str:
    """What a value had to be that is of the right type."""
    kind = error.kind.name
    if kind in ("enum", "const"):
        options = [item for item in facts.get("options", [facts.get("expected_value")]) if item not in (None, "")]
        listed = ", ".join(map(str, options[:_MOST_LISTED])) + (", …" if len(options) > _MOST_LISTED else "")
        return f"{'one of: ' if len(options) > 1 else ''}{printable(listed, 500)}"
    if kind == "pattern":
        if _schema_at(reading.schema, error.schema_path[:-1]).get("title") == "quantity":
            return "a quantity such as 500m, 2, 128Mi or 1Gi"
        return f"text that matches {printable(facts['pattern'], 200)}"
    if kind == "format":
        return _FORMATS.get(facts["format"], str(facts["format"]))
    return f"a multiple of {facts['multiple_of']}" if kind == "multipleOf" else ""


def _expected(value: str, what: str) -> str:
    """A value that may not be shown is only said not to be it."""
    return f"is {value}; expected {what}" if value else f"is not {what}"


def _hint(error: jsonschema_rs.ValidationError, facts: Mapping[str, Any]) -> str:
    """What to do about it, where that is plain."""
    kind, found = error.kind.name, error.instance
    if kind == "type" and isinstance(found, str):
        return "remove the quotes" if {"integer", "number", "boolean"} & set(facts["types"]) else ""
    if kind == "type" and "string" in facts["types"] and isinstance(found, (bool, int, float)):
        return "quote it"
    if kind == "format" and facts["format"] == BYTE:
        return "stringData of a Secret and data of a ConfigMap take plain text"
    if kind == "enum" and isinstance(found, str):
        near = get_close_matches(found, [item for item in facts["options"] if isinstance(item, str)], n=1)
        return f"did you mean {near[0]}?" if near else ""
    return ""


def _alternatives(
    error: jsonschema_rs.ValidationError, steps: Steps, context: Sequence[Sequence[Any]], reading: Reading
) -> Complaint:
    """``anyOf`` and ``oneOf``: the fields of which one is needed, or what is wrong by the nearest alternative."""
    wanted = [
        inner.kind.as_dict()["property"] for branch in context for inner in branch if inner.kind.name == "required"
    ]
    path = field_path(steps)
    if wanted and all(inner.kind.name == "required" for branch in context for inner in branch):
        exactly = "exactly one" if error.kind.name == "oneOf" else "one"
        return Complaint(path, REQUIRED.id, f"{_named(steps)} needs {exactly} of: {', '.join(dict.fromkeys(wanted))}")
    types = [inner.kind.as_dict()["types"] for branch in context for inner in branch if inner.kind.name == "type"]
    if types and all(len(branch) == 1 and branch[0].kind.name == "type" for branch in context):
        found = sorted({name for names in types for name in names})
        return Complaint(path, INVALID.id, f"{_named(steps)} is {_type_of(error.instance)}; expected {_types(found)}")
    nearest = min(context, key=len)
    inner = nearest[0]
    there = tuple(inner.instance_path)
    problem = _problem(inner, there, inner.kind.as_dict(), reading)
    return Complaint(field_path(there), INVALID.id, f"{_named(there)} {problem}, or another alternative")


def _schema_at(schema: JsonSchema, path: Sequence[str | int]) -> Mapping[str, Any]:
    here: Any = schema
    for part in path:
        if isinstance(here, Mapping) and part not in here:
            here = _followed(here, schema)
        here = here[int(part)] if isinstance(here, list) else here.get(part, {})
    return _followed(here, schema) if isinstance(here, Mapping) else {}


def _followed(here: Any, schema: JsonSchema) -> Any:  # noqa: ANN401 - a part of a schema
    while isinstance(here, Mapping) and "$ref" in here:
        here = schema["$defs"][here["$ref"].rpartition("/")[2]]
    return here


def _named(steps: Steps) -> str:
    return printable(field_path(steps), 200) or "the object"


def _type_of(value: object) -> str:
    return "a number with a fraction" if isinstance(value, float) else type_in_words(value)


def _types(names: Sequence[str]) -> str:
    words = [_TYPES[name] for name in sorted(names) if name in _TYPES]
    return " or ".join(words) or "null"


def _measure(kind: str, instance: object, value: str) -> str:
    if kind.endswith("Length") and isinstance(instance, str):
        return f"{len(instance)} characters long"
    if kind.endswith(("Items", "Properties")) and isinstance(instance, (list, Mapping)):
        return f"{len(instance)} long"
    return value or "out of bounds"


def _shown(value: object, steps: Steps, *, shows_values: bool) -> str:
    """The value, where it says something and can be no secret; else empty."""
    if not shows_values or isinstance(value, (list, Mapping)) or value is None:
        return ""
    if any(isinstance(step, str) and _CONFIDENTIAL.search(step) for step in steps):
        return ""
    return printable(json.dumps(value, ensure_ascii=False), _LONGEST)
