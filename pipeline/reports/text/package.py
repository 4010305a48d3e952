"""``PackageResult`` as text."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.outcome.package import PackageResult

_WIDTH = 400


def render(result: PackageResult, *, color: bool) -> str:
    """The digest URL first, since that is what the next step wants, then the facts."""
    del color
    facts = {
        "tags": ", ".join(result.tags),
        "source": result.source,
        "revision": result.revision,
        "content": f"{result.content_digest} ({result.files} files, {result.size} bytes packed)",
    }
    verb = "Pushed" if result.pushed else "Already there:"
    return f"{verb} {result.artifact.digest_url}\n" + "".join(
        f"  {name + ':':<10}{printable(fact, _WIDTH)}\n" for name, fact in facts.items() if fact
    )
