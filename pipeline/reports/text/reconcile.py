"""``ReconcileResult`` as lines."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.documents.printable import printable
from pipeline.model.flux.api import OCI_REPOSITORIES
from pipeline.model.flux.waiting import State
from pipeline.model.outcome.reconcile import ReconciledObject, ReconcileResult
from pipeline.reports.text.values import Paint

_WIDTH = 400


def render(result: ReconcileResult, *, color: bool) -> str:
    """One line per object."""
    return "".join(reconciled_lines(result.objects, color=color))


def reconciled_lines(objects: Sequence[ReconciledObject], *, color: bool) -> list[str]:
    """A line for each, with its line break."""
    paint = Paint(color)
    return [_line(item, paint) for item in objects]


def _line(item: ReconciledObject, paint: Paint) -> str:
    if item.state is State.DELIVERED:
        did = "fetched" if item.resource_type == OCI_REPOSITORIES else "applied"
        told = f"{did} revision {item.revision}" if item.revision else item.message
        return f"{paint('green', '✓')} {item}: {printable(told, _WIDTH)} ({item.seconds:.1f}s)\n"
    mark = "… still waiting: " if item.state is State.WAITING else ""
    return f"{paint('red', '✗')} {item}: {mark}{printable(item.message, _WIDTH)}\n"
