"""What gates found, as tests: a suite for each gate, a case for each object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.reporting import ReportContext
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated
from pipeline.reports.junit.document import Case, Ending, Suite, junit


def render(result: ValidateResult, context: ReportContext) -> str:
    """An object with an error has failed; one that was not evaluated, or whose finding is suppressed, is skipped.

    Warnings and notes are in the output of a case that passed. Where a gate did not look at every object, only those
    are there of which it said something.
    """
    suites = [Suite(f"gitless validate {check.gate}", tuple(_cases(check, result))) for check in result.checks]
    return junit(" ".join(filter(None, ("gitless validate", context.label))), suites, context.folder)


def _cases(check: Checked, result: ValidateResult) -> Iterator[Case]:
    by_object: dict[ObjectId | None, list[Finding]] = {}
    for finding in check.findings:
        by_object.setdefault(finding.object_id, []).append(finding)
    unknown: dict[ObjectId | None, list[NotEvaluated]] = {}
    for item in check.not_evaluated:
        unknown.setdefault(item.object_id, []).append(item)
    looked_at = result.origins if check.objects == len(result.origins) else {}
    for object_id in dict.fromkeys([*looked_at, *by_object, *unknown]):
        if object_id is not None:
            findings, missing = by_object.get(object_id, []), unknown.get(object_id, [])
            yield _case(str(object_id), findings, missing, result.origins.get(object_id))
    for finding in by_object.get(None, ()):
        yield _case(finding.rule, [finding], [], None)
    for item in unknown.get(None, ()):
        yield _case(item.rule, [], [item], item.origin)


def _case(name: str, findings: list[Finding], missing: list[NotEvaluated], origin: Origin | None) -> Case:
    errors = [item for item in findings if item.is_error]
    suppressed = [item for item in findings if item.suppression is not None]
    remarks = [item for item in findings if item.suppression is None and not item.is_error]
    output = (*_told(remarks), *_suppressions(suppressed), *(_unknown(item) for item in missing))
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return Case(
            name=name, ending=Ending.FAILED, message=first.message + more, type=first.rule,
            details=tuple(_told(errors)), output=output, origin=first.origin or origin,
        )  # fmt: skip
    if missing:
        return Case(name=name, ending=Ending.SKIPPED, message=_unknown(missing[0]), output=output, origin=origin)
    if suppressed:
        message = next(iter(_suppressions(suppressed)))
        return Case(name=name, ending=Ending.SKIPPED, message=message, output=output, origin=origin)
    return Case(name=name, output=output, origin=origin)


def _told(findings: Iterable[Finding]) -> Iterator[str]:
    for item in findings:
        place = f"{item.origin}: " if item.origin is not None else ""
        yield f"{place}{item.severity.value} {item.rule}: {item.message}"
        if item.hint:
            yield f"  hint: {item.hint}"


def _suppressions(findings: Iterable[Finding]) -> Iterator[str]:
    for item in findings:
        if item.suppression is not None:
            yield f"suppressed: {item.rule}: {item.suppression.reason} ({item.suppression.place})"


def _unknown(item: NotEvaluated) -> str:
    return f"not evaluated: {item.rule}: {item.reason}"
