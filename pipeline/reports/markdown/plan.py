"""A plan for a pull request: the diff, and before it how far it reaches."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.plan import PlanResult
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.diff import change_sections, headline, refusals, sides
from pipeline.reports.markdown.document import Item, Section, compose
from pipeline.reports.markdown.escaping import code, prose

_NAMED = 12


def render(result: PlanResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    head = (headline(result.diff, context, "Plan"), sides(result.diff), _reach(result.radius), _saved(result))
    parts = [*refusals(result.diff), *_touched(result.radius), *change_sections(result.diff, context)]
    return compose(head, parts, context)


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


def _touched(radius: BlastRadius) -> Iterator[Section]:
    yield Section("Takes data with it", [_item(item) for item in radius.data_lost])
    yield Section("Services that lose endpoints", [_item(item) for item in radius.endpoints_lost])
    yield Section("Workloads that restart", [_item(item) for item in radius.restarts])


def _item(touched: Touched) -> Item:
    return Item(f"- {code(str(touched.object_id))}: {prose(touched.reason)}")
