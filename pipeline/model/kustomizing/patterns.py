"""Regular expressions for whole names, in Go's syntax and in time proportional to the name, whatever they say.

Python's own engine tries possibilities one after the other, which an expression from a stranger can make take forever.
This one follows all of them at once (Thompson's construction, CACM 11:6, 1968). What names have no use for is refused:
look-around and back references, which Go lacks too, word boundaries and Unicode classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MAX_STATES = 10_000
"""States of one expression; counted repetitions write out what they repeat."""
_MAX_REPEAT = 1000
_MAX_DEPTH = 50

_Test = Callable[[str], bool]
_CLASSES = {"d": r"0-9", "w": r"0-9A-Za-z_", "s": r"\t\n\f\r "}
_POSIX = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "lower": "a-z",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
    "space": r"\t\n\v\f\r ",
}
_ANCHORS = {"A": "^", "z": "$"}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_REPEAT = re.compile(r"\{([0-9]{1,4})(,([0-9]{0,4}))?\}")


class PatternError(Exception):
    """The expression cannot be read; the message says why."""


@dataclass(slots=True)
class _State:
    """Goes to ``after`` on a character that passes the test, or at once where there is no test."""

    test: _Test | None = None
    anchor: str = ""
    after: list[_State] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    first: _State
    last: _State


class Pattern:
    """An expression that whole texts match or do not match."""

    def __init__(self, text: str) -> None:
        """Read it.

        Raises:
            PatternError: it is no expression, or one that is not supported.
        """
        self._whole = _Parser(text).whole()

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        current = _closure([self._whole.first], is_begin=True, is_end=not text)
        for index, letter in enumerate(text):
            passed = [after for state in current if state.test and state.test(letter) for after in state.after]
            current = _closure(passed, is_begin=False, is_end=index == len(text) - 1)
        return any(state is self._whole.last for state in current)


def _closure(states: list[_State], *, is_begin: bool, is_end: bool) -> list[_State]:
    """The states and all that follow without a character."""
    found: dict[int, _State] = {}
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        if id(state) in found:
            continue
        found[id(state)] = state
        may_pass = not state.anchor or (is_begin if state.anchor == "^" else is_end)
        if state.test is None and may_pass:
            waiting.extend(state.after)
    return list(found.values())


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._states = 0
        self._depth = 0
        self._ignores_case = False

    def whole(self) -> _Part:
        part = self._alternatives()
        if self._position < len(self._text):
            raise PatternError("there is a ')' too many")
        return part

    def _state(self, test: _Test | None = None, anchor: str = "") -> _State:
        self._states += 1
        if self._states > MAX_STATES:
            raise PatternError("it is too large")
        return _State(test, anchor)

    def _take(self) -> str:
        if self._position >= len(self._text):
            raise PatternError("it ends too early")
        self._position += 1
        return self._text[self._position - 1]

    def _at(self, text: str) -> bool:
        """Step over the text if it comes next."""
        if not self._text.startswith(text, self._position):
            return False
        self._position += len(text)
        return True

    def _alternatives(self) -> _Part:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise PatternError("its groups are nested too deeply")
        ignores_case = self._ignores_case
        parts = [self._sequence()]
        while self._at("|"):
            parts.append(self._sequence())
        self._depth -= 1
        self._ignores_case = ignores_case
        return self._either(parts)

    def _either(self, parts: list[_Part]) -> _Part:
        if len(parts) == 1:
            return parts[0]
        first, last = self._state(), self._state()
        for part in parts:
            first.after.append(part.first)
            part.last.after.append(last)
        return _Part(first, last)

    def _sequence(self) -> _Part:
        first = last = self._state()
        while self._position < len(self._text) and self._text[self._position] not in "|)":
            begins = self._position
            part = self._one()
            ends = self._position
            for least, most in self._repetitions():
                part = self._repeated(begins, ends, part, least, most)
            last.after.append(part.first)
            last = part.last
        return _Part(first, last)

    def _repetitions(self) -> Iterator[tuple[int, int | None]]:
        """At most one: how often at least and at most."""
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        counted = _REPEAT.match(self._text, self._position)
        following = self._text[self._position : self._position + 1]
        if following in simple and following:
            self._position += 1
            found = simple[following]
        elif counted:
            self._position = counted.end()
            least = int(counted[1])
            found = (least, least if counted[2] is None else int(counted[3]) if counted[3] else None)
        else:
            return
        # Which of several ways is preferred makes no difference to whether there is one.
        self._at("?")
        if self._text[self._position : self._position + 1] in {"*", "+", "?"} or _REPEAT.match(
            self._text, self._position
        ):
            raise PatternError("a repetition is repeated")
        if max(found[0], found[1] or 0) > _MAX_REPEAT or (found[1] is not None and found[1] < found[0]):
            raise PatternError("a repetition counts too far")
        yield found

    def _repeated(self, begins: int, ends: int, part: _Part, least: int, most: int | None) -> _Part:
        """Write the part out as often as needed, reading it anew for each copy."""
        first = last = self._state()
        copies = iter([part])
        after = self._position
        for count in range(max(least, 1 if most is None else most)):
            copy = next(copies, None) or self._again(begins, ends)
            last.after.append(copy.first)
            end = self._state()
            copy.last.after.append(end)
            if count >= least:
                last.after.append(end)
            if most is None and count >= least - 1:
                copy.last.after.append(copy.first)
            last = end
        self._position = after
        if most is None and least == 0:
            first.after.append(last)
        return _Part(first, last)

    def _again(self, begins: int, ends: int) -> _Part:
        self._position = begins
        part = self._one()
        if self._position != ends:
            raise PatternError("it cannot be read")
        return part

    def _one(self) -> _Part:
        letter = self._take()
        if letter == "(":
            return self._group()
        if letter in "^$":
            state = self._state(anchor=letter)
        elif letter == ".":
            state = self._state(lambda other: other != "\n")
        elif letter == "[":
            state = self._state(self._class())
        elif letter == "\\":
            letter = self._take()
            state = self._state(anchor=_ANCHORS[letter]) if letter in _ANCHORS else self._state(self._escaped(letter))
        elif letter in "*+?":
            raise PatternError(f"there is nothing that '{letter}' could repeat")
        else:
            state = self._state(self._literal(letter))
        last = self._state()
        state.after.append(last)
        return _Part(state, last)

    def _group(self) -> _Part:
        if self._at("?"):
            found = re.compile(r"(?:P?<[A-Za-z_][A-Za-z0-9_]*>|(i?):|(i)\))").match(self._text, self._position)
            if found is None:
                raise PatternError("'(?' begins something that is not supported")
            self._position = found.end()
            if found[2]:
                self._ignores_case = True
                empty = self._state()
                return _Part(empty, empty)
            ignores_case, self._ignores_case = self._ignores_case, self._ignores_case or bool(found[1])
            part = self._closed()
            self._ignores_case = ignores_case
            return part
        return self._closed()

    def _closed(self) -> _Part:
        part = self._alternatives()
        if not self._at(")"):
            raise PatternError("a ')' is missing")
        return part

    def _escaped(self, letter: str) -> _Test:
        if letter.lower() in _CLASSES:
            return _among(_CLASSES[letter.lower()], negated=letter.isupper())
        return self._literal(self._character(letter))

    def _character(self, letter: str) -> str:
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isalnum():
            raise PatternError(f"'\\{letter}' is not supported")
        return letter

    def _literal(self, letter: str) -> _Test:
        if self._ignores_case:
            return lambda other: other.casefold() == letter.casefold()
        return letter.__eq__

    def _class(self) -> _Test:
        negated = self._at("^")
        parts: list[str] = []
        while not (parts and self._at("]")):
            named = re.compile(r"\[:(\^?)([a-z]+):\]").match(self._text, self._position)
            if named:
                if named[1] or named[2] not in _POSIX:
                    raise PatternError(f"the class {named[0]} is not supported")
                self._position = named.end()
                parts.append(_POSIX[named[2]])
            else:
                parts.append(self._range())
        return _among("".join(parts), negated=negated, ignores_case=self._ignores_case)

    def _range(self) -> str:
        low = self._take()
        if low == "\\":
            low = self._take()
            if low in _CLASSES:
                return _CLASSES[low]
            low = self._character(low)
        high = low
        if self._text.startswith("-", self._position) and not self._text.startswith("-]", self._position):
            self._position += 1
            high = self._take()
            high = self._character(self._take()) if high == "\\" else high
        if high < low:
            raise PatternError(f"the range {low}-{high} is the wrong way round")
        return f"{re.escape(low)}-{re.escape(high)}"


def _among(members: str, *, negated: bool = False, ignores_case: bool = False) -> _Test:
    expression = re.compile(f"[{'^' if negated else ''}{members}]", re.IGNORECASE if ignores_case else 0)
    return lambda letter: expression.match(letter) is not None
