"""What runs, verified, for code scanning: everything that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.model.outcome.verify import Verdict, VerifyResult
from pipeline.model.plan import Action
from pipeline.model.reporting import ReportContext
from pipeline.model.validation.finding import Rule, Severity
from pipeline.reports.sarif.document import Notification, Result, sarif

VERIFY_RULES: Final = (
    Rule(
        id="verify-apply",
        gate="verify",
        title="An apply that has not finished",
        reason="What the inventory lists may be half of the last release and half of the one before.",
        fix="run the same apply again",
        severity=Severity.ERROR,
    ),
    Rule(
        id="verify-signature",
        gate="verify",
        title="An artifact that nobody trusted has signed",
        reason="What runs was not released by anybody whose word counts.",
        fix="find out who applied it, and apply a signed artifact",
        severity=Severity.ERROR,
    ),
    Rule(
        id="verify-drift",
        gate="verify",
        title="An object that is not what was applied",
        reason="Somebody or something has changed it since, and the artifact no longer says what runs.",
        fix="apply again, or release what was changed by hand",
        severity=Severity.ERROR,
    ),
    Rule(
        id="verify-health",
        gate="verify",
        title="An object that is not healthy",
        reason="What was released does not work, or not yet.",
        fix="look at its events and logs in the text report, or release what worked before",
        severity=Severity.ERROR,
    ),
)
_BAD: Final = frozenset({Verdict.FAILED, Verdict.UNKNOWN})


def render(result: VerifyResult, context: ReportContext) -> str:
    """One run; parts that were not asked for, or could not be found out, are notifications."""
    signature, drift, health = result.signature, result.drift, result.health
    parts = (
        ("signature", signature.verdict, signature.message),
        ("drift", drift.verdict, drift.message),
        ("health", health.verdict, health.message),
    )
    return sarif(
        list(_results(result)),
        VERIFY_RULES,
        [
            Notification(message=f"{name} was not verified: {message}", rule=f"verify-{name}")
            for name, verdict, message in parts
            if verdict in {Verdict.SKIPPED, Verdict.UNKNOWN}
        ],
        label=context.label or "verify",
        passed=result.is_verified,
        folder=context.folder,
    )


def _results(result: VerifyResult) -> Iterator[Result]:
    if result.incomplete:
        yield _whole("apply", result.incomplete)
    if result.signature.verdict in _BAD:
        yield _whole("signature", result.signature.message)
    for change in result.drift.changes:
        what = "is missing" if change.action is Action.CREATE else "is not what was applied"
        fields = [field.path for field in change.fields][:5]
        more = f": {', '.join(fields)}" if fields else ""
        yield Result(
            rule="verify-drift",
            level=Severity.ERROR,
            message=f"{change.object_id} {what}{more}",
            object_id=change.object_id,
            origin=change.origin,
        )
    for problem in result.drift.problems:
        yield _whole("drift", problem)
    if result.drift.verdict in _BAD and not (result.drift.changes or result.drift.problems):
        yield _whole("drift", result.drift.message)
    for item in result.health.unhealthy:
        says = f"{item.object_id}: {item.health.status.value} {item.health.message}"
        yield Result(rule="verify-health", level=Severity.ERROR, message=says, object_id=item.object_id)
    if result.health.verdict in _BAD and not result.health.unhealthy:
        yield _whole("health", result.health.message)


def _whole(part: str, message: str) -> Result:
    return Result(rule=f"verify-{part}", level=Severity.ERROR, message=message)
