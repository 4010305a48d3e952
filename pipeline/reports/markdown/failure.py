"""How a command ended, for a run's page and on top of a comment."""

from __future__ import annotations

from pipeline.reports.markdown.escaping import prose

_LONGEST = (1000, 300, 100)
"""Characters of the message: as many as there is room for once they are escaped."""
_HINT = 500


def render_failure(name: str, message: str, hint: str, limit: int) -> str:
    """The failure as a quotation of at most ``limit`` characters, 2,000 at least; hints without room are left out."""
    heads = (f"> [!CAUTION]\n> **{prose(name)} failed**: {prose(message, longest)}\n" for longest in _LONGEST)
    text = next((head for head in heads if len(head) <= limit), "> [!CAUTION]\n")
    for line in hint.split("\n"):
        more = f">\n> Hint: {prose(line, _HINT)}\n" if line.strip() else ""
        if len(text) + len(more) > limit:
            break
        text += more
    return text
