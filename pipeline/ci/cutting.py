"""Markdown cut to a number of bytes: at the end of a line, never inside a character, code or folded part."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,})(?P<rest>.*)")
_NOTICE = "\n\n**This report is cut here**: there is no more room in the summary.\n"


def cut_markdown(text: str, room: int) -> str:
    """As much of the text as fits in so many bytes of UTF-8, with a notice where something is left out.

    Empty where not even the notice fits.
    """
    if len(text.encode("utf-8", "backslashreplace")) <= room:
        return text
    room -= len(_NOTICE.encode())
    used, safe, depth, fence = 0, 0, 0, ""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        used += len(line.encode("utf-8", "backslashreplace"))
        if used > room:
            break
        fence, depth = _state(line, fence, depth)
        # A table or list may end anywhere; code and what is folded must be closed first.
        if not fence and not depth:
            safe = index + 1
    kept = "".join(lines[:safe]).rstrip("\n")
    return kept + _NOTICE if kept else ""


def _state(line: str, fence: str, depth: int) -> tuple[str, int]:
    found = _FENCE.match(line)
    if fence:
        is_end = found is not None and len(found[1]) >= len(fence) and not found["rest"].strip()
        return ("" if is_end else fence), depth
    if found is not None and "`" not in found["rest"]:
        return found[1], depth
    return "", max(0, depth + line.count("<details") - line.count("</details>"))
