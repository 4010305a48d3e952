"""Values of params and results: a string, an array of strings, or an object of strings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Value = str | tuple[str, ...] | Mapping[str, str]

STRING, ARRAY, OBJECT = "string", "array", "object"
TYPES = (STRING, ARRAY, OBJECT)


def type_of(value: Value) -> str:
    """Which of the three types a value has."""
    if isinstance(value, str):
        return STRING
    return ARRAY if isinstance(value, tuple) else OBJECT


def value_from(raw: object) -> Value:
    """What a YAML value is to Tekton.

    Anything that is neither text nor a list or mapping of texts is the text of its JSON: ``true`` is "true", and
    ``[1]`` is no array but the string "[1]".
    """
    if isinstance(raw, str):
        return raw
    if isinstance(raw, list | tuple) and all(isinstance(item, str) for item in raw):
        return tuple(raw)
    if isinstance(raw, dict) and all(isinstance(item, str) for item in raw.values()):
        return dict(raw)
    return json.dumps(raw, separators=(",", ":"), ensure_ascii=False)


def value_in(text: str) -> Value:
    """What the file of a result of type array or object says; a string where it says something else."""
    if text[:1] not in {"[", "{"}:
        return text
    try:
        raw: Any = json.loads(text)
    except ValueError:
        return text
    found = value_from(raw)
    return text if isinstance(found, str) else found


def value_text(value: Value) -> str:
    """The value in one piece, as it is shown."""
    if isinstance(value, str):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else dict(value), ensure_ascii=False)
