"""When something was signed, in the signer's own signed words: as good as the signer, and all that a key has to say.

In a statement it is an annotation of the subject (in-toto attestation framework, ``spec/v1/resource_descriptor.md``),
RFC 3339 in UTC; in a simple-signing payload it is ``optional.timestamp`` (``containers/image``,
``containers-signature.5``), in seconds since the epoch. Whole seconds in both.
"""

from __future__ import annotations

import json

from pipeline.errors import ConfigurationError
from pipeline.model.documents.strict_json import parse_object
from pipeline.model.documents.times import format_time, parse_time
from pipeline.model.trust.in_toto import Statement

SIGNED_AT = "gitless.dev/signed-at"
TIMESTAMP = "timestamp"

_SLACK = 86400.0
"""How far ahead of ours a signer's clock may go, in seconds, before its word is worth nothing."""
_MAX_TEXT = 64


def with_signed_at(statement: bytes, seconds: float) -> bytes:
    """The statement, one of our own, with the time at each of its subjects."""
    document = json.loads(statement)
    for subject in document["subject"]:
        subject["annotations"] = {**subject.get("annotations", {}), SIGNED_AT: format_time(int(seconds))}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def signed_at_of_statement(statement: Statement, now: float) -> float | None:
    """What a statement says, in seconds since the epoch; its signature was checked before.

    A time that cannot be is no time: the signature is as good without.
    """
    for subject in statement.subjects:
        annotations = subject.get("annotations")
        text = annotations.get(SIGNED_AT) if isinstance(annotations, dict) else None
        if isinstance(text, str) and len(text) <= _MAX_TEXT:
            return _plausible(_parsed(text), now)
    return None


def signed_at_of_payload(payload: bytes, now: float) -> float | None:
    """The same for a simple-signing payload."""
    optional = parse_object(payload, "the signed payload").get("optional")
    seconds = optional.get(TIMESTAMP) if isinstance(optional, dict) else None
    return _plausible(seconds, now) if isinstance(seconds, int) and not isinstance(seconds, bool) else None


def _parsed(text: str) -> float | None:
    try:
        return parse_time(text)
    except ConfigurationError:
        return None


def _plausible(seconds: float | None, now: float) -> float | None:
    return float(seconds) if seconds is not None and 0 < seconds <= now + _SLACK else None
