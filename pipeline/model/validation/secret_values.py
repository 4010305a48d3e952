"""Taking values of Secrets out of what other programs say."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping

from pipeline.model.manifests import Resource

HIDDEN = "(hidden)"
_SHORTEST = 4
"""Shorter texts are everywhere, and tell nothing."""


class SecretValues:
    """The values of all Secrets among the manifests, as they are written and decoded."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        values = {value for resource in resources if resource.id.kind == "Secret" for value in _values(resource)}
        longest_first = sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def hidden(self, text: str) -> str:
        """The text without them."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)


def _values(resource: Resource) -> Iterator[str]:
    for field in ("data", "stringData"):
        content = resource.body.get(field)
        for value in content.values() if isinstance(content, Mapping) else ():
            if not isinstance(value, str):
                continue
            yield value
            text = value if field == "stringData" else _decoded(value)
            yield text
            yield from text.splitlines()


def _decoded(value: str) -> str:
    """The text that is written as base64; empty where it is none."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
