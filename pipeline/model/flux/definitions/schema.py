"""Parts of structural schemas (Kubernetes' OpenAPI v3) for definitions that read as the list of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Schema = dict[str, Any]

DURATION: Final = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"
"""Go's notation without its rarer units, as Flux accepts it."""
SHORT_DURATION: Final = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$"
"""The same without hours: the timeout of sources."""
NOT_SUBSTITUTED: Final = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
"""Annotation: what looks like a variable in a definition's descriptions is none."""


def text(description: str, **limits: Any) -> Schema:  # noqa: ANN401 - JSON Schema's keywords
    """A string, with JSON Schema's own limits (``pattern``, ``minLength``, ``default`` …)."""
    return {"type": "string", "description": description, **limits}


def choice(description: str, *allowed: str, **more: Any) -> Schema:  # noqa: ANN401 - the same
    """One of these words."""
    return text(description, enum=list(allowed), **more)


def duration(description: str, pattern: str = DURATION, **more: Any) -> Schema:  # noqa: ANN401 - the same
    """A duration such as ``10m`` or ``1h30m``."""
    return text(description, pattern=pattern, **more)


def time(description: str) -> Schema:
    """A point in time, RFC 3339."""
    return text(description, format="date-time")


def flag(description: str, *, default: bool | None = None) -> Schema:
    """True or false."""
    schema: Schema = {"type": "boolean", "description": description}
    return schema if default is None else schema | {"default": default}


def number(description: str, **limits: Any) -> Schema:  # noqa: ANN401 - the same
    """A whole number of 64 bits."""
    return {"type": "integer", "format": "int64", "description": description, **limits}


def table(description: str) -> Schema:
    """A mapping of text to text."""
    return {"type": "object", "description": description, "additionalProperties": {"type": "string"}}


def each(description: str, items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "description": description, "items": items}


def fields(description: str, properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """A mapping with known fields."""
    schema: Schema = {"type": "object", "description": description, "properties": dict(properties)}
    return schema | ({"required": sorted(required)} if required else {})


def named(description: str) -> Schema:
    """A reference to an object of the same namespace by its name."""
    return fields(description, {"name": text("Its name.")}, ["name"])


def selector(description: str) -> Schema:
    """Kustomize's selector of objects; everything given must match."""
    return fields(
        description,
        {
            "group": text("API group of the objects."),
            "version": text("API version of the objects, without the group."),
            "kind": text("Kind of the objects."),
            "name": text("Name of the objects; a regular expression in patches."),
            "namespace": text("Namespace of the objects."),
            "labelSelector": text("Selector that their labels must match, such as app=shop."),
            "annotationSelector": text("Selector of the same form that their annotations must match."),
        },
    )


def conditions() -> Schema:
    """``metav1.Condition``'s list, with the limits that Kubernetes gives it."""
    name = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
    prefix = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/"
    condition = fields(
        "One aspect of the object's state.",
        {
            "type": text("What it is about, such as Ready.", maxLength=316, pattern=f"^({prefix})?({name})$"),
            "status": choice("Whether it holds.", "True", "False", "Unknown"),
            "reason": text(
                "Why, in one word for machines.",
                minLength=1,
                maxLength=1024,
                pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
            ),
            "message": text("Why, for people.", maxLength=32768),
            "lastTransitionTime": time("When the status last changed."),
            "observedGeneration": number("The generation of the object that it speaks of.", minimum=0),
        },
        ["type", "status", "reason", "message", "lastTransitionTime"],
    )
    return each("Aspects of the object's state, one of each type.", condition)


def reconcile_request() -> Schema:
    """``lastHandledReconcileAt`` of every kind that can be told to reconcile."""
    return text("Value of the annotation reconcile.fluxcd.io/requestedAt that was handled last.")


def column(name: str, path: str, kind: str = "string") -> dict[str, str]:
    """A column of ``kubectl get``."""
    return {"name": name, "type": kind, "jsonPath": path}


AGE: Final = column("Age", ".metadata.creationTimestamp", "date")
READY: Final = column("Ready", '.status.conditions[?(@.type=="Ready")].status')
STATUS: Final = column("Status", '.status.conditions[?(@.type=="Ready")].message')


def whole(description: str, spec: Schema, status: Schema) -> Schema:
    """The schema of an object; a status that nobody has written yet speaks of generation -1."""
    return {
        "type": "object",
        "description": description,
        "properties": {
            "apiVersion": text("Version of the API that the object is written in."),
            "kind": text("What kind of object it is."),
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status | {"default": {"observedGeneration": -1}},
        },
    }
