"""An apply that is held to a saved plan, where time passes between the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.apply import ApplyInterruptedError, ApplyResult
from pipeline.model.plan import Action
from pipeline.model.planning.saved_plan import SavedPlan, plan_digest, plan_of
from pipeline.model.planning.staleness import StalePlanError
from pipeline.stages.apply import apply
from tests.unit.apply.worlds import Body, Make, MakeConfigMap, MakeDeployment, World, trust
from tests.unit.planning.plans import DIGEST, document_of, plan, saved

WEB = ObjectId("apps", "Deployment", "shop", "web")
INSIDE = ObjectId("", "ConfigMap", "fresh", "a")


def carry_out(world: World, saved_plan: SavedPlan, *bodies: Body) -> ApplyResult:
    trusted = trust(*bodies, digest=DIGEST)
    return apply(trusted, world.cluster, world.options, reporter=world.reporter, clock=world.clock, planned=saved_plan)


def before_write(world: World, subject: str, happens: Callable[[], object]) -> None:
    """Let something happen once, right before an object is written."""

    def meddle(operation: str, about: str) -> None:
        if (operation, about) == ("apply", subject):
            world.cluster.before = lambda _operation, _subject: None
            happens()

    world.cluster.before = meddle


def test_a_report_of_a_controller_in_between_is_no_reason_to_stop(world: World, deployment: MakeDeployment) -> None:
    world.apply(deployment("web"))
    wanted = deployment("web", image="web:2")
    made = saved(plan(world, wanted))
    before_write(world, str(WEB), lambda: world.cluster.set_status(WEB, {"readyReplicas": 1}))

    result = carry_out(world, made, wanted)

    assert [change.action for change in result.changes] == [Action.CONFIGURE]
    assert world.cluster.bodies()[WEB]["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"


def test_a_change_right_before_the_write_stops_it(world: World, deployment: MakeDeployment) -> None:
    world.apply(deployment("web"))
    wanted = deployment("web", image="web:2")
    made = saved(plan(world, wanted))
    scaled = {**deployment("web"), "spec": {"minReadySeconds": 3}}
    before_write(world, str(WEB), lambda: world.cluster.apply_as("somebody", scaled))

    with pytest.raises(StalePlanError, match=r"so it stopped there:\n  - Deployment.apps shop/web: somebody has"):
        carry_out(world, made, wanted)

    assert world.cluster.bodies()[WEB]["spec"]["template"]["spec"]["containers"][0]["image"] == "web:1"


def test_reports_without_end_stop_it_too(world: World, deployment: MakeDeployment) -> None:
    world.apply(deployment("web"))
    wanted = deployment("web", image="web:2")
    made = saved(plan(world, wanted))

    def report(operation: str, about: str) -> None:
        if (operation, about) == ("apply", str(WEB)):
            world.cluster.set_status(WEB, {"readyReplicas": 1})

    world.cluster.before = report

    with pytest.raises(StalePlanError, match="its status changes faster than it can be written"):
        carry_out(world, made, wanted)


def test_an_object_is_recreated_only_as_it_was_planned(world: World, deployment: MakeDeployment) -> None:
    world.options = replace(world.options, recreate=True)
    world.apply(deployment("web", app="one"))
    wanted = deployment("web", app="two")
    made = saved(plan(world, wanted))
    uid = world.cluster.bodies()[WEB]["metadata"]["uid"]

    result = carry_out(world, made, wanted)

    assert [change.action for change in result.changes] == [Action.RECREATE]
    assert world.cluster.bodies()[WEB]["metadata"]["uid"] != uid


def test_what_comes_with_its_kind_and_namespace_is_created_as_planned(
    world: World, config_map: MakeConfigMap, namespace: Make, definition: Body, widget: Make
) -> None:
    bodies = (namespace("fresh"), config_map("a", namespace="fresh"), definition, widget("w"))
    made = saved(plan(world, *bodies))

    result = carry_out(world, made, *bodies)

    assert [change.action for change in result.changes] == [Action.CREATE] * 4
    assert INSIDE in world.cluster.bodies()


def test_who_creates_it_first_stops_what_comes_with_its_namespace(
    world: World, config_map: MakeConfigMap, namespace: Make, definition: Body, widget: Make
) -> None:
    bodies = (namespace("fresh"), config_map("a", namespace="fresh"), definition, widget("w"))
    made = saved(plan(world, *bodies))
    theirs = config_map("a", {"other": "1"}, namespace="fresh")

    def meddle(operation: str, about: str) -> None:
        if (operation, about) == ("read", "Namespace fresh") and "fresh" in world.names("Namespace"):
            world.cluster.before = lambda _operation, _subject: None
            world.cluster.apply_as("somebody", theirs)

    world.cluster.before = meddle

    with pytest.raises(ApplyInterruptedError) as caught:
        carry_out(world, made, *bodies)

    assert caught.value.exit_code == 9
    assert "ConfigMap fresh/a: planned to create it, and it is there already" in caught.value.message
    assert "a new plan repairs and finishes this" in str(caught.value.hint)
    assert world.cluster.bodies()[INSIDE]["data"] == {"other": "1"}


def test_what_kubernetes_puts_into_a_new_namespace_may_be_there(world: World, namespace: Make) -> None:
    def account(**rest: object) -> Body:
        metadata = {"name": "default", "namespace": "fresh"}
        return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, **rest}

    bodies = (namespace("fresh"), account(imagePullSecrets=[{"name": "registry"}]))
    made = saved(plan(world, *bodies))

    def born(operation: str, about: str) -> None:
        if (operation, about) == ("read", "Namespace fresh") and "fresh" in world.names("Namespace"):
            world.cluster.before = lambda _operation, _subject: None
            world.cluster.apply_as("controller", account())

    world.cluster.before = born
    carry_out(world, made, *bodies)

    live = world.cluster.bodies()[ObjectId("", "ServiceAccount", "fresh", "default")]
    assert live["imagePullSecrets"] == [{"name": "registry"}]


def test_a_creation_meets_nobody(world: World, config_map: MakeConfigMap) -> None:
    made = saved(plan(world, config_map("a"), config_map("b")))
    new = config_map("b", {"other": "1"})
    before_write(world, "ConfigMap shop/a", lambda: world.cluster.apply_as("somebody", new))

    with pytest.raises(ApplyInterruptedError, match="ConfigMap shop/b: it was not there when the plan was made"):
        carry_out(world, made, config_map("a"), config_map("b"))


def test_the_live_objects_say_how_far_a_plan_reaches(
    world: World, config_map: MakeConfigMap, deployment: MakeDeployment
) -> None:
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "theirs", "namespace": "shop"},
        "spec": {"selector": {"app": "web"}},
    }  # fmt: skip
    world.apply(config_map("a"), deployment("web"))
    world.cluster.apply_as("somebody", service)

    restarted = plan(world, config_map("a"), deployment("web", image="web:2")).radius
    deleted = plan(world, config_map("a")).radius

    assert [str(item.object_id) for item in restarted.restarts] == [str(WEB)]
    assert restarted.endpoints_lost == ()
    assert [(str(item.object_id), item.reason) for item in deleted.endpoints_lost] == [
        ("Service shop/theirs", "all of them: Deployment web is deleted")
    ]


def test_what_goes_with_a_definition_or_a_namespace_is_counted_in_the_cluster(
    world: World, config_map: MakeConfigMap, namespace: Make, definition: Body, widget: Make
) -> None:
    world.apply(config_map("a"), definition, namespace("fresh"))
    world.cluster.apply_as("somebody", widget("theirs"))
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "fresh"}}
    world.cluster.apply_as("somebody", {**claim, "spec": {"accessModes": ["ReadWriteOnce"]}})

    lost = {str(item.object_id): item.reason for item in plan(world, config_map("a")).radius.data_lost}

    assert lost == {
        "CustomResourceDefinition.apiextensions.k8s.io widgets.example.com": "every Widget is deleted: 1 Widget",
        "Namespace fresh": "everything in it is deleted: 1 PersistentVolumeClaim",
    }


def test_a_plan_that_reaches_further_now_is_refused(
    world: World, deployment: MakeDeployment, config_map: MakeConfigMap
) -> None:
    world.apply(deployment("web"), config_map("a"))
    made = saved(plan(world, config_map("a")))
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    metadata = {"name": "front", "namespace": "shop"}
    world.cluster.apply_as("somebody", {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    world.forget_requests()

    with pytest.raises(StalePlanError) as caught:
        carry_out(world, made, config_map("a"))

    told = "it would lose endpoints, which the plan does not say: all of them: Deployment web is deleted"
    assert [str(item) for item in caught.value.differences] == [f"Service shop/front: {told}"]
    assert world.writes() == []


def test_a_plan_that_hides_how_far_it_reaches_is_refused(world: World, deployment: MakeDeployment) -> None:
    world.apply(deployment("web"))
    wanted = deployment("web", image="web:2")
    document = document_of(plan(world, wanted))
    document["blastRadius"]["restarts"].clear()
    document["digest"] = plan_digest(document)

    with pytest.raises(StalePlanError, match="shop/web: it would restart, which the plan does not say"):
        carry_out(world, plan_of(document, "plan.json"), wanted)


def test_a_plan_that_reaches_less_far_now_is_carried_out(world: World, deployment: MakeDeployment) -> None:
    world.apply(deployment("web"))
    wanted = deployment("web", image="web:2")
    document = document_of(plan(world, wanted))
    document["blastRadius"]["endpointsLost"] = [{"object": "Service shop/gone", "reason": "all of them"}]
    document["digest"] = plan_digest(document)

    assert carry_out(world, plan_of(document, "plan.json"), wanted).changes


def test_what_somebody_wrote_into_a_plan_is_shown_without_control_characters(
    world: World, config_map: MakeConfigMap
) -> None:
    document = document_of(plan(world, config_map("a")))
    document["changes"][0]["apiVersion"] = "v1\x1b[2J"
    document["digest"] = plan_digest(document)

    with pytest.raises(StalePlanError, match="planned as v1") as caught:
        carry_out(world, plan_of(document, "plan.json"), config_map("a"))
    assert "\x1b" not in caught.value.message
