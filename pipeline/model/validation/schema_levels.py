"""A CustomResourceDefinition's schema as CEL sees it: a level for each place, with its rules.

Source: Kubernetes documentation, "Extend the Kubernetes API with CustomResourceDefinitions" (validation rules,
defaulting); k8s.io/apiextensions-apiserver ``pkg/apiserver/schema/cel``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.documents.untyped import mapping_at
from pipeline.model.validation.cel_text import escaped, meaningful, mentions

RULES = "x-kubernetes-validations"
_PRESERVES = "x-kubernetes-preserve-unknown-fields"
_TEXT: Mapping[str, Any] = {"type": "string"}
_OBJECT: Mapping[str, Any] = {
    "apiVersion": _TEXT,
    "kind": _TEXT,
    "metadata": {"type": "object", "properties": {"name": _TEXT, "generateName": _TEXT}},
}
"""What rules see of every object, whatever else its metadata have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRule:
    """One of a level's rules; ``obstacle`` says why it cannot be judged here."""

    rule: str
    message: str = ""
    message_expression: str = ""
    field_path: str = ""
    has_optional_old_self: bool = False
    is_transition: bool = False
    obstacle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A place in the schema.

    Attributes:
        type: ``object``, ``map``, ``array``, ``string``, ``integer``, ``number``, ``boolean``; empty: anything.
        properties: of an object: the names in CEL and their levels.
        items: of an array or a map: the level of each element.
        has_rules: whether there are rules here or further down.
    """

    type: str = ""
    format: str = ""
    rules: tuple[LevelRule, ...] = ()
    properties: Mapping[str, tuple[str, Level]] = field(default_factory=dict, hash=False)
    items: Level | None = None
    list_type: str = ""
    list_keys: tuple[str, ...] = ()
    is_nullable: bool = False
    keeps_unknown: bool = False
    default: Any = None
    has_default: bool = False
    has_rules: bool = False


def read_level(schema: Mapping[str, Any], *, is_object: bool = True) -> Level:
    """Read the schema of a version, or of a place in it; ``is_object``: it is a whole object's.

    Rules are nowhere else: Kubernetes forbids them in ``allOf`` and the like.
    """
    is_object = is_object or schema.get("x-kubernetes-embedded-resource") is True
    properties = _properties(schema, is_object=is_object)
    items = _items(schema)
    list_type = str(schema.get("x-kubernetes-list-type", ""))
    unordered = _unordered(properties, items, list_type)
    rules = tuple(_rule(rule, unordered) for rule in _mappings(schema.get(RULES)))
    below = [level for _, level in properties.values()] + ([items] if items else [])
    return Level(
        type=_type(schema, properties, items),
        format=str(schema.get("format", "")),
        rules=rules,
        properties=properties,
        items=items,
        list_type=list_type,
        list_keys=_names(schema.get("x-kubernetes-list-map-keys")),
        is_nullable=schema.get("nullable") is True,
        keeps_unknown=schema.get(_PRESERVES) is True,
        default=schema.get("default"),
        has_default="default" in schema,
        has_rules=bool(rules) or any(level.has_rules for level in below),
    )


def _type(schema: Mapping[str, Any], properties: Mapping[str, Any], items: Level | None) -> str:
    if schema.get("x-kubernetes-int-or-string") is True:
        return ""
    found = str(schema.get("type", ""))
    if found != "object":
        return found
    if properties:
        return "object"
    return "map" if items else ""


def _properties(schema: Mapping[str, Any], *, is_object: bool) -> dict[str, tuple[str, Level]]:
    own = dict(mapping_at(schema.get("properties")))
    if is_object:
        own = own | {name: _also(mapping_at(own.get(name)), seen) for name, seen in _OBJECT.items()}
    return {
        name: (escaped(name) or name, read_level(mapping_at(content), is_object=False)) for name, content in own.items()
    }


def _also(own: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """What rules see of every object, with what the schema adds to it."""
    names = mapping_at(seen.get("properties"))
    further = mapping_at(own.get("properties"))
    inner = {name: {**content, **mapping_at(further.get(name))} for name, content in names.items()}
    return {**own, **seen, **({"properties": inner} if inner else {})}


def _items(schema: Mapping[str, Any]) -> Level | None:
    own = schema.get("items" if schema.get("type") == "array" else "additionalProperties")
    return read_level(own, is_object=False) if isinstance(own, Mapping) else None


def _rule(rule: Mapping[str, Any], unordered: frozenset[str]) -> LevelRule:
    text = str(rule.get("rule", ""))
    is_transition = mentions(text, "oldSelf")
    return LevelRule(
        rule=text,
        message=str(rule.get("message") or "").strip(),
        message_expression=str(rule.get("messageExpression") or ""),
        field_path=str(rule.get("fieldPath") or "").removeprefix("."),
        has_optional_old_self=rule.get("optionalOldSelf") is True,
        is_transition=is_transition,
        obstacle=_obstacle(text, unordered, is_transition=is_transition),
    )


def _unordered(properties: Mapping[str, tuple[str, Level]], items: Level | None, list_type: str) -> frozenset[str]:
    """The names by which rules of this level may reach lists whose order means nothing."""
    found = {"self"} if list_type in {"set", "map"} else set()
    pending = [*properties.values(), *([("", items)] if items else [])]
    while pending:
        name, level = pending.pop()
        if level.list_type in {"set", "map"}:
            found.add(name)
        pending += [*level.properties.values(), *([("", level.items)] if level.items else [])]
    return frozenset(found)


def _obstacle(rule: str, unordered: Iterable[str], *, is_transition: bool) -> str:
    """Lists of type set and map are equal in any order, and their sum is a union; CEL's runtime knows neither.

    Compared with ``oldSelf`` they are put in the same order beforehand.
    """
    names = frozenset(unordered)
    if not names:
        return ""
    pieces = meaningful(rule)
    refused = {"+"} if is_transition else {"+", "==", "!="}
    for index, token in enumerate(pieces):
        if token.kind != "name" or token.text not in names:
            continue
        following = pieces[index + 1].text if index + 1 < len(pieces) else ""
        if following in {".", "[", "("}:
            continue
        start = index
        while start >= 2 and not pieces[start].is_root and pieces[start - 1].text == ".":  # noqa: PLR2004 - dot and name
            start -= 2
        before = pieces[start - 1].text if start else ""
        if following in refused or before in refused:
            return f"'{token.text}' is a list of type set or map, which can only be compared with oldSelf here"
    return ""


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
