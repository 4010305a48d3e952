"""An object of a custom kind as the values that its schema's rules see, and which rule sees which of them.

Source: as :mod:`pipeline.model.validation.schema_levels`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.model.documents.json_types import type_in_words
from pipeline.model.validation.cel_data import Duration, Timestamp
from pipeline.model.validation.schema_levels import Level, LevelRule

ABSENT = object()
"""Stands for ``oldSelf`` where nothing comparable was there before."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:?\d\d))?\Z", re.ASCII)
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MismatchError(Exception):
    """A value is of another type than the schema says; the schema gate complains of it as well."""

    def __init__(self, path: str, value: object, expected: str) -> None:
        super().__init__(f"{path or 'it'} is {type_in_words(value)}; the schema expects {expected}")


@dataclass(frozen=True, slots=True)
class Occasion:
    """A rule and what it is about; ``old`` is :data:`ABSENT` where there is nothing to compare with."""

    rule: LevelRule
    value: Any
    old: Any
    path: str
    level_path: str


def converted(value: Any, level: Level, path: str = "") -> Any:  # noqa: ANN401, PLR0911 - JSON data by type
    """The value with defaults, without what the schema does not know, and typed and named as in CEL.

    Raises:
        MismatchError: it is of another type than the schema says.
    """
    if value is None or not level.type:
        return value
    match level.type:
        case "object":
            return _object(_expect(value, Mapping, path, "an object"), level, path)
        case "map":
            content = _expect(value, Mapping, path, "an object").items()
            items = level.items or Level()
            return {key: converted(each, items, f"{path}[{key}]") for key, each in content}
        case "array":
            items = level.items or Level()
            content = _expect(value, list, path, "a list")
            return [converted(each, items, f"{path}[{index}]") for index, each in enumerate(content)]
        case "number":
            return float(_expect(value, (int, float), path, "a number"))
        case "integer":
            if isinstance(value, float) and value.is_integer():
                return int(value)
            return _expect(value, int, path, "a whole number")
        case "boolean":
            return value if isinstance(value, bool) else _refuse(value, path, "true or false")
        case "string":
            return _text(_expect(value, str, path, "text"), level, path)
    return value


def _object(value: Mapping[str, Any], level: Level, path: str) -> dict[str, Any]:
    found = {key: each for key, each in value.items() if key not in level.properties} if level.keeps_unknown else {}
    for name, (field, below) in level.properties.items():
        content = value.get(name)
        if content is None and not (name in value and below.is_nullable):
            if not below.has_default:
                continue
            content = below.default
        found[field] = converted(content, below, f"{path}.{name}" if path else name)
    return found


def _text(value: str, level: Level, path: str) -> Any:  # noqa: ANN401 - by the format
    if level.format in {"date-time", "date"}:
        return _time(value) or _refuse(value, path, "a time")
    if level.format == "duration":
        return _span(value) or _refuse(value, path, "a duration")
    if level.format == "byte":
        try:
            return bytearray(base64.b64decode(value, validate=True))
        except ValueError:
            _refuse(value, path, "base64")
    return value


def _time(text: str) -> Timestamp | None:
    found = _TIME.match(text)
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{(zone or 'Z').upper()}")
    except ValueError:
        return None
    return Timestamp((moment - _EPOCH) // timedelta(seconds=1), int((fraction or "0").ljust(9, "0")))


def _span(text: str) -> Duration | None:
    parts = _SPAN.findall(text.removeprefix("-"))
    if not parts or "".join(number + unit for number, unit in parts) != text.removeprefix("-"):
        return Duration(0) if text == "0" else None
    whole = sum(round(float(number) * _NANOSECONDS[unit]) for number, unit in parts)
    seconds, rest = divmod(whole, 10**9)
    return Duration(-seconds, -rest) if text.startswith("-") else Duration(seconds, rest)


def _expect(value: Any, kinds: Any, path: str, expected: str) -> Any:  # noqa: ANN401 - the value itself
    if not isinstance(value, kinds) or isinstance(value, bool):
        _refuse(value, path, expected)
    return value


def _refuse(value: object, path: str, expected: str) -> Any:  # noqa: ANN401 - never returns
    raise MismatchError(path, value, expected)


def aligned(value: Any, old: Any, level: Level) -> Any:  # noqa: ANN401 - converted values
    """The old value, its lists without an order in the order of the new ones, so that equal ones are equal."""
    if isinstance(value, dict) and isinstance(old, dict):
        fields = dict(level.properties.values())
        return {
            key: aligned(value[key], each, below)
            if key in value and (below := fields.get(key) or level.items) is not None
            else each
            for key, each in old.items()
        }
    if isinstance(value, list) and isinstance(old, list) and level.items is not None:
        if level.list_type == "set":
            kept = [each for each in value if each in old]
            return [*kept, *(each for each in old if each not in value)]
        if level.list_type == "map":
            return _aligned_map(value, old, level)
        return [*(aligned(new, each, level.items) for new, each in zip(value, old, strict=False)), *old[len(value) :]]
    return old


def _aligned_map(value: list[Any], old: list[Any], level: Level) -> list[Any]:
    items = level.items or Level()
    before = {item_key(each, level): each for each in old}
    now = {item_key(each, level) for each in value}
    kept = [aligned(each, before[key], items) for each in value if (key := item_key(each, level)) in before]
    return [*kept, *(each for each in old if item_key(each, level) not in now)]


def item_key(item: Any, level: Level) -> str:  # noqa: ANN401 - a converted value
    """What tells an element of a list of type map from the others."""
    if not isinstance(item, Mapping) or level.items is None:
        return repr(item)
    names = (level.items.properties.get(key, (key,))[0] for key in level.list_keys)
    return repr([item.get(name) for name in names])


def occasions(
    value: Any,  # noqa: ANN401 - converted values
    old: Any,  # noqa: ANN401 - the same, or ABSENT
    level: Level,
    path: str = "",
    level_path: str = "",
) -> Iterator[Occasion]:
    """Each rule of this level and all below, with what it is about; rules say nothing of null."""
    if value is None or not level.has_rules:
        return
    old = ABSENT if old is None else old
    for rule in level.rules:
        yield Occasion(rule, value, old, path, level_path)
    if isinstance(value, Mapping) and level.type == "object":
        for name, (field, below) in level.properties.items():
            if below.has_rules and field in value:
                before = old.get(field) if isinstance(old, Mapping) else None
                yield from occasions(value[field], before, below, _joined(path, name), _joined(level_path, name))
    elif isinstance(value, Mapping) and level.items is not None:
        for key, each in value.items():
            before = old.get(key) if isinstance(old, Mapping) else None
            yield from occasions(each, before, level.items, f"{path}[{key}]", f"{level_path}[*]")
    elif isinstance(value, list) and level.items is not None:
        earlier = _by_key(old, level)
        for index, each in enumerate(value):
            before = earlier.get(item_key(each, level)) if earlier else None
            yield from occasions(each, before, level.items, f"{path}[{index}]", f"{level_path}[*]")


def _by_key(old: Any, level: Level) -> Mapping[str, Any]:  # noqa: ANN401 - a converted value, or ABSENT
    """Only elements of lists of type map can be found again."""
    if level.list_type != "map" or not isinstance(old, list):
        return {}
    return {item_key(each, level): each for each in old}


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
