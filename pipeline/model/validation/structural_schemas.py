"""A kind's ``openAPIV3Schema`` as JSON Schema that says what the API server does with such an object.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/, "Specifying a
structural schema", "Field pruning", "Defaulting", "Defaulting and nullable". What is not described is pruned, silently
for most clients: here it is refused. ``x-kubernetes-validations`` are another gate's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import mapping_at
from pipeline.model.validation.custom_kinds import CustomKind
from pipeline.model.validation.kubernetes_schemas import (
    BITS,
    BYTE,
    CIDR,
    ITEM_DEFAULTS,
    OBJECT_META,
    UUID,
    JsonSchema,
    self_contained,
)

_VALUES: Final = (
    "enum", "maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties", "multipleOf", "pattern",
    "uniqueItems",
)  # fmt: skip
_FORMATS: Final = {
    "byte": BYTE, "cidr": CIDR, "date": "date", "date-time": "date-time", "ipv4": "ipv4", "ipv6": "ipv6", "uuid": UUID,
}  # fmt: skip
"""The others are written differently in Go and in JSON Schema, or the API server does not look at them."""
_PRESERVES: Final = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
"""What has to stand beside ``x-kubernetes-int-or-string`` and says the same once more."""
_TEXT: Final = {"type": "string"}


def json_schema(kind: CustomKind, definitions: Mapping[str, Any]) -> JsonSchema:
    """The JSON Schema of a kind; ``definitions`` are Kubernetes' own, for ``metadata``."""
    described: Mapping[str, Any] = kind.schema if kind.schema is not None else {_PRESERVES: True}
    result = _structural(described, keeps=kind.keeps_unknown)
    meta = self_contained(definitions, OBJECT_META)
    own = result.setdefault("properties", {})
    own["apiVersion"] = {"type": "string", "enum": [kind.api_version]}
    own["kind"] = {"type": "string", "enum": [kind.kind]}
    own["metadata"] = {"$ref": meta["$ref"]}
    restriction = _nested_rules(mapping_at(mapping_at(described.get("properties")).get("metadata")))
    if restriction:
        own["metadata"]["allOf"] = [restriction]
    result["type"] = "object"
    result["$defs"] = meta["$defs"]
    return result


def _structural(schema: Mapping[str, Any], *, keeps: bool) -> JsonSchema:
    """The structural part, which says what there may be, with the value validations."""
    result = _value_rules(schema)
    if schema.get("x-kubernetes-embedded-resource"):
        result["required"] = sorted({*result.get("required", ()), "apiVersion", "kind"})
    properties = mapping_at(schema.get("properties"))
    if properties or schema.get("type") == "object":
        known = {name: _structural(mapping_at(value), keeps=keeps) for name, value in properties.items()}
        if schema.get("x-kubernetes-embedded-resource"):
            known = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"type": "object"}} | known
        # A null where none is allowed gives way to the default, if there is one, before anybody looks.
        result["properties"] = {
            name: _or_null(value) if "default" in mapping_at(properties.get(name)) else value
            for name, value in known.items()
        }
        result["additionalProperties"] = _others(schema, keeps=keeps)
    if isinstance(schema.get("items"), Mapping):
        result["items"] = _structural(schema["items"], keeps=keeps)
    for key in ("x-kubernetes-list-type", "x-kubernetes-list-map-keys"):
        if key in schema:
            result[key] = schema[key]
    defaults = {
        name: value["default"]
        for name, value in mapping_at(schema, "items", "properties").items()
        if isinstance(value, Mapping) and "default" in value
    }
    return result | {ITEM_DEFAULTS: defaults} if defaults else result


def _others(schema: Mapping[str, Any], *, keeps: bool) -> JsonSchema | bool:
    """What fields may have that are not listed."""
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        return _structural(others, keeps=keeps) if others else True
    return bool(others) or keeps or bool(schema.get(_PRESERVES))


def _value_rules(schema: Mapping[str, Any]) -> JsonSchema:
    """What a value must be, without saying what else there may be."""
    result: JsonSchema = {key: schema[key] for key in _VALUES if key in schema}
    _add_type(schema, result)
    _add_bounds(schema, result)
    if isinstance(schema.get("required"), list):
        with_default = {
            name for name, value in mapping_at(schema.get("properties")).items() if "default" in mapping_at(value)
        }
        named = [name for name in schema["required"] if isinstance(name, str)]
        result["required"] = [name for name in named if name not in with_default]
    for key in ("allOf", "anyOf", "oneOf"):
        if isinstance(schema.get(key), list) and schema[key] != _INT_OR_STRING:
            result[key] = [_nested_rules(mapping_at(item)) for item in schema[key]]
    if isinstance(schema.get("not"), Mapping):
        result["not"] = _nested_rules(schema["not"])
    return result


def _nested_rules(schema: Mapping[str, Any]) -> JsonSchema:
    """Rules inside of ``allOf`` and the like, where properties and items only say more about what is there."""
    result = _value_rules(schema)
    if isinstance(schema.get("properties"), Mapping):
        result["properties"] = {name: _nested_rules(mapping_at(value)) for name, value in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            result[key] = _nested_rules(schema[key])
    return result


def _add_type(schema: Mapping[str, Any], result: JsonSchema) -> None:
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    elif isinstance(schema.get("type"), str):
        result["type"] = schema["type"]
    if schema.get("nullable"):
        if "type" in result:
            result["type"] = [*([result["type"]] if isinstance(result["type"], str) else result["type"]), "null"]
        if isinstance(result.get("enum"), list):
            result["enum"] = [*result["enum"], None]


def _add_bounds(schema: Mapping[str, Any], result: JsonSchema) -> None:
    """Bounds as OpenAPI 3.0 has them: whether one is exclusive is said beside it."""
    for key, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(key), (int, float)):
            result[exclusive if schema.get(exclusive) is True else key] = schema[key]
    written = str(schema.get("format"))
    if written in BITS and schema.get("type") == "integer":
        least, most = -(2 ** BITS[written]), 2 ** BITS[written] - 1
        result["minimum"] = max(least, result.get("minimum", least))
        result["maximum"] = min(most, result.get("maximum", most))
    elif written in _FORMATS:
        result["format"] = _FORMATS[written]


def _or_null(schema: JsonSchema) -> JsonSchema:
    """The schema, and null beside it."""
    if "type" not in schema or "null" in schema["type"]:
        return schema
    if any(key in schema for key in ("allOf", "anyOf", "oneOf", "not")):
        return {"if": {"type": "null"}, "else": schema}
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    nullable = {**schema, "type": [*types, "null"]}
    if isinstance(schema.get("enum"), list):
        nullable["enum"] = [*schema["enum"], None]
    return nullable
