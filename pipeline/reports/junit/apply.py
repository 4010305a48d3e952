"""What an apply did, as tests: a case for each object that it touched or passed over."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.plan import Action, Change
from pipeline.model.reporting import ReportContext
from pipeline.reports.junit.document import Case, Ending, Suite, junit


def render(result: ApplyResult, context: ReportContext) -> str:
    """What was left alone is skipped; an apply that was stopped, or left something unpruned, has failed itself."""
    name = "gitless apply" + (" (dry run)" if result.dry_run else "")
    suite = Suite(name, tuple(_cases(result)))
    return junit(" ".join(filter(None, (name, context.label))), [suite], context.folder)


def _cases(result: ApplyResult) -> Iterator[Case]:
    place = f"inventory {result.namespace}/{result.inventory} in {result.cluster}"
    about = (place, *result.notes, *map(str, result.differences))
    if result.is_complete:
        yield Case(name="apply", output=about)
    else:
        message = "an error stopped it, or something could not be pruned; what is listed here was done"
        if result.differences:
            message = "the plan no longer holds; what is listed here was done"
        yield Case(name="apply", ending=Ending.FAILED, message=message, details=about)
    if result.plan.unchanged:
        yield Case(name="unchanged objects", output=(f"{result.plan.unchanged} as they should be",))
    for change in result.changes:
        yield _case(change)


def _case(change: Change) -> Case:
    reason = f": {change.reason}" if change.reason else ""
    if change.action is Action.SKIP:
        message = f"left alone{reason}"
        return Case(name=str(change.object_id), ending=Ending.SKIPPED, message=message, origin=change.origin)
    return Case(name=str(change.object_id), output=(f"{change.action.value}{reason}",), origin=change.origin)
