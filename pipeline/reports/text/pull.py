"""``PullResult`` as text."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.outcome.pull import PullResult
from pipeline.reports.text.signatures import in_words

_WIDTH = 400


def render(result: PullResult, *, color: bool) -> str:
    """What was unpacked where, and who vouches for it."""
    del color
    facts = {
        "digest": result.artifact.digest,
        "source": result.source,
        "revision": result.revision,
        "signed by": "; ".join(map(in_words, result.signatures)) or "nobody asked",
    }
    return f"Unpacked {result.files} files ({result.size} bytes) into {result.folder}\n" + "".join(
        f"  {name + ':':<11}{printable(fact, _WIDTH)}\n" for name, fact in facts.items() if fact
    )
