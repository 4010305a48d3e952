"""What gates found, for code scanning."""

from __future__ import annotations

from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.reporting import ReportContext
from pipeline.model.validation.finding import NotEvaluated
from pipeline.reports.sarif.document import Notification, Result, sarif


def render(result: ValidateResult, context: ReportContext) -> str:
    """One run; what is suppressed is in it as such, and what was not evaluated as notifications."""
    return sarif(
        [
            Result(
                rule=item.rule,
                level=item.severity,
                message=item.message if item.object_id is None else f"{item.object_id}: {item.message}",
                object_id=item.object_id,
                path=item.path,
                origin=item.origin,
                suppression=item.suppression,
            )
            for item in result.findings
        ],
        [rule for check in result.checks for rule in check.rules],
        [_notification(item) for item in result.not_evaluated],
        label=context.label or "validate",
        passed=result.is_passed,
        folder=context.folder,
    )


def _notification(item: NotEvaluated) -> Notification:
    about = f" of {item.object_id}" if item.object_id is not None else ""
    return Notification(
        message=f"{item.gate} could not evaluate {item.rule}{about}: {item.reason}", rule=item.rule, origin=item.origin
    )
