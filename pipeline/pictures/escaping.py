"""Texts of others, made fit for what they are put into."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from pipeline.model.documents.printable import printable

_WIDTH: Final = 300
_NO_XML: Final = re.compile("[\ufffe\uffff]")


def clean(text: str) -> str:
    """One line without control characters, of bounded length."""
    return _NO_XML.sub("", printable(text, _WIDTH))


def markup(text: str) -> str:
    """For elements and quoted attributes of SVG and HTML."""
    return escape(clean(text))
