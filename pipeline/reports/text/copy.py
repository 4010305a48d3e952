"""``CopyResult`` as text."""

from __future__ import annotations

from pipeline.model.outcome.copy import CopyCounts, CopyResult


def render(result: CopyResult, *, color: bool) -> str:
    """Where it is now, and what had to travel."""
    del color
    counts = result.counts
    lines = [f"Copied to {result.target.digest_url}"]
    if result.tags:
        lines.append(f"  tags:      {', '.join(result.tags)}")
    lines += [
        f"  attached:  {counts.referrers} referrers, {counts.signature_tags} signature tags",
        f"  manifests: {counts.manifests_sent} sent, {counts.manifests_present} there already",
        f"  blobs:     {_blobs(counts)}",
    ]
    return "\n".join(lines) + "\n"


def _blobs(counts: CopyCounts) -> str:
    sent = f"{counts.blobs_sent} sent ({counts.sent_bytes} bytes)"
    return f"{sent}, {counts.blobs_mounted} mounted, {counts.blobs_present} there already"
