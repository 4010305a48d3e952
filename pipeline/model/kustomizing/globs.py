"""Glob patterns of ``#``, ``##``, ``%`` and ``%%``: ``*``, ``?`` and classes, ``/`` being a character like any other.

As Go's ``path.Match`` without its slashes: a star takes as little as it can and never gives back.
"""

from __future__ import annotations

import re

MAX_PATTERN = 1024
"""Characters of a pattern; each may cost a look at every character of the value."""
_MAX_TRIED = 1024


class BadPatternError(Exception):
    """The pattern is malformed, or too long to be tried."""

    def __init__(self, *, is_too_long: bool = False) -> None:
        super().__init__()
        self.is_too_long = is_too_long


class Glob:
    """One pattern, ready to be tried at the beginning of values."""

    def __init__(self, pattern: str) -> None:
        """Read it.

        Raises:
            BadPatternError: it is malformed, which in Go means that it never matches.
        """
        if len(pattern) > MAX_PATTERN:
            raise BadPatternError(is_too_long=True)
        chunks = _chunks(pattern)
        self._head = "(?s)" + chunks[0] + "".join(f"(?>.*?{chunk})" for chunk in chunks[1:-1])
        self._tail = chunks[-1] if len(chunks) > 1 else None
        self._ends_in_wildcards = "." in chunks[-1] or "[" in chunks[-1]

    def prefix(self, value: bytes, *, longest: bool) -> int:
        """Bytes of the shortest or longest prefix that matches as a whole, one at least; 0 where none does."""
        text = value.decode("utf-8", "surrogateescape")
        end = self._end(text, longest=longest)
        length = len(text[:end].encode("utf-8", "surrogateescape"))
        if self._tail == "" and end == 0 and re.match(self._head, text):
            return min(len(value), 1)
        if self._ends_in_wildcards and not value.isascii():
            # A prefix of bytes may end within a character, whose bytes are then characters of their own.
            lengths = range(len(value), length, -1) if longest else range(1, length or len(value) + 1)
            return next(filter(lambda size: self._matches(value[:size]), lengths[:_MAX_TRIED]), length)
        return length

    def _end(self, text: str, *, longest: bool) -> int:
        if self._tail is None:
            found = re.match(self._head, text)
        elif self._tail:
            found = re.match(f"{self._head}{'.*' if longest else '.*?'}{self._tail}", text)
        else:
            found = re.match(self._head, text)
            if found:
                return len(text) if longest else found.end()
        return found.end() if found else 0

    def _matches(self, value: bytes) -> bool:
        whole = self._head if self._tail is None else f"{self._head}.*{self._tail}"
        return re.fullmatch(whole, value.decode("utf-8", "surrogateescape")) is not None


def _chunks(pattern: str) -> list[str]:
    """What stands between stars, as regular expressions."""
    chunks = [""]
    position = 0
    while position < len(pattern):
        letter = pattern[position]
        position += 1
        if letter == "*":
            if chunks[-1] or len(chunks) == 1:
                chunks.append("")
        elif letter == "?":
            chunks[-1] += "."
        elif letter == "[":
            expression, position = _class(pattern, position)
            chunks[-1] += expression
        else:
            if letter == "\\":
                letter = pattern[position : position + 1]
                position += 1
                if not letter:
                    raise BadPatternError
            chunks[-1] += re.escape(letter)
    return chunks


def _class(pattern: str, position: int) -> tuple[str, int]:
    """A class in brackets, and where it ends."""
    negated = pattern[position : position + 1] == "^"
    position += negated
    ranges: list[str] = []
    is_empty = True
    while is_empty or pattern[position : position + 1] != "]":
        is_empty = False
        low, position = _member(pattern, position)
        high = low
        if pattern[position] == "-":
            high, position = _member(pattern, position + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
    if not ranges:
        return "." if negated else "(?!)", position + 1
    return f"[{'^' if negated else ''}{''.join(ranges)}]", position + 1


def _member(pattern: str, position: int) -> tuple[str, int]:
    """One character of a class; something must come after it."""
    letter = pattern[position : position + 1]
    if letter in {"", "-", "]"}:
        raise BadPatternError
    if letter == "\\":
        position += 1
        letter = pattern[position : position + 1]
    if not letter or position + 1 >= len(pattern):
        raise BadPatternError
    return letter, position + 1
