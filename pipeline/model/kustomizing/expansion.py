"""What the operators of ``${…}`` make of a value, in bytes (fluxcd/pkg ``envsubst/funcs.go``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pipeline.model.kustomizing.globs import MAX_PATTERN, BadPatternError, Glob

MAX_VALUE = 64 * 1024**2
"""Bytes that one value may grow to."""

_INTEGER = re.compile(rb"[-+]?[0-9]{1,19}")
_LARGEST = 2**63 - 1


class ExpansionError(Exception):
    """An operator cannot be applied to these arguments; the message says why, without any of them."""


def _length(value: bytes) -> bytes:
    return b"%d" % len(value)


def _default(value: bytes, default: bytes) -> bytes:
    return value or default


def _substring(value: bytes, position: bytes, length: bytes | None = None) -> bytes:
    start = _integer(position)
    size = None if length is None else _integer(length)
    if start is None or (length is not None and size is None):
        return value
    start = max(0, len(value) + start) if start < 0 else start
    if size is None or start + size >= len(value):
        return value[start:]
    if size < 0:
        raise ExpansionError("the length of a substring must not be negative")
    return value[start : start + size]


def _integer(text: bytes) -> int | None:
    value = int(text) if _INTEGER.fullmatch(text) else None
    return value if value is not None and -_LARGEST - 1 <= value <= _LARGEST else None


def _replace(value: bytes, old: bytes, new: bytes = b"", *, count: int = -1) -> bytes:
    times = value.count(old) if count < 0 else count
    if len(value) + times * max(0, len(new) - len(old)) > MAX_VALUE:
        raise ExpansionError(f"a replacement makes it larger than {MAX_VALUE // 1024**2} MiB")
    if not old and count < 0:
        # Between characters, not between bytes.
        letters = value.decode("utf-8", "surrogateescape")
        return new.join([b"", *(letter.encode("utf-8", "surrogateescape") for letter in letters), b""])
    return value.replace(old, new, count)


def _replace_first(value: bytes, old: bytes, new: bytes = b"") -> bytes:
    return _replace(value, old, new, count=1)


def _replace_prefix(value: bytes, old: bytes, new: bytes | None = None) -> bytes:
    return new + value[len(old) :] if new is not None and value.startswith(old) else value


def _replace_suffix(value: bytes, old: bytes, new: bytes | None = None) -> bytes:
    return value[: len(value) - len(old)] + new if new is not None and value.endswith(old) else value


def _trim(value: bytes, pattern: bytes, *, longest: bool) -> bytes:
    try:
        length = Glob(pattern.decode("utf-8", "surrogateescape")).prefix(value, longest=longest)
    except BadPatternError as error:
        if error.is_too_long:
            raise ExpansionError(f"a pattern is longer than {MAX_PATTERN} characters") from None
        return value
    return value[length:]


def _trim_end(value: bytes, pattern: bytes, *, longest: bool) -> bytes:
    # Flux turns pattern and value round letter by letter, so that a class or an escape in the pattern is none any more.
    return _reversed(_trim(_reversed(value), _reversed(pattern), longest=longest))


def _reversed(value: bytes) -> bytes:
    letters = value.decode("utf-8", "surrogateescape")[::-1]
    return re.sub("[\udc80-\udcff]", "\ufffd", letters).encode()


def _mapped(value: bytes, change: Callable[[str], str]) -> bytes:
    if value.isascii():
        return change(value.decode()).encode()
    letters = value.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", "\ufffd", "".join(_one(letter, change) for letter in letters)).encode()


def _one(letter: str, change: Callable[[str], str]) -> str:
    """Go changes each letter by itself, into one letter."""
    changed = change(letter)
    if len(changed) == 1:
        return changed
    if change is str.lower:
        return changed[0]
    title = letter.title()
    return title if len(title) == 1 else letter


def _first(value: bytes, change: Callable[[str], str]) -> bytes:
    letters = value[:4].decode("utf-8", "surrogateescape")
    if not letters:
        return value
    changed = _mapped(letters[0].encode("utf-8", "surrogateescape"), change)
    return changed + value[len(letters[0].encode("utf-8", "surrogateescape")) :]


EXPANSIONS: Mapping[bytes, Callable[..., bytes]] = {
    b"length": _length,
    b",": lambda value: _first(value, str.lower),
    b",,": lambda value: _mapped(value, str.lower),
    b"^": lambda value: _first(value, str.upper),
    b"^^": lambda value: _mapped(value, str.upper),
    b":": _substring,
    b"#": lambda value, pattern: _trim(value, pattern, longest=False),
    b"##": lambda value, pattern: _trim(value, pattern, longest=True),
    b"%": lambda value, pattern: _trim_end(value, pattern, longest=False),
    b"%%": lambda value, pattern: _trim_end(value, pattern, longest=True),
    b"/": _replace_first,
    b"//": _replace,
    b"/#": _replace_prefix,
    b"/%": _replace_suffix,
    **dict.fromkeys((b":-", b":=", b":?", b":+", b"="), _default),
}
"""Each takes the value and the arguments; ``length`` is ``${#…}``."""
