"""Fields as findings name them: ``spec.containers[0].image``, ``metadata.annotations[example.com/team]``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

Steps = tuple[str | int, ...]
"""Keys and 0-based indexes, from the object's root."""

_SIMPLE = re.compile(r"[A-Za-z0-9_$-]+")
_STEP = re.compile(r"\.?(?P<key>[^.\[\]]+)|\[(?P<index>[0-9]+)\]|\[(?P<quoted>[^\]]*)\]")


def field_path(steps: Iterable[str | int]) -> str:
    """The steps as text; a key with dots or slashes stands in brackets."""
    return "".join(_texts(steps)).removeprefix(".")


def _texts(steps: Iterable[str | int]) -> Iterator[str]:
    for step in steps:
        is_simple = isinstance(step, str) and _SIMPLE.fullmatch(step) is not None
        yield f".{step}" if is_simple else f"[{step}]"


def steps_of(path: str) -> Steps:
    """The steps of a path that :func:`field_path` has written; of another notation, as far as it is understood."""
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        if match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match["quoted"] if match["key"] is None else match["key"])
    return tuple(steps)
