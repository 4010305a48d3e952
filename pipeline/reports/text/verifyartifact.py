"""A verified artifact, for people."""

from __future__ import annotations

from pipeline.model.outcome.verify_artifact import VerifyArtifactResult

_GREEN, _PLAIN = "\x1b[32m", "\x1b[0m"


def render(result: VerifyArtifactResult, *, color: bool) -> str:
    """The verdict first, then who signed, then what else lay there."""
    verdict = f"{_GREEN}Verified{_PLAIN}" if color else "Verified"
    lines = [f"{verdict} {result.artifact}"]
    if result.revision or result.source:
        lines.append("  from " + " at ".join(filter(None, (result.source, result.revision))))
    lines += [f"  signed by {item.signer}, {item.format} signature" for item in result.judgement.accepted]
    lines += [
        f"  not accepted: {item.format} signature in {item.found_in}: {item.reason}"
        for item in result.judgement.rejected
    ]
    return "\n".join(lines) + "\n"
