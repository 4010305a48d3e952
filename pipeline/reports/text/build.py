"""A build as text: what came out, and where it is."""

from __future__ import annotations

from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.outcome.build import BuildResult
from pipeline.reports.text.values import printable


def render(result: BuildResult, *, color: bool) -> str:
    """Counts by kind, the digest of the stream and the file."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if color else ("", "")
    kinds = ", ".join(f"{count} {kind}" for kind, count in result.counts.items())
    total = len(result.manifests)
    lines = [
        f"{bold}Built {total} {'object' if total == 1 else 'objects'}{plain}: {kinds}",
        f"  digest  {sha256_digest(result.content)}",
    ]
    if result.images is not None:
        pinned, missing = len(result.images.images), len(result.images.missing)
        more = f", {missing} not in it" if missing else ""
        lines.append(f"  images  {pinned} pinned by {printable(result.images.file)}{more}")
    if result.file:
        lines.append(f"  file    {result.file}")
    return "\n".join(lines) + "\n"
