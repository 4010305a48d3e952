"""Workflow commands of GitHub Actions: lines in the log that the runner obeys.

Escaping is that of the runner and of ``@actions/core``; of each level a step's first ten annotations are shown, a
workflow run's page shows fifty for a job.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

from pipeline.model.documents.printable import printable
from pipeline.model.telling import Annotation
from pipeline.model.validation.finding import Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MOST = {Severity.ERROR: 8, Severity.WARNING: 9, Severity.NOTE: 9}
"""Ten of each level are shown: these, one line that counts the rest, and one error is kept for how it ends."""
_LONGEST = 2000
_COMMAND_LIKE = re.compile(r"(?:^|[\r\n])\s*::|##\[")
"""What the runner looks for: two colons after blanks, or its older form anywhere in a line."""


def command(name: str, data: str = "", **properties: str) -> str:
    """One command as a line; properties without a value are left out."""
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' + given if given else ''}::{_data(data)}\n"


def annotation(remark: Annotation, file: str) -> str:
    """One annotation; ``file`` is its path in the checkout, or empty."""
    line = str(remark.line) if file and remark.line else ""
    title, message = printable(remark.title, 200), printable(remark.message, _LONGEST)
    return command(_LEVELS[remark.severity], message or title, file=file, line=line, title=title)


class Annotations:
    """Counts what a step has said already, over all of its stages."""

    def __init__(self) -> None:
        self._said = dict.fromkeys(Severity, 0)
        self._is_full: set[Severity] = set()

    def lines(self, remarks: tuple[Annotation, ...], place: Callable[[str], str]) -> str:
        """As many as are shown, and where that is not all of them how many there are more."""
        text = ""
        for severity in Severity:
            found = [remark for remark in remarks if remark.severity is severity]
            shown = found[: max(0, _MOST[severity] - self._said[severity])]
            self._said[severity] += len(shown)
            text += "".join(annotation(remark, place(remark.file)) for remark in shown)
            more = len(found) - len(shown)
            if more and severity not in self._is_full:
                self._is_full.add(severity)
                text += command(_LEVELS[severity], f"{more} more in the summary", title="gitless")
        return text


def shielded(text: str) -> str:
    """The text between two commands that make the runner take nothing for a command, if anything could be."""
    if _COMMAND_LIKE.search(text) is None:
        return text
    token = uuid4().hex
    end = "" if text.endswith("\n") else "\n"
    return f"::stop-commands::{token}\n{text}{end}::{token}::\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
