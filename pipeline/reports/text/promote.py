"""``PromoteResult`` as text."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.outcome.promote import PromoteResult
from pipeline.model.outcome.tag import MovedTag

_WIDTH = 300


def render(result: PromoteResult, *, color: bool) -> str:
    """What was promoted, why it was allowed, and what became of each tag."""
    del color
    return "".join(f"{line}\n" for line in _lines(result))


def tag_in_words(moved: MovedTag, digest: str, *, is_dry_run: bool = False) -> str:
    """What became, or would become, of a tag."""
    if moved.previous == digest:
        return f"{moved.tag}: already there"
    verb = "would be" if is_dry_run else "is"
    if moved.previous is None:
        return f"{moved.tag}: {verb} new"
    return f"{moved.tag}: {verb} moved from {moved.previous}"


def _lines(result: PromoteResult) -> Iterator[str]:
    yield f"{'Would promote' if result.is_dry_run else 'Promoted'} {result.source.digest_url}"
    if result.source.repository != result.target.repository:
        yield f"  to {result.target.digest_url}"
    yield f"  signed by: {printable(', '.join(result.verified_by), _WIDTH) or 'nobody was asked'}"
    for item in result.health:
        where = printable(f"{item.cluster} ({item.inventory})", _WIDTH)
        yield f"  healthy on {where} since {format_time(int(item.since))}"
    if result.is_rollback:
        yield "  this is a rollback: it is older than what was there"
    for tag in result.tags:
        yield f"  {tag_in_words(tag, result.target.digest, is_dry_run=result.is_dry_run)}"
    if result.counts is not None:
        counts = result.counts
        yield f"  attached:  {counts.referrers} referrers, {counts.signature_tags} signature tags"
        yield f"  sent:      {counts.manifests_sent} manifests, {counts.blobs_sent} blobs ({counts.sent_bytes} bytes)"
    for note in result.notes:
        yield f"  note: {printable(note, _WIDTH)}"
