"""Changes that the API server will refuse, told before anything is published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from pipeline.model.applying.controls import controls_of, reason_to_skip
from pipeline.model.comparison.differences import compare
from pipeline.model.manifests import Resource
from pipeline.model.plan import ABSENT, FieldChange
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.immutable_fields import fixed_fields
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject

_UNTOLD: Final = frozenset({"ConfigMap", "Secret"})
"""Kinds whose values are nobody's business here."""
_LONGEST = 60


@lint_rule(
    "immutable-field",
    Severity.ERROR,
    title="A change of a field that cannot be changed",
    reason="The API server refuses it, and with it everything that is applied together with this object.",
    fix="give the object a new name, or allow it to be deleted and created anew: the annotation"
    " kustomize.toolkit.fluxcd.io/force: Enabled, or apply --recreate",
)
def immutable_field(subject: Subject) -> Iterator[Problem]:
    """Against what was there before; objects that may be recreated, or are not applied, are left out."""
    for before in subject.previous or ():
        after = subject.objects.get(before.id)
        fixed = fixed_fields(before.id, before.body)
        if after is None or fixed is None:
            continue
        controls = controls_of(after.body["metadata"])
        if controls.recreates or reason_to_skip(controls, None):
            continue
        found: dict[str, FieldChange] = {}
        for change in compare(before.body, after.body):
            field = fixed.field_of(change, before.body, after.body)
            if field:
                found.setdefault(field, change)
        for field, change in found.items():
            yield Problem(after, field, f"{field} cannot be changed{_change(after, field, change)}")


def _change(resource: Resource, field: str, change: FieldChange) -> str:
    """What changes, as far as it is short enough to be told."""
    if change.path != field:
        return f": {shown(change.path)} is another one than before"
    sides = [None if side is ABSENT else side for side in (change.before, change.after)]
    if resource.id.kind in _UNTOLD or change.is_sensitive or any(isinstance(side, dict | list) for side in sides):
        return ""
    before, after = (shown(json.dumps(side))[:_LONGEST] for side in sides)
    return f" from {before} to {after}"
