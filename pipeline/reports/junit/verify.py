"""What runs, verified, as tests: whether it is signed, as applied and healthy, and each object's health."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.model.outcome.verify import ObjectHealth, Verdict, VerifyResult
from pipeline.model.plan import Action, Change
from pipeline.model.reporting import ReportContext
from pipeline.reports.junit.document import Case, Ending, Suite, junit

_ENDINGS: Final = {
    Verdict.PASSED: Ending.PASSED,
    Verdict.FAILED: Ending.FAILED,
    Verdict.SKIPPED: Ending.SKIPPED,
    Verdict.UNKNOWN: Ending.UNKNOWN,
}


def render(result: VerifyResult, context: ReportContext) -> str:
    """What was not asked for is skipped, what could not be found out is an error."""
    suites = [
        Suite("gitless verify", tuple(_parts(result))),
        Suite("gitless verify drift", tuple(_drifted(change) for change in result.drift.changes)),
        Suite("gitless verify health", tuple(_health(item) for item in result.health.objects)),
    ]
    name = " ".join(filter(None, ("gitless verify", context.label)))
    return junit(name, [suite for suite in suites if suite.cases], context.folder)


def _parts(result: VerifyResult) -> Iterator[Case]:
    if result.incomplete:
        yield Case(name="apply", ending=Ending.FAILED, message=result.incomplete, type="verify-apply")
    signature, drift, health = result.signature, result.drift, result.health
    yield _part("signature", signature.verdict, signature.message)
    yield _part("drift", drift.verdict, drift.message, drift.problems)
    yield _part("health", health.verdict, health.message)


def _part(name: str, verdict: Verdict, message: str, details: tuple[str, ...] = ()) -> Case:
    if verdict is Verdict.PASSED:
        return Case(name=name, output=(message, *details))
    return Case(name=name, ending=_ENDINGS[verdict], message=message, type=f"verify-{name}", details=details)


def _drifted(change: Change) -> Case:
    message = "it is missing" if change.action is Action.CREATE else "it is not what was applied"
    details = tuple(f"{field.path} differs" for field in change.fields)
    return Case(
        name=str(change.object_id), ending=Ending.FAILED, message=message, type="verify-drift", details=details,
        origin=change.origin,
    )  # fmt: skip


def _health(item: ObjectHealth) -> Case:
    words = ": ".join(filter(None, (item.health.status.value, item.health.message)))
    if item.health.is_current:
        return Case(name=str(item.object_id), output=(words,))
    events = tuple(f"{event.type} {event.reason}: {event.message}" for event in item.findings.events)
    return Case(
        name=str(item.object_id), ending=Ending.FAILED, message=words, type="verify-health",
        details=(*item.findings.notes, *events),
    )  # fmt: skip
