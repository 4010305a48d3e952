from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.plan import Action, Change, Plan
from pipeline.model.planning.basis import Basis
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.reports import render_result

WEB = ObjectId("apps", "Deployment", "shop", "web")
SERVICE = ObjectId("", "Service", "shop", "web")
CLAIM = ObjectId("", "PersistentVolumeClaim", "shop", "data")
BASIS = Basis(context="production", cluster_uid="u", namespace="shop", inventory="shop", inventory_version="7")


@pytest.fixture
def result() -> PlanResult:
    artifact = PinnedReference(Repository("registry.test", "shop"), "sha256:" + "a" * 64, "next")
    changes = (Change(Action.PRUNE, CLAIM, "v1"), Change(Action.PRUNE, WEB, "apps/v1"))
    sides = Side(name="live (production)", is_live=True), Side(name="oci://registry.test/shop:next", artifact=artifact)
    diff = DiffResult(before=sides[0], after=sides[1], plan=Plan(changes, 3))
    radius = BlastRadius(
        objects=2,
        namespaces=("shop",),
        kinds={"Deployment.apps": 1, "PersistentVolumeClaim": 1},
        restarts=(Touched(WEB, "its Pod template changes: containers[name=web].image"),),
        endpoints_lost=(Touched(SERVICE, "all of them: Deployment web is deleted"),),
        data_lost=(Touched(CLAIM, "its volume goes with it"),),
    )
    return PlanResult(diff=diff, radius=radius, file="plan.json", digest="sha256:" + "b" * 64, basis=BASIS)


def lines(result: PlanResult) -> list[str]:
    return render_result(result, "text").splitlines()


def test_how_far_it_reaches_comes_before_single_changes_and_the_worst_of_it_before_the_rest(result: PlanResult) -> None:
    blocked = replace(result, diff=replace(result.diff, obstacles=(Obstacle("max-prune", "too many"),)))

    assert lines(blocked)[:12] == [
        "live (production) → oci://registry.test/shop:next (aaaaaaaaaaaa)",
        "2 to delete, 3 unchanged",
        "",
        "Applying this would be refused:",
        "! max-prune: too many",
        "",
        "Blast radius: 2 objects in shop (1 Deployment.apps, 1 PersistentVolumeClaim)",
        "  data goes with PersistentVolumeClaim shop/data: its volume goes with it",
        "  endpoints lost by Service shop/web: all of them: Deployment web is deleted",
        "  restarts Deployment.apps shop/web: its Pod template changes: containers[name=web].image",
        "",
        "- delete PersistentVolumeClaim shop/data",
    ]


def test_it_ends_with_where_it_is_kept_and_what_can_be_done_with_it(result: PlanResult) -> None:
    blocked = replace(result.diff, obstacles=(Obstacle("a", "no"),))

    assert lines(result)[-2:] == [
        f"saved to plan.json (sha256:{'b' * 64})",
        "apply exactly this: gitless apply --plan plan.json",
    ]
    assert lines(replace(result, diff=blocked))[-1].endswith("applying it would be refused")
    assert lines(replace(result, basis=None))[-1].endswith("only a plan from live to an artifact can be applied")
    assert "saved" not in render_result(replace(result, file=""), "text")


def test_a_plan_without_changes_reaches_nowhere(result: PlanResult) -> None:
    nothing = replace(result, radius=BlastRadius(), diff=replace(result.diff, plan=Plan((), 3)))

    assert lines(nothing)[1] == "No differences, 3 unchanged"


def test_many_are_cut_unless_all_are_asked_for(result: PlanResult) -> None:
    many = tuple(Touched(replace(WEB, name=f"web{number}"), f"x{number}") for number in range(25))
    radius = replace(result.radius, restarts=many)

    short = lines(replace(result, radius=radius))
    full = lines(replace(result, radius=radius, diff=replace(result.diff, is_full=True)))

    assert sum(line.startswith("  restarts") for line in short) == 20
    assert "  … and 5 more (--full shows them)" in short
    assert sum(line.startswith("  restarts") for line in full) == 25


def test_what_is_touched_for_one_reason_is_told_once(result: PlanResult) -> None:
    many = tuple(Touched(replace(WEB, name=f"web{number}"), "its image changes") for number in range(15))
    shown = lines(replace(result, radius=replace(result.radius, restarts=(*result.radius.restarts, *many))))

    start = shown.index("  restarts 15 objects: its image changes")
    assert shown[start + 1] == "      Deployment.apps shop/web0"
    assert shown[start + 13 : start + 15] == [
        "      … and 3 more (--full shows them)",
        "  restarts Deployment.apps shop/web: its Pod template changes: containers[name=web].image",
    ]


def test_a_report_of_very_many_namespaces_names_the_first_of_them(result: PlanResult) -> None:
    radius = replace(result.radius, namespaces=tuple(f"team-{number}" for number in range(500)))
    reach = next(line for line in lines(replace(result, radius=radius)) if line.startswith("Blast radius"))
    assert "team-19, 480 more (" in reach


def test_no_name_draws_on_the_terminal(result: PlanResult) -> None:
    hostile = Touched(replace(WEB, name="\x1b[2Jweb"), "\x1b[31mred\u202e")
    radius = replace(result.radius, restarts=(hostile,), namespaces=("\x1b]0;x\x07",), kinds={"\x9bKind": 1})

    text = render_result(replace(result, radius=radius, file="\x1bplan.json"), "text")

    assert not any(mark in text for mark in ("\x1b", "\x07", "\x9b", "\u202e"))
