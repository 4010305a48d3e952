"""What of a result deserves a remark beside the source: the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome import Result
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.outcome.images_check import CheckedImage, ImageProblem, ImagesCheckResult
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import VerifyResult
from pipeline.model.plan import Action, Change
from pipeline.model.telling import Annotation
from pipeline.model.validation.finding import Finding, Severity

_UNUSABLE = {ImageProblem.GONE, ImageProblem.UNREADABLE}
_WORDS = {Action.PRUNE: "will be deleted", Action.RECREATE: "will be deleted and created anew"}


def annotations_of(result: Result) -> tuple[Annotation, ...]:
    """Findings, obstacles, deletions and what is not healthy; by severity, in each in the result's own order."""
    order = list(Severity)
    return tuple(sorted(_all(result), key=lambda annotation: order.index(annotation.severity)))


def _all(result: Result) -> Iterator[Annotation]:
    match result:
        case ValidateResult():
            yield from (_finding(item) for item in result.findings if item.suppression is None)
            for missed in result.not_evaluated:
                text = f"{missed.object_id}: {missed.reason}" if missed.object_id else missed.reason
                yield _beside(missed.origin, Severity.WARNING, f"{missed.rule}: not evaluated", text)
        case PlanResult():
            yield from _differing(result.diff, {item.object_id: item.reason for item in result.radius.data_lost})
        case DiffResult():
            yield from _differing(result, {})
        case VerifyResult():
            yield from _running(result)
        case ImagesCheckResult():
            yield from map(_image, result.problems)


def _finding(finding: Finding) -> Annotation:
    subject = f"{finding.object_id}: " if finding.object_id else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return _beside(finding.origin, finding.severity, finding.rule, f"{subject}{finding.message}{hint}")


def _differing(result: DiffResult, lost: Mapping[ObjectId, str]) -> Iterator[Annotation]:
    for obstacle in result.obstacles:
        message = f"{obstacle.subject}: {obstacle.problem}"
        yield Annotation(severity=Severity.ERROR, title="would be refused", message=message)
    deleted = [item for item in result.plan.changes if item.action in _WORDS and item.renamed_to is None]
    # What goes with a Namespace is deleted by nobody's plan.
    planned = {item.object_id for item in deleted}
    for object_id in (found for found in lost if found not in planned):
        yield Annotation(severity=Severity.WARNING, title="data lost", message=f"{object_id}: {lost[object_id]}")
    for change in sorted(deleted, key=lambda item: item.object_id not in lost):
        yield _deletion(change, lost.get(change.object_id, ""))


def _deletion(change: Change, lost: str) -> Annotation:
    reasons = "; ".join(filter(None, (lost, change.reason)))
    message = f"{change.object_id} {_WORDS[change.action]}" + (f" ({reasons})" if reasons else "")
    return _beside(change.origin, Severity.WARNING, "data lost" if lost else "deletion", message)


def _running(result: VerifyResult) -> Iterator[Annotation]:
    for item in result.health.unhealthy:
        message = f": {item.health.message}" if item.health.message else ""
        text = f"{item.object_id} is {item.health.status}{message}"
        yield Annotation(severity=Severity.ERROR, title="not healthy", message=text)
    for change in result.drift.changes:
        text = f"{change.object_id} differs from what was applied"
        yield _beside(change.origin, Severity.ERROR, "drift", text)


def _image(found: CheckedImage) -> Annotation:
    severity = Severity.ERROR if found.problem in _UNUSABLE else Severity.WARNING
    origin = found.resources[0].origin if found.resources else None
    return _beside(origin, severity, f"image {found.problem}", f"{found.image} {found.words}")


def _beside(origin: Origin | None, severity: Severity, title: str, message: str) -> Annotation:
    if origin is None:
        return Annotation(severity=severity, title=title, message=message)
    if origin.chart is not None:
        message = f"{message} [chart {origin.chart}]"
    return Annotation(severity=severity, title=title, message=message, file=origin.file, line=origin.line)
