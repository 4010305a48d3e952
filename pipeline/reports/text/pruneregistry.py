"""``PruneRegistryResult`` as tables."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.outcome.prune_registry import PrunedRepository, PruneRegistryResult
from pipeline.model.promotion.retention import Verdict
from pipeline.reports.text.tables import table

_WIDTH = 100
_SHORT = 12


def render(result: PruneRegistryResult, *, color: bool) -> str:
    """What goes and what stays, with a reason for each that stays."""
    del color
    return "\n".join("".join(_repository(item, is_dry_run=result.is_dry_run)) for item in result.repositories)


def _repository(item: PrunedRepository, *, is_dry_run: bool) -> Iterator[str]:
    would, attached = "Would delete" if is_dry_run else "Deleted", len(item.manifests) - len(item.gone)
    if not item.gone:
        yield f"{item.repository}: nothing to delete, {len(item.kept)} kept\n"
    else:
        yield f"{item.repository}: {len(item.gone)} go, with {attached} attached manifests; {len(item.kept)} kept\n"
        yield f"\n{would}:\n"
        yield table(("  DIGEST", "SINCE", "TAGS"), [_row(verdict) for verdict in item.gone])
    if item.kept:
        yield "\nKept:\n"
        rows = [(*_row(verdict), printable("; ".join(verdict.reasons), _WIDTH)) for verdict in item.kept]
        yield table(("  DIGEST", "SINCE", "TAGS", "BECAUSE"), rows)
    for digest in item.skipped:
        yield f"note: {digest} stays: a tag was moved to it or from it meanwhile\n"
    for note in item.notes:
        yield f"note: {printable(note, 300)}\n"
    if is_dry_run and item.gone:
        yield "\nNothing was deleted; --yes deletes.\n"


def _row(verdict: Verdict) -> tuple[str, str, str]:
    found = verdict.candidate
    return (
        f"  {found.digest.removeprefix('sha256:')[:_SHORT]}",
        format_time(int(found.age)) if found.age is not None else "unknown",
        printable(", ".join(found.tags), _WIDTH) or "none",
    )
