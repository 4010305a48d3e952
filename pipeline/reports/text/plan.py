"""A plan for people: how far it reaches first, then every change as ``diff`` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.model.outcome.plan import PlanResult
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.reports.text.diff import printable_lines
from pipeline.reports.text.values import Paint, printable

_SHOWN = 20


def render(result: PlanResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: PlanResult, paint: Paint) -> Iterator[str]:
    yield from _radius(result.radius, paint, is_full=result.diff.is_full)
    yield from printable_lines(result.diff, paint)
    if not result.file:
        return
    yield ""
    yield f"saved to {paint('bold', printable(result.file))} ({result.digest})"
    if result.is_appliable:
        yield paint("dim", printable(f"apply exactly this: gitless apply --plan {result.file}"))
    elif result.basis is not None:
        yield paint("yellow", "it is to be read, not applied: applying it would be refused")
    else:
        yield paint("yellow", "it is to be read, not applied: only a plan from live to an artifact can be applied")


def _radius(radius: BlastRadius, paint: Paint, *, is_full: bool) -> Iterator[str]:
    if not radius.objects:
        return
    objects = "1 object" if radius.objects == 1 else f"{radius.objects} objects"
    places = f" in {', '.join(radius.namespaces)}" if radius.namespaces else ""
    kinds = ", ".join(f"{number} {kind}" for kind, number in radius.kinds.items())
    yield printable(f"Blast radius: {objects}{places} ({kinds})")
    yield from _touched("data goes with", radius.data_lost, "red+bold", paint, is_full=is_full)
    yield from _touched("endpoints lost by", radius.endpoints_lost, "red", paint, is_full=is_full)
    yield from _touched("restarts", radius.restarts, "yellow", paint, is_full=is_full)
    yield ""


def _touched(title: str, items: Sequence[Touched], style: str, paint: Paint, *, is_full: bool) -> Iterator[str]:
    shown = items if is_full else items[:_SHOWN]
    for item in shown:
        yield f"  {paint(style, title)} {printable(str(item.object_id))}: {paint('dim', printable(item.reason))}"
    if len(items) > len(shown):
        yield paint("dim", f"  … and {len(items) - len(shown)} more (--full shows them)")
