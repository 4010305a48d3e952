"""Other people's text inside Markdown: shown as it is, and never taken for markup, a link, a mention or a command.

What GitHub and GitLab make of text beside CommonMark (mentions, references to issues, labels and merge requests, quick
actions at the beginning of a line) they do not do inside code. So names and values always stand in code, and sentences
have their punctuation written as entities, which no parser takes for structure, with a character of no width behind
whatever would begin a reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

# Controls but tab and line break, and what is not seen or turns the direction of writing.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile(r"\s*[\t\n]\s*")
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|~^#@!$%&]")
_REFERENCE = re.compile(r"&#(?:64|35|33|126|37|36|38|94|42);(?=[\"'\w])")
_LINK = re.compile(r"(?i)(?<=www)\.|:(?=//)|(?<=gh)-(?=\d)")
_BACKTICKS = re.compile(r"`+")
_LONGEST = 400
"""Characters of a name or a sentence; what is longer was not written to be read."""


def visible(text: str) -> str:
    """The text with everything that nobody would see written out."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def prose(text: str, longest: int = _LONGEST) -> str:
    """A sentence on one line, for anywhere but the beginning of a line."""
    encoded = _encoded(_one_line(text, longest))
    return _REFERENCE.sub(lambda found: f"{found[0]}&#8203;", encoded)


def code(text: str, longest: int = _LONGEST) -> str:
    """A name or value on one line, as code; also fit for a cell of a table."""
    line = _one_line(text, longest)
    if line and not any(mark in line for mark in "`|\\") and line == line.strip():
        return f"`{line}`"
    return f"<code>{_encoded(line)}</code>"


def html_code(text: str, longest: int = _LONGEST) -> str:
    """The same for where Markdown is not read, such as a summary line."""
    return f"<code>{_encoded(_one_line(text, longest))}</code>"


def fenced(lines: Iterable[str], language: str = "") -> str:
    """Lines as a block of code that nothing in them can end."""
    text = "\n".join(map(visible, lines))
    longest = max((len(found[0]) for found in _BACKTICKS.finditer(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def link(words: str, target: str) -> str:
    """A link where the target is an address, else the words with the target as code; the words are our own."""
    if not re.match(r"https?://", target):
        return f"{words} in {code(target)}"
    return f"[{words}](<{quote(visible(target), safe=':/?#[]@!$&()*+,;=%~-._')}>)"


def _one_line(text: str, longest: int) -> str:
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return visible(_BREAKS.sub(" ", cut.strip()))


def _encoded(line: str) -> str:
    encoded = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", line)
    return _LINK.sub(lambda found: f"&#{ord(found[0])};" + ("&#8203;" if found[0] == "-" else ""), encoded)
