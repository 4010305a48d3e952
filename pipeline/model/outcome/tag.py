"""What ``gitless tag`` did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.outcome import header, located


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTag:
    """One tag; ``previous`` is the digest it had, ``None`` where it is new."""

    tag: str
    previous: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagResult:
    """Tags that all point at the artifact now."""

    kind: ClassVar[str] = "TagResult"

    artifact: PinnedReference
    tags: tuple[MovedTag, ...]

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            **located(self.artifact),
            "tags": [
                {"tag": moved.tag, "previousDigest": moved.previous, "moved": moved.previous != self.artifact.digest}
                for moved in self.tags
            ],
        }
