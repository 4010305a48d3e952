"""Post-build substitution: the dialect of ``${…}`` that Flux reads (fluxcd/pkg ``envsubst``).

Only ``${…}`` is replaced; ``$x`` stays, ``$$`` becomes ``$``. Everything is counted in bytes. Arguments are expanded
before the variable is looked at, and defaults count for what is unset *or* empty, whatever the operator says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from pipeline.errors import ManifestError
from pipeline.model.kustomizing.expansion import EXPANSIONS, ExpansionError

VARIABLE_NAME = re.compile(r"[_A-Za-z][_A-Za-z0-9]*")
"""What a variable may be called."""

MAX_DEPTH = 100
"""Expressions inside one another."""
MAX_WORK = 256 * 1024**2
"""Bytes that all expressions of one text may read and write together; no text in use comes near."""

_SPECIAL = re.compile(rb"\$[${]")
_NAME = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
# Arguments end where the next delimiter or a nested expression begins; only those of a replacement know escapes.
_TO_BRACE = re.compile(rb"[^}$]*+(?:\$(?!\{)[^}$]*+)*+")
_TO_COLON = re.compile(rb"[^:}$]*+(?:\$(?!\{)[^:}$]*+)*+")
_PATTERN = re.compile(rb"[^/$\\]*+(?:(?:\\[/\\]?+|\$(?!\{)\$?+)[^/$\\]*+)*+")
_REPLACEMENT = re.compile(rb"[^}$\\]*+(?:(?:\\[/\\]?+|\$(?!\{)\$?+)[^}$\\]*+)*+")
_ESCAPE = re.compile(rb"\\([/\\])|\$(\$)")
_OPERATOR = re.compile(rb":[-=?+]|=|:|[,^]{1,2}|/[/#%]?|##?|%%?")
_TO_DEFAULT = frozenset((b":-", b":=", b":?", b":+", b"="))


class SubstitutionError(ManifestError):
    """An expression cannot be read, or its variable is not set; the message begins with its line in the text."""

    code = "manifest.substitution"


def substitute(text: bytes, variables: Mapping[str, str], *, strict: bool) -> bytes:
    """The text with every expression replaced; ``strict``: a variable without value or default is an error.

    Takes time in proportion to the text and the values it uses.

    Raises:
        SubstitutionError: an expression has no end or no meaning, or a variable is not set.
    """
    if b"$" not in text:
        return text
    return _Expander(text, variables, strict=strict).run()


class _Expander:
    def __init__(self, text: bytes, variables: Mapping[str, str], *, strict: bool) -> None:
        self._text = text
        self._variables = variables
        self._strict = strict
        self._work = 0
        self._begins = 0

    def run(self) -> bytes:
        parts: list[bytes] = []
        position = 0
        while special := _SPECIAL.search(self._text, position):
            parts.append(self._text[position : special.start()])
            position = special.end()
            if special[0] == b"$$":
                parts.append(b"$")
                continue
            self._begins = special.start()
            value, position = self._expression(position, 0)
            parts.append(value)
        parts.append(self._text[position:])
        return b"".join(parts)

    def _expression(self, position: int, depth: int) -> tuple[bytes, int]:
        """Value and end of the expression whose ``${`` ends at the position."""
        if depth >= MAX_DEPTH:
            self._refuse(f"expressions are nested deeper than {MAX_DEPTH}")
        if self._text[position : position + 1] == b"#":
            name, position = self._name(position + 1)
            return self._expand(name, b"length", ()), self._close(position, name)
        name, position = self._name(position)
        if self._text[position : position + 1] == b"}":
            return self._expand(name, b"", ()), position + 1
        found = _OPERATOR.match(self._text, position)
        if found is None:
            self._refuse(f"'}}' is missing after '{name}'")
        operator, position = found[0], found.end()
        arguments, position = self._arguments(operator, name, position, depth + 1)
        return self._expand(name, operator, arguments), self._close(position, name)

    def _arguments(self, operator: bytes, name: str, position: int, depth: int) -> tuple[tuple[bytes, ...], int]:
        if operator[0] in b",^":
            return (), position
        if operator in _TO_DEFAULT:
            return self._default(name, position, depth)
        if operator[0] in b"#%":
            only, position = self._argument(_TO_BRACE, name, position, depth)
            return (only,), position
        if operator == b":" and self._text[position : position + 1] > b"\x7f":
            self._refuse(f"the position in the expression of '{name}' is no number")
        first, position = self._argument(_TO_COLON if operator == b":" else _PATTERN, name, position, depth)
        delimiter = b":" if operator == b":" else b"/"
        is_closed = self._text[position : position + 1] == b"}"
        if operator == b":" and is_closed:
            return (first,), position
        after = position
        while self._text[after : after + 1] == delimiter:
            after += 1
        if after == position:
            self._refuse(f"'{delimiter.decode()}' or '}}' is missing in the expression of '{name}'")
        if delimiter == b"/" and self._text[after : after + 1] == b"}":
            return (first,), after
        second, position = self._argument(_TO_BRACE if operator == b":" else _REPLACEMENT, name, after, depth)
        return (first, second), position

    def _default(self, name: str, position: int, depth: int) -> tuple[tuple[bytes, ...], int]:
        parts: list[bytes] = []
        while self._text[position : position + 1] != b"}":
            part, position = self._argument(_TO_BRACE, name, position, depth)
            parts.append(part)
        return (b"".join(parts),), position

    def _argument(self, pattern: re.Pattern[bytes], name: str, position: int, depth: int) -> tuple[bytes, int]:
        """An argument is one nested expression or some text, never both."""
        if self._text.startswith(b"${", position):
            return self._expression(position + 2, depth)
        found = pattern.match(self._text, position)
        if found is None or found.end() == position:
            self._refuse(f"the expression of '{name}' has no end, or lacks an argument")
        value = found[0]
        if pattern in {_PATTERN, _REPLACEMENT}:
            value = _ESCAPE.sub(lambda escape: escape[1] or escape[2], value)
        return value, found.end()

    def _name(self, position: int) -> tuple[str, int]:
        found = _NAME.match(self._text, position)
        text = found[0].decode(errors="replace") if found else ""
        length = next((index for index, letter in enumerate(text) if not _is_in_name(letter)), len(text))
        if length == 0:
            self._refuse("an expression has no variable name")
        return text[:length], position + len(text[:length].encode())

    def _close(self, position: int, name: str) -> int:
        if self._text[position : position + 1] != b"}":
            self._refuse(f"the expression of '{name}' does not end where it should; expected '}}'")
        return position + 1

    def _expand(self, name: str, operator: bytes, arguments: tuple[bytes, ...]) -> bytes:
        value = self._variables.get(name)
        if value is None:
            if self._strict and operator not in _TO_DEFAULT:
                self._refuse(f"the variable '{name}' is not set", _NOT_SET_HINT)
            value = ""
        before = value.encode("utf-8", "surrogateescape")
        expansion: Callable[..., bytes] | None = EXPANSIONS.get(operator)
        try:
            after = before if expansion is None else expansion(before, *arguments)
        except ExpansionError as error:
            self._refuse(f"'{name}': {error}")
        self._work += len(before) + len(after) + sum(map(len, arguments))
        if self._work > MAX_WORK:
            self._refuse(f"the values are too large; expressions may handle {MAX_WORK // 1024**2} MiB in one object")
        return after

    def _refuse(self, what: str, hint: str | None = None) -> NoReturn:
        line = self._text.count(b"\n", 0, self._begins) + 1
        raise SubstitutionError(f"line {line}: {what}", hint=hint or _HINT)


_HINT = "to keep '${' as it is, write '$${', or annotate the object kustomize.toolkit.fluxcd.io/substitute: disabled"
_NOT_SET_HINT = "set it in spec.postBuild, or give it a default: ${name:-default}; to keep '${' as it is, write '$${'"


def _is_in_name(letter: str) -> bool:
    return letter == "_" or letter.isalpha() or letter.isdecimal()
