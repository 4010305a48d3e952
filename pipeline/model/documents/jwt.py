"""JSON Web Tokens, of which nothing is verified here: whom they are sent to does that (RFC 7519, RFC 7515)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

_PARTS = 3


def unverified_claims(token: str) -> Mapping[str, Any] | None:
    """What a token says; ``None`` where it is no signed token with an object of claims."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None
