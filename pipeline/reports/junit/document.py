"""JUnit XML, in the dialect that GitLab and Jenkins read: suites of cases that passed, failed or were skipped.

Source: GitLab's documentation "Unit test reports" (of two cases with one name in a suite the second is lost; a case's
``classname`` and ``file`` are shown), the schema of Jenkins' xUnit plug-in, and XML 1.0, which has no control
characters.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from pipeline.model.documents.printable import printable
from pipeline.model.manifests import Origin

_LONGEST_LINE: Final = 1000
_MOST_LINES: Final = 200
_NO_CHARACTERS: Final = re.compile("[\ufffe\uffff]")


class Ending(StrEnum):
    """What came of a case."""

    PASSED = "passed"
    FAILED = "failure"
    UNKNOWN = "error"
    """It could not be found out."""
    SKIPPED = "skipped"
    """Nobody looked, or somebody said that it is all right as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; ``details`` are lines that belong to the ending, ``output`` others that are worth telling."""

    name: str
    ending: Ending = Ending.PASSED
    message: str = ""
    type: str = ""
    details: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases that belong together."""

    name: str
    cases: tuple[Case, ...]

    def count(self, ending: Ending) -> int:
        """How many ended like that."""
        return sum(case.ending is ending for case in self.cases)


def junit(name: str, suites: Sequence[Suite], folder: str = "") -> str:
    """The document, ending with a newline; ``folder`` is where the command ran in the checkout."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {_attributes(name, suites)}>"]
    for suite in suites:
        lines.append(f"  <testsuite {_attributes(suite.name, [suite])}>")
        lines += [line for case in _distinct(suite.cases) for line in _case(case, suite.name, folder)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _attributes(name: str, suites: Iterable[Suite]) -> str:
    suites = list(suites)
    counts = {
        "tests": sum(len(suite.cases) for suite in suites),
        "failures": sum(suite.count(Ending.FAILED) for suite in suites),
        "errors": sum(suite.count(Ending.UNKNOWN) for suite in suites),
        "skipped": sum(suite.count(Ending.SKIPPED) for suite in suites),
    }
    return " ".join([f'name="{_quoted(name)}"', *(f'{key}="{number}"' for key, number in counts.items())])


def _distinct(cases: Iterable[Case]) -> Iterator[Case]:
    """Each with a name of its own, for of two with one name the second would be lost."""
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.name] += 1
        number = seen[case.name]
        yield case if number == 1 else replace(case, name=f"{case.name} ({number})")


def _case(case: Case, suite: str, folder: str) -> Iterator[str]:
    place = ""
    if case.origin is not None:
        file = posixpath.normpath(posixpath.join(folder, case.origin.file))
        place = f' file="{_quoted(file)}"' + (f' line="{case.origin.line}"' if case.origin.line else "")
    head = f'    <testcase name="{_quoted(case.name)}" classname="{_quoted(suite)}"{place}'
    if case.ending is Ending.PASSED and not case.output:
        yield f"{head}/>"
        return
    yield f"{head}>"
    if case.ending is not Ending.PASSED:
        kind = "" if case.ending is Ending.SKIPPED else f' type="{_quoted(case.type or case.ending.value)}"'
        opening = f'      <{case.ending.value} message="{_quoted(case.message)}"{kind}'
        yield f"{opening}>{_lines(case.details)}</{case.ending.value}>" if case.details else f"{opening}/>"
    if case.output:
        yield f"      <system-out>{_lines(case.output)}</system-out>"
    yield "    </testcase>"


def _lines(lines: Sequence[str]) -> str:
    cut = [
        *lines[:_MOST_LINES],
        *([f"… and {len(lines) - _MOST_LINES} more lines"] if len(lines) > _MOST_LINES else []),
    ]
    return "\n".join(_text(line) for line in cut)


def _text(text: str) -> str:
    cleaned = _NO_CHARACTERS.sub("", printable(text, _LONGEST_LINE))
    return cleaned.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return _text(text).replace('"', "&quot;")
