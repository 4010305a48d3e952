"""What came of a stage that has no report of its own, in a few words."""

from __future__ import annotations

from collections.abc import Callable, Sized

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
            return f"{_number(result.images, 'image')} pushed"
        case BuildResult():
            return _number(result.manifests, "object")
        case PackageResult():
            return "pushed" if result.pushed else "unchanged, not pushed"
        case SignResult():
            signer = result.identity or result.key_fingerprint
            return f"{'signed' if result.signed else 'was signed'} by {quoted(signer)}"
        case AttestationsResult():
            return _number(result.attestations, "attestation")
        case _:
            return ""


def _number(found: Sized, noun: str) -> str:
    return f"{len(found)} {noun}{'' if len(found) == 1 else 's'}"
