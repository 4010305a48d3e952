"""What came of a stage that has no report of its own, in a few words."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.model.outcome import Result
from pipeline.model.outcome.attestations import AttestationsResult
from pipeline.model.outcome.build import BuildResult
from pipeline.model.outcome.image import ImageResult
from pipeline.model.outcome.package import PackageResult
from pipeline.model.outcome.sign import SignResult


def outcome(result: Result, quoted: Callable[[str], str] = str) -> str:
    """Such as ``12 objects``; ``quoted`` is how the format shows a signer's name."""
    match result:
        case ImageResult():
            return f"{len(result.images)} images pushed"
        case BuildResult():
            return f"{len(result.manifests)} objects"
        case PackageResult():
            return "pushed" if result.pushed else "unchanged, not pushed"
        case SignResult():
            signer = result.identity or result.key_fingerprint
            return f"{'signed' if result.signed else 'was signed'} by {quoted(signer)}"
        case AttestationsResult():
            return f"{len(result.attestations)} attestations"
        case _:
            return ""
