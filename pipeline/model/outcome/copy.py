"""What ``gitless copy`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCounts:
    """Each blob and manifest once: sent, taken over by the registry itself (mounted), or there already."""

    manifests_sent: int = 0
    manifests_present: int = 0
    blobs_sent: int = 0
    blobs_mounted: int = 0
    blobs_present: int = 0
    sent_bytes: int = 0
    referrers: int = 0
    signature_tags: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """An artifact and everything attached to it, under the same digests."""

    kind: ClassVar[str] = "CopyResult"

    source: PinnedReference
    target: PinnedReference
    tags: tuple[str, ...]
    counts: CopyCounts

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "sourceUrl": self.source.digest_url,
            **located(self.target, tag=self.tags[0] if self.tags else None, tags=list(self.tags)),
            "referrers": self.counts.referrers,
            "signatureTags": self.counts.signature_tags,
            "manifests": {"sent": self.counts.manifests_sent, "present": self.counts.manifests_present},
            "blobs": {
                "sent": self.counts.blobs_sent,
                "mounted": self.counts.blobs_mounted,
                "present": self.counts.blobs_present,
                "sentBytes": self.counts.sent_bytes,
            },
        }
