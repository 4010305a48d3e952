"""What ``gitless verify oci://…`` found out about one artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header
from pipeline.model.trust.evidence import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArtifactResult:
    """An artifact with at least one accepted signature; without one there is no result but an error.

    ``judgement`` also tells about whatever else is kept where signatures are kept.
    """

    kind: ClassVar[str] = "VerifyArtifactResult"

    artifact: PinnedReference
    source: str
    revision: str
    judgement: Judgement

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "repository": str(self.artifact.repository),
            "tag": self.artifact.tag,
            "digest": self.artifact.digest,
            "digestUrl": self.artifact.digest_url,
            "source": self.source,
            "revision": self.revision,
            "verified": True,
            "signatures": [
                {
                    "format": item.format.value,
                    "signer": item.signer,
                    "keyFingerprint": item.fingerprint,
                    "signatureDigest": item.found_in,
                }
                for item in self.judgement.accepted
            ],
            "notAccepted": [
                {"format": item.format.value, "signatureDigest": item.found_in, "reason": item.reason}
                for item in self.judgement.rejected
            ],
        }
