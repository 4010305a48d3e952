"""Keeping secrets: the CI's log is told of each at once, and none comes back in what others say."""

from __future__ import annotations

import re

from pipeline.model.documents.printable import printable
from pipeline.ports import Mask

_SHORTEST = 4
"""Less would turn up in ordinary words."""
_READ = 16 * 1024
_LONGEST = 240
_TOKEN_LIKE = re.compile(r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,2}")
_HIDDEN = "***"


class Discretion:
    """Knows the secrets of one identity."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._secrets: set[str] = set()

    def keep(self, secret: str) -> str:
        """Hand the secret on, known to be one from now on."""
        if len(secret) >= _SHORTEST and secret not in self._secrets:
            self._secrets.add(secret)
            self._mask(secret)
        return secret

    def said(self, text: str) -> str:
        """Foreign words as they may be shown: one line, cut, without secrets and whatever looks like a token."""
        text = text[:_READ]
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return printable(" ".join(_TOKEN_LIKE.sub(_HIDDEN, text).split()), _LONGEST)
