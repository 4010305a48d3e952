"""A plan for a pull request: the diff, and how far it reaches behind what is deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.model.outcome.plan import PlanResult
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.changes import folded, naming
from pipeline.reports.markdown.diff import change_sections, headline, is_whole, refusals, sides
from pipeline.reports.markdown.document import Item, Section, compose
from pipeline.reports.markdown.escaping import code, prose
from pipeline.reports.text.alike import gather_touched

_NAMED = 12


def render(result: PlanResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    head = (headline(result.diff, context, "Plan"), sides(result.diff), _reach(result.radius), _saved(result))
    lost = _section("Takes data with it", result.radius.data_lost, is_whole=True)
    reach = _reached(result.radius, is_whole=is_whole(result.diff, context))
    return compose(head, [*refusals(result.diff), lost, *change_sections(result.diff, context, reach)], context)


def _saved(result: PlanResult) -> str:
    if not result.file:
        return ""
    does = "`gitless apply --plan` does exactly this" if result.is_appliable else "it is to be read, not applied"
    return f"Saved in {code(result.file)} ({code(result.digest)}); {does}."


def _reach(radius: BlastRadius) -> str:
    if not radius.objects:
        return ""
    numbers = [_counted(radius.objects, "object", "objects")]
    numbers += [f"**{len(radius.data_lost)} whose deletion takes data with it**"] if radius.data_lost else []
    if radius.endpoints_lost:
        numbers.append(
            _counted(len(radius.endpoints_lost), "Service that loses endpoints", "Services that lose endpoints")
        )
    if radius.restarts:
        numbers.append(_counted(len(radius.restarts), "workload that restarts", "workloads that restart"))
    places = _named(list(radius.namespaces))
    kinds = ", ".join(f"{number} {code(kind)}" for kind, number in list(radius.kinds.items())[:_NAMED])
    more = f" and {len(radius.kinds) - _NAMED} more kinds" if len(radius.kinds) > _NAMED else ""
    reach = f"**Blast radius**: {', '.join(numbers)}"
    return reach + (f", in {places}" if places else "") + (f" ({kinds}{more})" if kinds else "")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _named(names: list[str]) -> str:
    shown = ", ".join(map(code, names[:_NAMED]))
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _reached(radius: BlastRadius, *, is_whole: bool) -> Iterator[Section]:
    yield _section("Services that lose endpoints", radius.endpoints_lost, is_whole=is_whole)
    yield _section("Workloads that restart", radius.restarts, is_whole=is_whole)


def _section(title: str, items: Sequence[Touched], *, is_whole: bool) -> Section:
    return Section(title, [_item(group, is_whole=is_whole) for group in gather_touched(items)])


def _item(group: tuple[Touched, ...], *, is_whole: bool) -> Item:
    reason = prose(group[0].reason)
    if len(group) == 1:
        return Item(f"- {code(str(group[0].object_id))}: {reason}")
    objects = [item.object_id for item in group]
    words = f"{len(group)} objects: {reason}"
    return Item(f"- {words}", lambda: folded(words, naming(objects, is_whole=is_whole)))
