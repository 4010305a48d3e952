"""A diff for a pull request: what stands in the way, what is deleted, then the rest, object by object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.changes import TO_DO, counted, sections
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, prose


def render(result: DiffResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    head = (headline(result, context, "Diff"), sides(result))
    return compose(head, [*refusals(result), *change_sections(result, context)], context)


def headline(result: DiffResult, context: ReportContext, what: str) -> str:
    """The counts, and first whether it would be refused."""
    words = counted(result.plan, TO_DO) or "no differences"
    return title(f"would be refused; {words}" if result.obstacles else words, context, what)


def sides(result: DiffResult) -> str:
    """What is compared with what, and what stays as it is."""
    return f"{_side(result.before)} → {_side(result.after)}, {result.plan.unchanged} unchanged"


def refusals(result: DiffResult) -> Iterator[Section]:
    """What applying would be refused for, and what the user should know."""
    obstacles = []
    for obstacle in result.obstacles:
        hint = f" ({prose(obstacle.hint)})" if obstacle.hint else ""
        obstacles.append(Item(f"- {code(obstacle.subject)}: {prose(obstacle.problem)}{hint}"))
    yield Section("Applying this would be refused", obstacles)
    yield Section("Notes", [Item(f"- {prose(note)}") for note in result.notes])


def change_sections(result: DiffResult, context: ReportContext, reach: Iterable[Section] = ()) -> Iterator[Section]:
    """The changes themselves; ``reach`` stands behind what is deleted."""
    return sections(result.plan.changes, TO_DO, is_whole=is_whole(result, context), reach=reach)


def is_whole(result: DiffResult, context: ReportContext) -> bool:
    """Whether nothing is gathered or cut."""
    return result.is_full or not context.limit


def _side(side: Side) -> str:
    name = code(side.name)
    if side.artifact is not None and side.artifact.digest not in side.name:
        name += f" ({code(side.artifact.digest.removeprefix('sha256:')[:12])})"
    return f"{name} at {code(side.revision)}" if side.revision else name
