"""Saved plans of a cluster in memory."""

from __future__ import annotations

import json
from typing import Any

from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.planning.saved_plan import SavedPlan, plan_document, read_plan
from pipeline.stages.plan import Planned, plan_live
from tests.unit.apply.worlds import Body, World, trust

DIGEST = "sha256:" + "a" * 64


def plan(world: World, *bodies: Body) -> Planned:
    trusted = trust(*bodies, digest=DIGEST)
    return plan_live(trusted.manifests, world.cluster, world.options, trusted=trusted)


def document_of(planned: Planned) -> dict[str, Any]:
    artifact = trust(digest=DIGEST).reference
    assert artifact is not None
    sides = Side(name="live", is_live=True), Side(name=artifact.digest_url, artifact=artifact)
    live = planned.live
    diff = DiffResult(before=sides[0], after=sides[1], plan=live.plan, obstacles=live.obstacles, notes=live.notes)
    return plan_document(PlanResult(diff=diff, radius=planned.radius, basis=planned.basis))


def saved(planned: Planned) -> SavedPlan:
    """Through the file and back."""
    return read_plan(json.dumps(document_of(planned)).encode(), "plan.json")
