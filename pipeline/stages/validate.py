"""Validate: hold manifests against every gate, and say what is in the way and where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.validation.finding import Checked, Finding
from pipeline.model.validation.options import ValidationOptions
from pipeline.model.validation.suppressing import settle
from pipeline.ports import Gate, Places


def validate(
    manifests: Manifests,
    gates: Sequence[Gate],
    options: ValidationOptions,
    *,
    subject: Side,
    places: Places,
    previous: Manifests | None = None,
) -> ValidateResult:
    """Let every gate look, apply the severities and suppressions, and find each finding's line.

    Findings keep the order in which the gates told them; the result sorts by severity.

    Raises:
        ConfigurationError: a gate's rules cannot be read, a program is missing, or the settings name an unknown rule.
        ToolError: a program that a gate needs failed.
    """
    checks = tuple(gate.check(manifests, previous) for gate in gates)
    settled = settle(checks, options, manifests)
    by_id = {resource.id: resource for resource in manifests}
    return ValidateResult(
        subject=subject,
        objects=len(manifests),
        checks=tuple(_located(check, by_id, places) for check in settled),
        origins={resource.id: resource.origin for resource in manifests},
    )


def _located(check: Checked, by_id: dict[ObjectId, Resource], places: Places) -> Checked:
    return replace(check, findings=tuple(_with_line(finding, by_id, places) for finding in check.findings))


def _with_line(finding: Finding, by_id: dict[ObjectId, Resource], places: Places) -> Finding:
    resource = by_id.get(finding.object_id) if finding.object_id is not None else None
    if resource is None or (finding.origin is not None and finding.origin != resource.origin):
        return finding  # about nothing in particular, or its gate knows better
    return replace(finding, origin=places.locate(resource, finding.path))
