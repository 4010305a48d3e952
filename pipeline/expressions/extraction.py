"""What a regular expression's groups hold, by Go's ``regexp``: RE2 itself, and ``Expand``'s templates.

Source: the documentation of ``regexp.Regexp.Expand``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pipeline.errors import ExpressionError
from pipeline.model.documents.printable import printable

_CACHED = 64
_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>\w+)\}|(?P<bare>\w+))", re.ASCII)


def extracted(pattern: str, template: str, texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Of the texts in which the pattern is found, in order, what the template makes of the first find, and the text.

    An empty template makes the text itself.

    Raises:
        ExpressionError: the pattern is no regular expression.
    """
    program = _compiled(pattern)
    found = []
    for text in texts:
        match = program.search(text)
        if match is not None:
            found.append((_expanded(template, match) if template else text, text))
    return tuple(found)


@lru_cache(maxsize=_CACHED)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - a class of an untyped package
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        words = error.args[0] if error.args else ""
        why = words.decode(errors="replace") if isinstance(words, bytes) else "it is no text"
        raise ExpressionError(
            f"'{printable(pattern, 120)}' is not a regular expression: {printable(why, 200)}", is_final=True
        ) from None


def _expanded(template: str, match: Any) -> str:  # noqa: ANN401 - the same
    def value(reference: re.Match[str]) -> str:
        if reference["dollar"]:
            return "$"
        return _group(reference["braced"] or reference["bare"], match)

    return _REFERENCE.sub(value, template)


def _group(name: str, match: Any) -> str:  # noqa: ANN401 - the same
    """Empty where there is no such group or it took no part; a number with a zero in front is a name."""
    groups = match.groups()
    if name.isdigit() and (name == "0" or name[0] != "0"):
        number = int(name) if len(name) < 4 else len(groups) + 1  # noqa: PLR2004 - more groups than any pattern has
        found = match.group(0) if number == 0 else groups[number - 1] if number <= len(groups) else None
    else:
        number = match.re.groupindex.get(name, 0)
        found = groups[number - 1] if number else None
    return found or ""
