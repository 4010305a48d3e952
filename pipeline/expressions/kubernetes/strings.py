"""``format``, ``indexOf`` and ``lastIndexOf``, which in the package are other than in Kubernetes or only for texts.

Source: github.com/google/cel-go ``ext/formatting.go``, version 2 of its strings; k8s.io/apiserver
``pkg/cel/library/lists.go``. The package declares these names itself, so expressions call ours by another one.
"""

# A TypeError of ours would say that the package has no type for a value.
# ruff: noqa: TRY004

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.expressions.kubernetes.declaring import Function, unsupported
from pipeline.model.validation.cel_text import Token, tokens

_OURS = frozenset({"format", "indexOf", "lastIndexOf"})
_PREFIX = "kubernetes_"
_VERB = re.compile(r"%(?:\.([0-9]+))?(.)", re.DOTALL)
_ELEMENTS = ("STRING", "INT", "UINT", "DOUBLE", "BOOL", "MAP", "LIST")
_DEFAULT_PRECISION = 6
_PLAIN_FLOATS = (1e-4, 1e15)


def with_own_names(expression: str) -> str:
    """The expression, in which methods of these names are ours."""
    pieces = list(tokens(expression))
    solid = [index for index, token in enumerate(pieces) if token.kind != "blank"]
    for before, index, after in zip(solid, solid[1:], solid[2:], strict=False):
        if pieces[index].text in _OURS and pieces[before].text == "." and pieces[after].text == "(":
            pieces[index] = Token("name", _PREFIX + pieces[index].text)
    return "".join(piece.text for piece in pieces)


def original_names(complaint: str) -> str:
    """A message without the names that nobody wrote."""
    return complaint.replace(_PREFIX, "")


def _format(pattern: str, values: Sequence[Any]) -> str:
    remaining = iter(values)

    def one(found: re.Match[str]) -> str:
        precision, verb = found.groups()
        if verb == "%":
            return "%"
        if verb not in _VERBS:
            raise ValueError(f"unrecognized formatting clause: {verb}")
        try:
            value = next(remaining)
        except StopIteration:
            raise ValueError("index out of range") from None
        return _VERBS[verb](value, int(precision or _DEFAULT_PRECISION))

    return _VERB.sub(one, pattern)


def _shown(value: object, _precision: int = 0, *, is_nested: bool = False) -> str:
    """``%s``; texts inside of lists and maps are quoted, as CEL would write them."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _quoted(value) if is_nested else value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and not is_nested:
        return _float(value)
    if isinstance(value, list):
        return f"[{', '.join(_shown(each, is_nested=True) for each in value)}]"
    if isinstance(value, Mapping):
        pairs = sorted((_shown(key, is_nested=True), _shown(each, is_nested=True)) for key, each in value.items())
        return f"{{{', '.join(f'{key}:{each}' for key, each in pairs)}}}"
    raise unsupported("format with %s of such a value")


def _quoted(text: str) -> str:
    if not text.isprintable():
        raise unsupported("format with a text that is not printable in a list or map")
    return json.dumps(text, ensure_ascii=False)


def _float(value: float) -> str:
    smallest, largest = _PLAIN_FLOATS
    if value and not smallest <= abs(value) < largest:
        raise unsupported("format of a number that large or small")
    return repr(value).removesuffix(".0")


def _decimal(value: object, _precision: int) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("decimal clause can only be used on integers")
    return str(value)


def _fixed(value: object, precision: int) -> str:
    """Go's printer groups thousands."""
    if not isinstance(value, float):
        raise ValueError("fixed-point clause can only be used on doubles")
    return f"{value:,.{precision}f}"


def _binary(value: object, _precision: int) -> str:
    if not isinstance(value, int):
        raise ValueError("binary clause can only be used on integers and bools")
    return f"{value:b}"


def _octal(value: object, _precision: int) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("octal clause can only be used on integers")
    return f"{value:o}"


def _hexadecimal(value: object, _precision: int) -> str:
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, bytearray):
        return value.hex()
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("only integers, byte buffers, and strings can be formatted as hex")
    return f"{value:x}"


def _scientific(_value: object, _precision: int) -> str:
    raise unsupported("format with %e")


_VERBS: Mapping[str, Callable[[Any, int], str]] = {
    "s": _shown,
    "d": _decimal,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value, precision: _hexadecimal(value, precision).upper(),
}


def _index(text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise ValueError("index out of range")
    return text.find(part, start)


def _last_index(text: str, part: str, end: int | None = None) -> int:
    if end is not None and not 0 <= end <= len(text):
        raise ValueError("index out of range")
    return text.rfind(part) if end is None else text.rfind(part, 0, end + len(part))


def _first_position(values: Sequence[Any], value: object) -> int:
    return next((index for index, each in enumerate(values) if _same(each, value)), -1)


def _last_position(values: Sequence[Any], value: object) -> int:
    return max((index for index, each in enumerate(values) if _same(each, value)), default=-1)


def _same(one: object, other: object) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _own(name: str, takes: tuple[str, ...], gives: str, does: Callable[..., Any]) -> Function:
    return Function(_PREFIX + name, takes, gives, does)


FUNCTIONS = (
    _own("format", ("STRING", "LIST"), "STRING", _format),
    *(_own("indexOf", ("STRING", "STRING", *start), "INT", _index) for start in ((), ("INT",))),
    *(_own("lastIndexOf", ("STRING", "STRING", *end), "INT", _last_index) for end in ((), ("INT",))),
    *(_own("indexOf", ("LIST", element), "INT", _first_position) for element in _ELEMENTS),
    *(_own("lastIndexOf", ("LIST", element), "INT", _last_position) for element in _ELEMENTS),
)
