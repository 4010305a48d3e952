"""Make texts that others wrote fit to be shown: no control sequences, no more than so many characters."""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, and the marks that turn the direction of writing: on a terminal they move, hide or recolour.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


def printable(text: str, width: int) -> str:
    """One line of at most ``width`` characters; colours are dropped, line breaks become blanks.

    The text is cut before it is cleaned too, so that endless ones cost no time.
    """
    cut = text[: width * 4]
    cleaned = _UNPRINTABLE.sub("", _ESCAPE.sub("", cut.replace("\n", " ").replace("\t", " "))).rstrip()
    if len(cleaned) <= width and len(cut) == len(text):
        return cleaned
    return cleaned[: width - 1] + "…"
