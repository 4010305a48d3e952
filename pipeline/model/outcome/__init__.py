"""What each stage hands to the next: one frozen result per stage, each with its versioned JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from pipeline.model.artifact.reference import PinnedReference

API_VERSION = "gitless.dev/v1"


class Result(Protocol):
    """A stage's result."""

    kind: ClassVar[str]
    """``BuildResult``, ``PackageResult``, …: the document's kind and, lower-cased, its text report's module."""

    def document(self) -> dict[str, Any]:
        """The JSON document; begins with ``apiVersion`` and ``kind``."""
        ...


def header(kind: str) -> dict[str, Any]:
    """How every result document begins."""
    return {"apiVersion": API_VERSION, "kind": kind}


def located(artifact: PinnedReference, **tags: object) -> dict[str, Any]:
    """How a result document says where an artifact is; ``tag`` and ``tags`` where there are any to tell."""
    return {
        "repository": str(artifact.repository),
        **tags,
        "digest": artifact.digest,
        "digestUrl": artifact.digest_url,
    }
