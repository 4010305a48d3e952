"""Read manifests in JSON, with numbers as Go has them (see ``yaml_scalars``)."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from pipeline.errors import ManifestError
from pipeline.model.documents.yaml_scalars import go_integer

MAX_DEPTH = 250
"""Mappings and sequences inside one another; the deepest definitions in use stay below 60."""

_LONGEST_INTEGER = len("-9223372036854775808")

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.0-9a-zA-Z]+')
_BLANKS = re.compile(r"[ \t\r\n]*")


def read_json_stream(text: str, file: str) -> list[tuple[Any, int]] | None:
    """The documents of a JSON stream, each with its 1-based line; ``None`` where the YAML reader must take over.

    It takes over for a key twice in one object, which it can point to, and for flow-style YAML in other files.

    Raises:
        ManifestError: the file is called ``.json`` and is not, or a number is beyond JSON.
    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique_pairs, parse_constant=_no_constant, parse_int=_json_number, parse_float=_json_number
    )
    documents: list[tuple[Any, int]] = []
    position = _BLANKS.match(text, 0).end()  # type: ignore[union-attr] # it matches nothing at all, too
    try:
        while position < len(text):
            body, end = decoder.raw_decode(text, position)
            documents.append((body, text.count("\n", 0, position) + 1))
            position = _BLANKS.match(text, end).end()  # type: ignore[union-attr] # the same
        json.dumps([body for body, _ in documents], ensure_ascii=False).encode()
        _check_depth([body for body, _ in documents], -1)
    except json.JSONDecodeError as error:
        # Only a file that says it is JSON must be JSON; others may be YAML that begins with a brace.
        if file.endswith(".json"):
            raise ManifestError(f"{file}:{error.lineno}:{error.colno}: {error.msg}; expected JSON") from None
        return None
    except _ConstantError as error:
        place = _place_of(str(error), text)
        raise ManifestError(
            f"{file}:{place}: {error} is a number that JSON cannot hold", hint="quote it if it is meant as text"
        ) from None
    except (ValueError, RecursionError):
        return None
    return documents


class _ConstantError(Exception):
    """``NaN`` or ``Infinity`` in JSON, which only Python reads, or a number that overflows."""


def _place_of(number: str, text: str) -> str:
    """``line:column`` of the number's first occurrence outside of quotes."""
    start = next((match.start() for match in _TOKENS.finditer(text) if match[0] == number), 0)
    return f"{text.count(chr(10), 0, start) + 1}:{start - text.rfind(chr(10), 0, start)}"


def _check_depth(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        # The YAML reader refuses this too, with the place.
        raise RecursionError
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_depth(item, depth + 1)


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError
    return result


def _no_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _json_number(text: str) -> int | float:
    is_integer = len(text) <= _LONGEST_INTEGER and not any(mark in text for mark in ".eE")
    number = int(text) if is_integer else float(text)
    if not math.isfinite(number):
        raise _ConstantError(text)
    return go_integer(number)
