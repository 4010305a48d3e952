"""``DeleteResult`` in one sentence."""

from __future__ import annotations

from pipeline.model.outcome.delete import DeleteResult
from pipeline.reports.text.values import printable


def render(result: DeleteResult, *, color: bool) -> str:
    """The sentence."""
    del color
    word = "Deleted" if result.is_gone else "Marked for deletion:"
    found = result.consequences
    with_it = ""
    if found is not None and found.prunes and found.is_guarded and found.objects:
        with_it = f", and with it {len(found.objects)} object{'' if len(found.objects) == 1 else 's'}"
    return f"{word} {printable(str(result.object_id))}{with_it}\n"
