"""Values inside objects that nobody has checked: what is not as expected is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Steps = tuple[str, ...]
"""Keys one after the other; ``[]`` is every item of a list, ``*`` every value of a mapping."""


def steps(path: str) -> Steps:
    """``spec.rules[].host`` as steps."""
    return tuple(path.replace("[]", ".[]").split(".")) if path else ()


def values_at(value: Any, path: Steps) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Everything that the path leads to."""
    for index, step in enumerate(path):
        if step in {"[]", "*"}:
            of, inner = (list, value) if step == "[]" else (Mapping, getattr(value, "values", tuple)())
            for item in inner if isinstance(value, of) else ():
                yield from values_at(item, path[index + 1 :])
            return
        if not isinstance(value, Mapping) or step not in value:
            return
        value = value[step]
    yield value


def first_mapping(value: Any, path: Steps) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    """The first mapping that the path leads to, or an empty one."""
    return next((found for found in values_at(value, path) if isinstance(found, Mapping)), {})
