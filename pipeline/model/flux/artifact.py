"""``status.artifact`` of a source: which artifact was accepted last (pkg/apis/meta/artifact.go)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.artifact.manifest import ANNOTATION_REVISION
from pipeline.model.manifests import Body


@dataclass(frozen=True, slots=True)
class SourceArtifact:
    """One accepted artifact.

    ``revision`` is ``<tag>@sha256:<hex>`` or ``sha256:<hex>`` of the OCI manifest; ``digest`` and ``size`` (bytes) are
    those of the packed files as the cache keeps them; ``metadata`` are the manifest's annotations.
    """

    revision: str
    digest: str
    size: int
    url: str
    path: str
    last_update_time: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, body: Body) -> SourceArtifact | None:
        """That of a source's status, or ``None`` where there is none that makes sense."""
        entry = (body.get("status") or {}).get("artifact")
        if not isinstance(entry, Mapping) or not entry.get("revision") or not entry.get("digest"):
            return None
        metadata = entry.get("metadata")
        return cls(
            str(entry["revision"]),
            str(entry["digest"]),
            int(entry.get("size") or 0),
            str(entry.get("url") or ""),
            str(entry.get("path") or ""),
            str(entry.get("lastUpdateTime") or ""),
            {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, Mapping) else {},
        )

    @property
    def manifest_digest(self) -> str:
        """The digest of the OCI manifest."""
        return self.revision.rpartition("@")[2]

    @property
    def origin_revision(self) -> str:
        """What the artifact was made from, such as ``main@sha1:…``; empty where its annotations do not say."""
        return self.metadata.get(ANNOTATION_REVISION, "")

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        document: dict[str, Any] = {
            "revision": self.revision,
            "digest": self.digest,
            "size": self.size,
            "url": self.url,
            "path": self.path,
            "lastUpdateTime": self.last_update_time,
        }
        return document | ({"metadata": dict(self.metadata)} if self.metadata else {})
