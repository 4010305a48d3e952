"""What the gate has found so far."""

from __future__ import annotations

from pipeline.model.documents.printable import printable
from pipeline.model.manifests import ObjectId, Origin, Resource
from pipeline.model.validation.finding import Finding, NotEvaluated, Severity

GATE = "cel"
_MAX_MESSAGE = 500


class Tally:
    """Collects findings, each once and at its gravest, and what could not be judged, each once."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, ObjectId | None, str, str], Finding] = {}
        self._not_evaluated: dict[tuple[str, str, ObjectId | None], NotEvaluated] = {}

    def find(
        self, rule: str, severity: Severity, message: str, resource: Resource, *, path: str = "", hint: str = ""
    ) -> None:
        """The object breaks the rule."""
        finding = Finding(
            gate=GATE,
            rule=rule,
            severity=severity,
            message=printable(message, _MAX_MESSAGE),
            object_id=resource.id,
            api_version=resource.api_version,
            path=path,
            origin=resource.origin,
            hint=hint,
        )
        key = (rule, resource.id, path, finding.message)
        before = self._findings.get(key)
        order = list(Severity)
        if before is None or order.index(severity) < order.index(before.severity):
            self._findings[key] = finding

    def skip(self, rule: str, reason: str, resource: Resource | None = None, origin: Origin | None = None) -> None:
        """The rule could not be judged: for that object, or, without one, for any."""
        identity = resource.id if resource else None
        place = resource.origin if resource else origin
        self._not_evaluated.setdefault(
            (rule, reason, identity),
            NotEvaluated(
                gate=GATE, rule=rule, reason=printable(reason, _MAX_MESSAGE), object_id=identity, origin=place
            ),
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings in the order in which they came."""
        return tuple(self._findings.values())

    @property
    def not_evaluated(self) -> tuple[NotEvaluated, ...]:
        """All of what could not be judged, in the same order."""
        return tuple(self._not_evaluated.values())
