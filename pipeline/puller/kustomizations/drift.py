"""Drift that is only reported: what applying would correct, and who changed it."""

from __future__ import annotations

from pipeline.model.flux import api
from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.flux.kustomization_status import DRIFT_DETECTED, DRIFTED, Draft, last_success
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.manifests import Body
from pipeline.model.plan import Action, Change
from pipeline.puller.kustomizations.applying import named, plan_rendered
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.rendering import Rendered
from pipeline.puller.kustomizations.status_inventory import StatusInventory
from pipeline.puller.kustomizations.targets import Target

_FIELDS_SHOWN = 5
_OBJECTS_SHOWN = 50

__all__ = ["DRIFTED", "find", "is_report_only", "told"]


def is_report_only(body: Body, digest: str) -> bool:
    """Whether drift is only to be told: asked for by annotation, and the same rendering was applied before.

    A new rendering is applied all the same: the mode is about drift, not about changes that were published.
    """
    asked = (body["metadata"].get("annotations") or {}).get(api.DRIFT_ANNOTATION)
    return asked == api.DRIFT_REPORT and last_success(body) == digest


def find(
    body: Body, spec: KustomizationSpec, rendered: Rendered, target: Target, store: StatusInventory, parts: Parts
) -> tuple[Change, ...]:
    """What differs from what was applied."""
    result = plan_rendered(body, spec, rendered, target, store, parts)
    return tuple(change for change in result.plan.changes if change.action not in {Action.SKIP, Action.UNCHANGED})


def told(draft: Draft, changes: tuple[Change, ...], metadata: object) -> tuple[Draft, tuple[ObjectEvent, ...]]:
    """The status with the condition, and an event where it is news."""
    if not changes:
        return draft.without_conditions(DRIFTED), ()
    message = "\n".join(_line(change) for change in changes[:_OBJECTS_SHOWN])
    if len(changes) > _OBJECTS_SHOWN:
        message += f"\nand {len(changes) - _OBJECTS_SHOWN} more"
    before = draft.conditions.get(DRIFTED)
    draft = draft.with_condition(DRIFTED, "True", DRIFT_DETECTED, message)
    now = draft.conditions.get(DRIFTED)
    if before is not None and now is not None and before.message == now.message:
        return draft, ()
    annotations = dict(metadata) if isinstance(metadata, dict) else {}
    return draft, (ObjectEvent(Severity.ERROR, DRIFT_DETECTED, message, annotations),)


def _line(change: Change) -> str:
    """One object: what applying would do, which fields differ, and who set them."""
    fields = [field.path + (f" ({field.manager})" if field.manager else "") for field in change.fields[:_FIELDS_SHOWN]]
    if len(change.fields) > _FIELDS_SHOWN:
        fields.append(f"and {len(change.fields) - _FIELDS_SHOWN} more")
    listed = f": {', '.join(fields)}" if fields else f": {change.reason}" if change.reason else ""
    return f"{change.action.value} {named(change.object_id)}{listed}"
