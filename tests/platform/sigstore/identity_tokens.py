"""Identity tokens such as a CI system hands out; nobody but their maker vouches for them."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any

_LIFETIME = 600


def identity_token(subject: str, issuer: str, claims: dict[str, Any]) -> str:
    """A token for Sigstore, valid for ten minutes; ``claims`` add to the usual ones or replace them.

    The stand-in for Fulcio believes it unchecked, and clients do not look at the signature either.
    """
    now = int(time.time())
    usual = {
        "iss": issuer,
        "sub": subject,
        "aud": "sigstore",
        "iat": now,
        "nbf": now - 10,
        "exp": now + _LIFETIME,
        "jti": secrets.token_hex(8),
    }
    header = {"alg": "RS256", "typ": "JWT", "kid": "anybody"}
    signature = base64.urlsafe_b64encode(secrets.token_bytes(256)).rstrip(b"=").decode()
    return f"{_segment(header)}.{_segment(usual | claims)}.{signature}"


def _segment(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
