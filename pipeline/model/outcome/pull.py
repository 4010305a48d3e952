"""What ``gitless pull`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located
from pipeline.model.outcome.signatures import signature_document
from pipeline.model.trust.evidence import VerifiedSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResult:
    """One artifact, unpacked into ``folder``; ``signatures`` is empty where nobody's was asked for."""

    kind: ClassVar[str] = "PullResult"

    artifact: PinnedReference
    folder: str
    files: int
    size: int
    left_out: tuple[str, ...]
    created: str
    source: str
    revision: str
    signatures: tuple[VerifiedSignature, ...] = ()

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.artifact, tag=self.artifact.tag),
            "folder": self.folder,
            "files": self.files,
            "size": self.size,
            "leftOut": list(self.left_out),
            "created": self.created,
            "source": self.source,
            "revision": self.revision,
            "verified": bool(self.signatures),
            "signer": self.signatures[0].signer if self.signatures else None,
            "signatures": [signature_document(item) for item in self.signatures],
        }
