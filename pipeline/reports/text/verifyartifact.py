"""A verified artifact, for people."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.outcome.verify_artifact import VerifyArtifactResult
from pipeline.model.trust.evidence import RejectedSignature
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE
from pipeline.model.trust.predicate_types import short_name
from pipeline.reports.text.signatures import in_words

_WIDTH = 400
_GREEN, _PLAIN = "\x1b[32m", "\x1b[0m"


def render(result: VerifyArtifactResult, *, color: bool) -> str:
    """The verdict first, then who signed, then what else lay there."""
    verdict = f"{_GREEN}Verified{_PLAIN}" if color else "Verified"
    lines = [f"{verdict} {result.artifact}"]
    if result.revision or result.source:
        origin = " at ".join(filter(None, (result.source, result.revision)))
        lines.append(f"  from {printable(origin, _WIDTH)}")
    judgement = result.judgement
    lines += [f"  signed by {in_words(item)}, {item.format} signature" for item in judgement.accepted]
    lines += [f"  {_what(item.predicate_type)} by {in_words(item.signature)}" for item in judgement.attestations]
    lines += [
        f"  not accepted: {_found(item)} in {item.found_in}: {printable(item.reason, _WIDTH)}"
        for item in judgement.rejected
    ]
    return "\n".join(lines) + "\n"


def _what(predicate_type: str) -> str:
    return printable(f"attestation {short_name(predicate_type)}", _WIDTH)


def _found(item: RejectedSignature) -> str:
    if item.predicate_type in {"", SIGN_PREDICATE_TYPE} and not item.is_envelope:
        return f"{item.format} signature"
    return _what(item.predicate_type or "that cannot be read")
