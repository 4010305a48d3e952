"""What ``gitless package`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageResult:
    """One artifact, pushed now or found unchanged.

    ``tags`` all point at the artifact; ``size`` is that of the packed layer in bytes. Where ``pushed`` is false, the
    artifact that was there is described: source, revision and created may then be older than those of this run.
    """

    kind: ClassVar[str] = "PackageResult"

    artifact: PinnedReference
    tags: tuple[str, ...]
    pushed: bool
    content_digest: str
    size: int
    files: int
    created: str
    source: str
    revision: str

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.artifact, tag=self.tags[0] if self.tags else None, tags=list(self.tags)),
            "pushed": self.pushed,
            "contentDigest": self.content_digest,
            "size": self.size,
            "files": self.files,
            "created": self.created,
            "source": self.source,
            "revision": self.revision,
        }
