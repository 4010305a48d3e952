"""What ``gitless promote`` did, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located
from pipeline.model.outcome.copy import CopyCounts
from pipeline.model.outcome.tag import MovedTag
from pipeline.model.promotion.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteResult:
    """An artifact whose tags point at it in the next environment.

    Attributes:
        counts: what travelled; ``None`` where nothing had to, or in a dry run.
        verified_by: whose signatures were accepted at the source and, but for a dry run, again at the target.
        health: what was asked of deploy records, and found.
        is_rollback: whether it is older than what one of the tags had, which was asked for.
    """

    kind: ClassVar[str] = "PromoteResult"

    source: PinnedReference
    target: PinnedReference
    tags: tuple[MovedTag, ...]
    counts: CopyCounts | None = None
    verified_by: tuple[str, ...] = ()
    health: tuple[Health, ...] = ()
    is_rollback: bool = False
    is_dry_run: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether a tag has moved, or would."""
        return any(tag.previous != self.target.digest for tag in self.tags)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        counts = self.counts or CopyCounts()
        return {
            **header(self.kind),
            "sourceUrl": self.source.digest_url,
            **located(self.target, tag=self.target.tag),
            "tags": [
                {"tag": moved.tag, "previousDigest": moved.previous, "moved": moved.previous != self.target.digest}
                for moved in self.tags
            ],
            "changed": self.is_changed,
            "dryRun": self.is_dry_run,
            "rollback": self.is_rollback,
            "verifiedBy": list(self.verified_by),
            "health": [item.document() for item in self.health],
            "referrers": counts.referrers,
            "signatureTags": counts.signature_tags,
            "manifests": {"sent": counts.manifests_sent, "present": counts.manifests_present},
            "blobs": {
                "sent": counts.blobs_sent,
                "mounted": counts.blobs_mounted,
                "present": counts.blobs_present,
                "sentBytes": counts.sent_bytes,
            },
            "notes": list(self.notes),
        }
