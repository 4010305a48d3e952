"""What ``gitless verify oci://…`` found out about one artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located
from pipeline.model.outcome.signatures import attestation_document, rejected_document, signature_document
from pipeline.model.trust.evidence import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArtifactResult:
    """An artifact that the policy accepts; otherwise there is no result but an error.

    ``judgement`` has as accepted only what is by the policy's signers, and as rejected whatever else is kept where
    signatures are kept.
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
            **located(self.artifact, tag=self.artifact.tag),
            "source": self.source,
            "revision": self.revision,
            "verified": True,
            "signatures": [signature_document(item) for item in self.judgement.accepted],
            "attestations": [attestation_document(item) for item in self.judgement.attestations],
            "notAccepted": [rejected_document(item) for item in self.judgement.rejected],
        }
