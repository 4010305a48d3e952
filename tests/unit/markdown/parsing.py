"""Markdown as a parser of CommonMark and tables sees it: what of a report is markup, and what is text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_TAG = re.compile(r"<\s*(/?[A-Za-z!][^\s>]*)")
_CODE = re.compile(r"<code>.*?</code>", re.DOTALL)
OURS = {"details", "/details", "summary", "/summary", "code", "/code"}


@dataclass
class Parsed:
    """What a reader gets to see."""

    kinds: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: str = ""
    """What is outside of code, where services look for mentions and references."""
    fences: list[str] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    """How many cells the rows of tables have."""


def parsed(text: str) -> Parsed:
    """Parse it."""
    found = Parsed()
    is_code = False
    for token in _flat(_PARSER.parse(text)):
        found.kinds.append(token.type)
        if token.type in {"html_block", "html_inline"}:
            tags = _TAG.findall(token.content)
            found.tags += tags
            is_code = token.type == "html_inline" and tags[-1:] == ["code"]
        _read(token, found, is_code=is_code)
    return found


def _read(token: Token, found: Parsed, *, is_code: bool) -> None:
    match token.type:
        case "html_block":
            found.text += " " + re.sub(r"<[^>]*>", "", _CODE.sub("", token.content))
        case "link_open" | "image":
            found.links.append(str(token.attrs.get("href") or token.attrs.get("src")))
        case "fence":
            found.fences.append(token.content)
        case "tr_open":
            found.cells.append(0)
        case "td_open" | "th_open":
            found.cells[-1] += 1
        case "text" if not is_code:
            found.text += token.content
        case "softbreak" | "paragraph_close" | "heading_close":
            found.text += "\n"


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type != "inline":
            yield token
        yield from _flat(token.children or [])


def is_balanced(text: str) -> bool:
    """Whether everything that is folded away or fenced also ends, and nothing is folded inside of another."""
    depth, fence = 0, ""
    for line in text.splitlines():
        mark = re.match(r" {0,3}(`{3,})", line)
        if fence:
            fence = "" if mark and len(mark[1]) >= len(fence) and not line.strip(" `") else fence
            continue
        if mark:
            fence = mark[1]
            continue
        depth += line.count("<details>") - line.count("</details>")
        if depth not in {0, 1}:
            return False
    return depth == 0 and not fence
