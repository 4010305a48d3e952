"""How images, their lock, the registry and the policies fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from pipeline.model.manifests import Resource
from pipeline.model.outcome import header


class ImageProblem(StrEnum):
    """What does not fit."""

    MISSING = "missing"
    """The manifests name it by a tag and the lock does not have it."""
    STALE = "stale"
    """Its tag points at another digest now than the lock says."""
    GONE = "gone"
    """No registry has its tag."""
    UNREADABLE = "unreadable"
    """It names no image."""
    OUTDATED = "outdated"
    """A policy chooses another tag than the one that runs."""
    UNUSED = "unused"
    """The lock has it and no manifest names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedImage:
    """One thing that does not fit.

    Attributes:
        image: as the manifests, or the lock, have it.
        locked: the digest in the lock; empty: none.
        found: the digest in the registry, or the tag that the policy chooses; empty: none.
        policy: the policy, where it is about one.
        resources: the objects that name the image.
    """

    problem: ImageProblem
    image: str
    locked: str = ""
    found: str = ""
    policy: str = ""
    resources: tuple[Resource, ...] = ()

    @property
    def words(self) -> str:
        """One sentence without full stop."""
        match self.problem:
            case ImageProblem.MISSING:
                return f"is not in the lock; its tag points at {self.found}"
            case ImageProblem.STALE:
                return f"is locked to {self.locked}, and its tag points at {self.found} now"
            case ImageProblem.GONE:
                return "has a tag that its registry does not have"
            case ImageProblem.UNREADABLE:
                return "is no name of an image"
            case ImageProblem.OUTDATED:
                return f"is not what policy {self.policy} chooses: {self.found}"
            case _:
                return "is in the lock, and no manifest names it"

    def document(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {
            "problem": self.problem.value,
            "image": self.image,
            "message": f"{self.image} {self.words}",
            "locked": self.locked or None,
            "found": self.found or None,
            "policy": self.policy or None,
            "objects": [_object(resource) for resource in self.resources],
        }


def _object(resource: Resource) -> dict[str, Any]:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.id.kind,
        "namespace": resource.id.namespace or None,
        "name": resource.id.name,
        "file": resource.origin.file if resource.origin else None,
        "line": resource.origin.line if resource.origin else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesCheckResult:
    """All of it; ``images`` is how many different ones were looked at."""

    kind: ClassVar[str] = "ImagesCheckResult"

    file: str
    images: int
    problems: tuple[CheckedImage, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """By kind of problem."""
        return Counter(found.problem.value for found in self.problems)

    def document(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            **header(self.kind),
            "file": self.file,
            "images": self.images,
            "different": bool(self.problems),
            "counts": dict(self.counts),
            "problems": [found.document() for found in self.problems],
        }
