"""The verifying half."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import TrustError
from pipeline.model.trust.evidence import Signature, Verified
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Reporter


class KeylessVerifier:
    """Not there yet."""

    def __init__(self, reporter: Reporter, folder: Path) -> None:
        del reporter, folder

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """Not there yet."""
        del digest, signature, policy
        raise TrustError("keyless signatures cannot be verified yet")
