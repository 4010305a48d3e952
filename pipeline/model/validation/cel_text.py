"""What the text of a CEL expression mentions, and putting the expressions of variables in their place.

Source: the language definition of CEL, "Syntax"; Kubernetes documentation, "Validating Admission Policy" (variables).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline.errors import UnsupportedExpressionError

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+|//[^\n]*)
    | (?P<string>(?:[rR][bB]?|[bB][rR])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`\n]*`)
    | (?P<other>[0-9][0-9A-Za-z.]*|[=!<>]=|&&|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)
CARRIER = "gitless_variable_"
"""Begins the names of variables that carry ``variables`` and an optional ``oldSelf``."""
_VARIABLES = "variables"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression; ``is_root`` is a name that is no field of what stands before it."""

    kind: str
    text: str
    is_root: bool = False


def tokens(expression: str) -> Iterator[Token]:
    """Its pieces in order, blanks and comments included."""
    before = ""
    for found in _TOKEN.finditer(expression):
        kind, text = found.lastgroup or "other", found[0]
        yield Token(kind, text, is_root=kind == "name" and before not in {".", ".?"})
        if kind != "blank":
            before = ".?" if (before, text) == (".", "?") else text


def meaningful(expression: str) -> list[Token]:
    """Its pieces without blanks and comments."""
    return [token for token in tokens(expression) if token.kind != "blank"]


def mentions(expression: str, name: str) -> bool:
    """Whether a variable or function of that name occurs."""
    return any(token.is_root and token.text == name for token in tokens(expression))


def fields_of(expression: str, name: str) -> set[str]:
    """Which fields of the variable are asked for; an empty text stands for the variable as a whole."""
    found = set()
    pieces = meaningful(expression)
    for index, token in enumerate(pieces):
        if not token.is_root or token.text != name:
            continue
        rest = [piece.text for piece in pieces[index + 1 : index + 4]]
        rest = [text for text in rest if text != "?"]
        found.add(rest[1].strip("`") if rest[:1] == ["."] and len(rest) > 1 else "")
    return found


class Composition:
    """Expressions that may use ``variables``, each of which is evaluated where it is needed and not before."""

    def __init__(self) -> None:
        self._definitions: dict[str, str] = {}
        self._needs: dict[str, frozenset[str]] = {}
        self.whole: dict[str, str] = {}
        """The original texts, by name."""

    def define(self, name: str, expression: str) -> None:
        """A further variable; it may use those that are defined already.

        Raises:
            UnsupportedExpressionError: it uses one that is not.
        """
        self._definitions[name], self._needs[name] = self._replaced(expression)
        self.whole[name] = expression

    def compose(self, expression: str) -> str:
        """One expression that needs no variables.

        Raises:
            UnsupportedExpressionError: it uses a variable that is not defined, or all of them at once.
        """
        text, needed = self._replaced(expression)
        for name in reversed([name for name in self._definitions if name in needed]):
            text = f"cel.bind({CARRIER}{name}, ({self._definitions[name]}\n), {text}\n)"
        return text

    def needed(self, expression: str) -> str:
        """The expression and those of all variables that it uses, for looking what they mention."""
        _, names = self._replaced(expression)
        return "\n".join((expression, *(self.whole[name] for name in self.whole if name in names)))

    def _replaced(self, expression: str) -> tuple[str, frozenset[str]]:
        pieces = list(tokens(expression))
        written: list[str] = []
        needed: set[str] = set()
        index = 0
        while index < len(pieces):
            token = pieces[index]
            if token.is_root and token.text == _VARIABLES:
                index, name = _variable(pieces, index)
                if name not in self._definitions:
                    raise UnsupportedExpressionError(f"variables.{name} is not known here")
                needed |= {name} | self._needs[name]
                written.append(CARRIER + name)
            else:
                written.append(token.text)
                index += 1
        return "".join(written), frozenset(needed)


def _variable(pieces: list[Token], start: int) -> tuple[int, str]:
    """Behind ``variables.name``, and the name."""
    found: list[Token] = []
    for index in range(start + 1, len(pieces)):
        if pieces[index].kind != "blank":
            found.append(pieces[index])
        if len(found) == 2:  # noqa: PLR2004 - the dot and the name
            if found[0].text == "." and found[1].kind == "name":
                return index + 1, found[1].text
            break
    raise UnsupportedExpressionError("variables as a whole is not known here")


@lru_cache(maxsize=512)
def optional_old_self(expression: str, *, is_there: bool) -> str:
    """The expression with ``oldSelf`` as an optional value."""
    value = "optional.of(oldSelf)" if is_there else "optional.none()"
    carrier = f"{CARRIER}old_self"
    text = "".join(carrier if token.is_root and token.text == "oldSelf" else token.text for token in tokens(expression))
    return f"cel.bind({carrier}, {value}, {text}\n)"


def escaped(name: str) -> str | None:
    """A property's name as a CEL field, by Kubernetes' rules; ``None`` where no expression can name it."""
    if name in _RESERVED:
        return f"__{name}__"
    if not _NAMEABLE.match(name):
        return None
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], name)


_RESERVED = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
_NAMEABLE = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*\Z")
_SPECIAL = re.compile(r"__|[./-]")
_ESCAPES: Mapping[str, str] = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
