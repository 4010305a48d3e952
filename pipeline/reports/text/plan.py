"""A plan for people: what ``diff`` shows, with how far it reaches before the single changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.model.outcome.plan import PlanResult
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.reports.text.alike import gather_touched
from pipeline.reports.text.diff import naming, printable_lines
from pipeline.reports.text.values import Paint, printable

_SHOWN = 20


def render(result: PlanResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: PlanResult, paint: Paint) -> Iterator[str]:
    yield from printable_lines(result.diff, paint, _radius(result.radius, paint, is_full=result.diff.is_full))
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
    places = f" in {_listed(radius.namespaces, is_full=is_full)}" if radius.namespaces else ""
    kinds = _listed([f"{number} {kind}" for kind, number in radius.kinds.items()], is_full=is_full)
    yield ""
    yield printable(f"Blast radius: {objects}{places} ({kinds})")
    yield from _touched("data goes with", radius.data_lost, "red+bold", paint, is_full=is_full)
    yield from _touched("endpoints lost by", radius.endpoints_lost, "red", paint, is_full=is_full)
    yield from _touched("restarts", radius.restarts, "yellow", paint, is_full=is_full)


def _listed(words: Sequence[str], *, is_full: bool) -> str:
    shown = words if is_full else words[:_SHOWN]
    more = [f"{len(words) - len(shown)} more"] if len(words) > len(shown) else []
    return ", ".join([*shown, *more])


def _touched(title: str, items: Sequence[Touched], style: str, paint: Paint, *, is_full: bool) -> Iterator[str]:
    groups = [(item,) for item in items] if is_full else gather_touched(items)
    shown = groups if is_full else groups[:_SHOWN]
    for group in shown:
        first = group[0]
        who = str(first.object_id) if len(group) == 1 else f"{len(group)} objects"
        yield f"  {paint(style, title)} {printable(who)}: {paint('dim', printable(first.reason))}"
        if len(group) > 1:
            yield from naming([item.object_id for item in group], "", paint)
    rest = sum(map(len, groups[len(shown) :]))
    if rest:
        yield paint("dim", f"  … and {rest} more (--full shows them)")
