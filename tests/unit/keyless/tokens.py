"""Identity tokens as nobody signed them."""

from __future__ import annotations

import base64
import json

NOW = 1_800_000_000.0


def token(**changes: object) -> str:
    claims = {"iss": "https://issuer.test", "sub": "me", "aud": "sigstore", "iat": NOW - 10, "exp": NOW + 300} | changes
    segments = ({"alg": "RS256"}, {name: value for name, value in claims.items() if value is not None})
    encoded = [base64.urlsafe_b64encode(json.dumps(item).encode()).rstrip(b"=").decode() for item in segments]
    return f"{encoded[0]}.{encoded[1]}.c2VjcmV0"
