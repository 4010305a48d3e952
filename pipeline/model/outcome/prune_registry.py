"""What ``gitless prune-registry`` deleted, or would delete, and what it keeps and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.model.artifact.reference import Repository
from pipeline.model.documents.times import format_time
from pipeline.model.outcome import header
from pipeline.model.promotion.retention import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunedRepository:
    """One repository.

    Attributes:
        verdicts: every digest with what keeps it.
        manifests: digests of everything that goes: artifacts, and what hangs on them.
        skipped: artifacts that were to go and stayed, because a tag was moved to them meanwhile.
    """

    repository: Repository
    verdicts: tuple[Verdict, ...]
    manifests: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[Verdict, ...]:
        """What stays."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_kept)

    @property
    def gone(self) -> tuple[Verdict, ...]:
        """What goes, or went."""
        return tuple(item for item in self.verdicts if not item.is_kept and item.candidate.digest not in self.skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRegistryResult:
    """All of them."""

    kind: ClassVar[str] = "PruneRegistryResult"

    repositories: tuple[PrunedRepository, ...]
    is_dry_run: bool

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            **header(self.kind),
            "dryRun": self.is_dry_run,
            "repositories": [_repository(item) for item in self.repositories],
        }


def _repository(item: PrunedRepository) -> dict[str, Any]:
    return {
        "repository": str(item.repository),
        "deleted": [_verdict(verdict) for verdict in item.gone],
        "kept": [{**_verdict(verdict), "reasons": list(verdict.reasons)} for verdict in item.kept],
        "manifests": list(item.manifests),
        "skipped": list(item.skipped),
        "notes": list(item.notes),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    found = verdict.candidate
    age = format_time(int(found.age)) if found.age is not None else None
    return {"digest": found.digest, "tags": list(found.tags), "since": age}
