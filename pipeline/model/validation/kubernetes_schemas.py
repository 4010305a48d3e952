"""Kubernetes' published schemas, made to say what the API server does.

The published ones are made from OpenAPI v2, which knows less than Kubernetes does: that a whole number is of 32 bits,
how a quantity is written, which words a field may hold. What is added here is from the API reference
(https://kubernetes.io/docs/reference/kubernetes-api/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pipeline.model.validation.known_values import KNOWN_VALUES

JsonSchema = dict[str, Any]
"""A schema of JSON Schema 2020-12."""

OBJECT_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
BYTE: Final = "gitless-base64"
"""A format of our own: base64 as Go reads it."""
CIDR: Final = "gitless-cidr"
UUID: Final = "gitless-uuid"
"""The same of networks and UUIDs; the latter need no dashes."""
ITEM_DEFAULTS: Final = "gitless-item-defaults"
"""A key of our own beside ``x-kubernetes-list-type``: what fields of the items are that are left out."""
BITS: Final = {"int32": 31, "int64": 63}
_QUANTITY: Final = r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?\s*$"
_SPECIAL: Final[Mapping[str, JsonSchema]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "type": ["integer", "string", "null"],
        "minimum": -(2**31),
        "maximum": 2**31 - 1,
    },
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {
        "type": ["number", "string", "null"],
        "pattern": _QUANTITY,
        "title": "quantity",
    },
}
_KEPT: Final = (
    "additionalProperties", "enum", "items", "maximum", "minimum", "oneOf", "pattern", "properties", "required", "type",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
)  # fmt: skip
_DEFAULTED: Final = {
    # Older descriptions ask for these; the API server puts a default in their place, or takes none.
    "io.k8s.api.rbac.v1.RoleRef": {"apiGroup"},
    "io.k8s.api.apps.v1.StatefulSetSpec": {"serviceName"},
    "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern": {"status"},
    "io.k8s.api.batch.v1.PodFailurePolicyRule": {"onPodConditions"},
    "io.k8s.api.discovery.v1.EndpointSlice": {"endpoints"},
    "io.k8s.api.networking.v1.NetworkPolicySpec": {"podSelector"},
    "io.k8s.api.scheduling.v1.PriorityClass": {"value"},
}


def self_contained(definitions: Mapping[str, Any], name: str) -> JsonSchema:
    """The schema of one definition with everything that it refers to, under ``$defs``."""
    found: dict[str, JsonSchema] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found[current] = _definition(current, definitions[current], waiting.append)
    return {"$ref": f"#/$defs/{name}", "$defs": found}


def kinds_of(definitions: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """``(apiVersion, kind)`` of every object, with the name of its definition."""
    for name, definition in definitions.items():
        marks = definition.get("x-kubernetes-group-version-kind", ())
        # A definition with many is one that every group shares, such as DeleteOptions: nothing that is applied.
        if len(marks) == 1:
            mark = marks[0]
            api_version = f"{mark['group']}/{mark['version']}" if mark["group"] else mark["version"]
            yield (api_version, mark["kind"]), name


def _definition(name: str, definition: Mapping[str, Any], refer: Callable[[str], None]) -> JsonSchema:
    if name in _SPECIAL:
        return dict(_SPECIAL[name])
    adapted = _adapted(definition, refer)
    if name in _DEFAULTED:
        adapted["required"] = [key for key in adapted.get("required", ()) if key not in _DEFAULTED[name]]
    for field, values in KNOWN_VALUES.get(name.removeprefix("io.k8s.api."), {}).items():
        here = adapted.get("properties", {}).get(field)
        if here is not None and "$ref" not in here:
            # Empty is what was not said.
            here.get("items", here)["enum"] = [*values, "", None]
    return adapted


def _adapted(schema: Mapping[str, Any], refer: Callable[[str], None]) -> JsonSchema:
    reference = schema.get("$ref")
    if reference is not None:
        name = reference.rpartition("/")[2]
        refer(name)
        return {"$ref": f"#/$defs/{name}"}
    result: JsonSchema = {key: schema[key] for key in _KEPT if key in schema}
    if "properties" in result:
        result["properties"] = {name: _adapted(value, refer) for name, value in result["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(result.get(key), Mapping):
            result[key] = _adapted(result[key], refer)
    written = schema.get("format")
    if written in BITS:
        result |= {"minimum": -(2 ** BITS[written]), "maximum": 2 ** BITS[written] - 1}
    elif written in ("byte", "date-time"):
        result["format"] = BYTE if written == "byte" else written
    return result
