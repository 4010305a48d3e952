"""How an API server words its refusals, for answers that are made up."""

from __future__ import annotations

import json

_REASONS = {
    400: "BadRequest",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


def status_body(code: int) -> bytes:
    """A ``metav1.Status`` of that code."""
    return json.dumps(_status(code)).encode()


def watch_error(code: int = 410) -> bytes:
    """What a watch says before it ends, where the version asked for is too old (410) or something else is wrong."""
    return json.dumps({"type": "ERROR", "object": _status(code)}).encode() + b"\n"


def _status(code: int) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Failure",
        "reason": _REASONS.get(code, "Unknown"),
        "message": f"injected {code}",
        "code": code,
    }
