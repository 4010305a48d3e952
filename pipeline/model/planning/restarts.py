"""Which workloads replace their Pods because of a plan.

A Deployment, StatefulSet or DaemonSet does so when its Pod template changes (Kubernetes documentation, "Workload
Management"): directly, or because a ConfigMap or Secret that it refers to has a new name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.model.documents.untyped import mapping_at
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Action, Change, FieldChange
from pipeline.model.planning.blast_radius import Touched
from pipeline.model.planning.workloads import WORKLOADS, is_scaled_to_zero, kind_of

_ROLLING = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet")})
_TEMPLATE = "spec.template"
_SHOWN = 3

Bodies = Mapping[ObjectId, Body]


def restarts(change: Change, before: Bodies, after: Bodies) -> Iterator[Touched]:
    """At most one: the change's own object, if its Pods are replaced."""
    kind = kind_of(change.object_id)
    if change.action is Action.RECREATE and kind in WORKLOADS:
        yield Touched(change.object_id, "it is deleted and created anew")
    if change.action is not Action.CONFIGURE or kind not in _ROLLING:
        return
    fields = [field for field in change.fields if _is_in_template(field.path)]
    if fields and not _waits(before.get(change.object_id, {}), after.get(change.object_id, {})):
        yield Touched(change.object_id, _reason(fields))


def _is_in_template(path: str) -> bool:
    return path == _TEMPLATE or path.startswith((f"{_TEMPLATE}.", f"{_TEMPLATE}["))


def _waits(before: Body, after: Body) -> bool:
    """Whether no Pod is replaced all the same: there is none, it is paused, or it waits for somebody to delete them."""
    effective = {**mapping_at(before, "spec"), **mapping_at(after, "spec")}
    if is_scaled_to_zero({"spec": effective}) or effective.get("paused") is True:
        return True
    return mapping_at(effective, "updateStrategy").get("type") == "OnDelete"


def _reason(fields: list[FieldChange]) -> str:
    followed = list(dict.fromkeys(field.follows for field in fields if field.follows))
    own = [field.path for field in fields if not field.follows]
    parts = []
    if own:
        names = [path.removeprefix(f"{_TEMPLATE}.").removeprefix("spec.") for path in own]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        parts.append(f"its Pod template changes: {', '.join(names[:_SHOWN])}{more}")
    if followed:
        more = f" and {len(followed) - _SHOWN} more" if len(followed) > _SHOWN else ""
        parts.append(f"what it refers to has a new name: {', '.join(followed[:_SHOWN])}{more}")
    return "; ".join(parts)
