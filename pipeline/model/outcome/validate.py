"""What the gates found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipeline.errors import RefusedError
from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome import header
from pipeline.model.outcome.diff import Side
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateResult:
    """All gates' findings, gravest first, suppressed ones last.

    ``objects`` is how many objects the manifests have; ``checks`` are the gates' own results, in the order in which
    they ran, with severities and suppressions applied. ``origins`` is where each object is written, for reports that
    name those in which nothing was found as well.
    """

    kind: ClassVar[str] = "ValidateResult"

    subject: Side
    objects: int
    checks: tuple[Checked, ...]
    origins: Mapping[ObjectId, Origin | None] = field(default_factory=dict, hash=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them: errors, warnings, notes, and then what is suppressed; in each by place."""
        order = list(Severity)
        found = [finding for check in self.checks for finding in check.findings]
        return tuple(sorted(found, key=lambda item: (item.suppression is not None, order.index(item.severity))))

    @property
    def not_evaluated(self) -> tuple[NotEvaluated, ...]:
        """What no gate could judge."""
        return tuple(item for check in self.checks for item in check.not_evaluated)

    @property
    def is_passed(self) -> bool:
        """Whether no error remains."""
        return not any(finding.is_error for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """How many findings of that severity are not suppressed."""
        return sum(item.severity is severity and item.suppression is None for item in self.findings)

    @property
    def suppressed(self) -> int:
        """How many findings somebody said are all right."""
        return sum(item.suppression is not None for item in self.findings)

    def refusal(self, *, names_findings: bool = False) -> RefusedError:
        """The error that a closed gate ends with; where no report shows the findings, it names the first of them."""
        number = self.count(Severity.ERROR)
        rules = list(dict.fromkeys(finding.rule for finding in self.findings if finding.is_error))
        shown = ", ".join(rules[:5]) + (", …" if len(rules) > 5 else "")  # noqa: PLR2004 - a handful
        return RefusedError(
            f"{number} error{'s' if number > 1 else ''} found: {shown}",
            hint=self._first_errors()
            if names_findings
            else "see the report for each one's place and what to do about it",
            code="refused.validation",
        )

    def _first_errors(self) -> str:
        errors = [finding for finding in self.findings if finding.is_error]
        told = [f"{item.origin or item.object_id or self.subject.name}: {item.message}" for item in errors[:5]]
        more = [f"and {len(errors) - 5} more"] if len(errors) > 5 else []  # noqa: PLR2004 - a handful
        return "\n  ".join([*told, *more])

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        counts = {severity.value: self.count(severity) for severity in Severity}
        return {
            **header(self.kind),
            "subject": self.subject.document(),
            "objects": self.objects,
            "passed": self.is_passed,
            "counts": counts | {"suppressed": self.suppressed, "notEvaluated": len(self.not_evaluated)},
            "gates": [{"name": item.gate, "objects": item.objects, "against": item.subject} for item in self.checks],
            "findings": [finding.document() for finding in self.findings],
            "notEvaluated": [item.document() for item in self.not_evaluated],
        }
