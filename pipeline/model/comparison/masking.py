"""Secret values never leave a comparison: which keys changed is told, what they hold is not, nor how long it is."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.model.manifests import Body
from pipeline.model.plan import ABSENT, SENSITIVE, FieldChange

_SHORTEST_GUARDED = 4
"""Shorter values stand in other fields by chance."""


def is_secret(body: Body) -> bool:
    """Whether this is a core ``Secret``."""
    return body.get("kind") == "Secret" and body.get("apiVersion") == "v1"


def merge_string_data(body: Body) -> Body:
    """The Secret as the API server stores it: ``stringData`` encoded into ``data``, which it overrides.

    Line breaks inside base64 are dropped, as Go's decoder ignores them.
    """
    data = body.get("data")
    texts = body.get("stringData")
    if not isinstance(data, dict | None):
        return body
    merged = {key: _unwrapped(value) for key, value in (data or {}).items()}
    if isinstance(texts, dict):
        merged |= {key: b64encode(str(text).encode()).decode() for key, text in texts.items()}
    return {key: value for key, value in body.items() if key not in {"data", "stringData"}} | {"data": merged}


def mask(changes: tuple[FieldChange, ...], *bodies: Body) -> tuple[FieldChange, ...]:
    """Hide the values of a Secret's data, and copies of them anywhere else in it (some tools annotate with them)."""
    guarded = frozenset(value for body in bodies for value in _guarded(body))
    return tuple(_masked(change, guarded) for change in changes)


def _masked(change: FieldChange, guarded: frozenset[str]) -> FieldChange:
    whole = change.path == "data" or change.path.startswith(("data.", "data["))
    sides = {side: getattr(change, side) for side in ("before", "after")}
    hidden = {
        side: SENSITIVE if value is not ABSENT and (whole or _mentions(value, guarded)) else value
        for side, value in sides.items()
    }
    if SENSITIVE in hidden.values():
        # One hidden side hides both: what remains of the other would tell what the secret replaced.
        hidden = {side: value if value is ABSENT else SENSITIVE for side, value in hidden.items()}
    return replace(change, before=hidden["before"], after=hidden["after"])


def _mentions(value: Any, guarded: frozenset[str]) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return any(secret in value for secret in guarded)
    if isinstance(value, Mapping):
        return any(_mentions(item, guarded) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return any(_mentions(item, guarded) for item in value)
    return False


def _guarded(body: Body) -> Iterator[str]:
    """The values as they are stored, and as text where they are text."""
    data = body.get("data")
    for value in data.values() if isinstance(data, Mapping) else ():
        text = str(value)
        if len(text) >= _SHORTEST_GUARDED:
            yield text
        try:
            decoded = b64decode(text, validate=True).decode()
        except (Base64Error, UnicodeDecodeError, ValueError):
            continue
        if len(decoded.strip()) >= _SHORTEST_GUARDED:
            yield decoded.strip()


def _unwrapped(value: Any) -> Any:  # noqa: ANN401 - whatever was written; the API server judges it
    return value.replace("\r", "").replace("\n", "") if isinstance(value, str) else value
