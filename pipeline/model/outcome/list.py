"""What ``gitless list`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArtifact:
    """One tag and what the manifest behind it says of itself."""

    artifact: PinnedReference
    media_type: str
    created: str
    source: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListResult:
    """Tags, the newest version first; ``omitted`` counts those that matched but were beyond the limit."""

    kind: ClassVar[str] = "ListResult"

    repository: Repository
    artifacts: tuple[ListedArtifact, ...]
    omitted: int

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "repository": str(self.repository),
            "artifacts": [
                {
                    "tag": listed.artifact.tag,
                    "digest": listed.artifact.digest,
                    "digestUrl": listed.artifact.digest_url,
                    "mediaType": listed.media_type,
                    "created": listed.created,
                    "source": listed.source,
                    "revision": listed.revision,
                }
                for listed in self.artifacts
            ],
            "omitted": self.omitted,
        }
