"""The proof that manifests passed."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.manifests import Manifests
from pipeline.model.trust.decision import issued_at
from pipeline.model.trust.evidence import VerifiedSignature


@dataclass(frozen=True, slots=True)
class TrustedManifests:
    """Manifests that may be applied. Only ``stages/fetch.py`` makes these; a test guards it.

    ``signatures`` is empty exactly when verification was skipped on request, which the inventory then records.
    ``reference`` is ``None`` for a local folder, which can only be applied with verification skipped.
    """

    manifests: Manifests
    reference: PinnedReference | None
    source: str = ""
    revision: str = ""
    signatures: tuple[VerifiedSignature, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Whether at least one accepted signature stands behind the manifests."""
        return bool(self.signatures)

    @property
    def issued_at(self) -> float | None:
        """When the artifact was first signed, in seconds since the epoch; ``None`` where nobody says."""
        return issued_at(self.signatures)
