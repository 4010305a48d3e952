from __future__ import annotations

import pytest

from pipeline.errors import ClusterError
from pipeline.model.health import HealthStatus
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.verify import Verdict
from pipeline.reports import render_result
from tests.unit.verify.support import NOT_READY, READY, WEB, World, config_map, deployment

FAILED = {
    "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "stuck"}]
}


def test_it_waits_until_the_rollout_is_done(world: World) -> None:
    world.deploy(config_map(), deployment())
    world.ready(**NOT_READY)
    world.after(10, world.ready)

    result = world.verify()

    assert result.is_verified
    assert 10 <= result.elapsed < 16
    waiting = [shown for shown in world.talk.shown if not shown.endswith(" applied")]
    assert waiting[0] == "1/2 ready, waiting for Deployment.apps shop/web"
    assert world.talk.shown[-2:] == ["2/2 ready", "2/2 "]


def test_the_bar_is_taken_away_when_time_is_up(world: World) -> None:
    world.deploy(config_map(), deployment())
    world.ready(**NOT_READY)

    world.verify(timeout=3)

    assert world.talk.shown[-1] == "2/2 "


def test_pauses_grow_to_five_seconds_and_end_with_the_timeout(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)

    result = world.verify(timeout=30)

    assert world.clock.slept[:3] == [1.0, 1.5, 2.25]
    assert max(world.clock.slept) == 5.0
    assert sum(world.clock.slept) == pytest.approx(30)
    assert result.elapsed == pytest.approx(30)
    assert result.failures == ("health",)
    assert "1 not ready after 30s" in result.health.message


def test_without_waiting_it_looks_once(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)

    result = world.verify(timeout=0)

    assert world.clock.slept == []
    assert [item.health.status for item in result.health.unhealthy] == [HealthStatus.IN_PROGRESS]


def test_a_failure_ends_the_wait_for_the_others(world: World) -> None:
    world.deploy(deployment("web"), deployment("api"))
    world.ready(**NOT_READY)
    world.ready(ObjectId("apps", "Deployment", "shop", "api"), **FAILED)

    result = world.verify()

    assert world.clock.slept == []
    assert result.health.message == "0 of 2 object(s) ready: 1 failed, 1 not ready"
    assert result.health.unhealthy[0].object_id.name == "api"


def test_without_failing_fast_it_waits_for_the_others(world: World) -> None:
    world.deploy(deployment("web"), deployment("api"))
    world.ready(**NOT_READY)
    world.ready(ObjectId("apps", "Deployment", "shop", "api"), **FAILED)
    world.after(7, world.ready)

    result = world.verify(fail_fast=False)

    assert result.health.message == "1 of 2 object(s) ready: 1 failed"
    assert 7 <= result.elapsed < 15


def test_what_breaks_while_others_are_waited_for_is_noticed(world: World) -> None:
    world.deploy(config_map(), deployment())
    world.ready(**NOT_READY)

    def ready_while_something_else_goes() -> None:
        world.ready()
        maps = world.cluster.resource_type("v1", "ConfigMap")
        assert maps is not None
        live = world.cluster.read(maps, "shop", "settings")
        assert live is not None
        uid = live["metadata"]["uid"]
        world.cluster.delete(maps, ObjectId("", "ConfigMap", "shop", "settings"), uid=uid)

    world.after(5, ready_while_something_else_goes)

    assert [item.object_id.name for item in world.verify().health.unhealthy] == ["settings"]


def test_only_kinds_with_something_to_wait_for_are_asked_again(world: World) -> None:
    world.deploy(*[config_map(f"c{number}") for number in range(5)], deployment(), deployment("api"))
    world.ready(**NOT_READY)
    world.verify(timeout=30, check_drift=False)

    lists = [subject for operation, subject in world.cluster.requests if operation.startswith("list_")]
    assert lists.count("ConfigMap shop") == 1
    assert len([request for request in world.cluster.requests if request[1].startswith("Deployment")]) > 5


def test_contents_of_secrets_are_not_read(world: World) -> None:
    metadata = {"name": "login", "namespace": "shop"}
    world.deploy({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "aHVudGVyMg=="}})

    assert world.verify(check_drift=False).is_verified
    assert [name for name, subject in world.cluster.requests if subject.startswith("Secret")] == ["list_metadata"]


def test_an_object_whose_owner_labels_were_removed_is_found_all_the_same(world: World) -> None:
    world.deploy(deployment("web"), deployment("api"))
    world.cluster.apply_as("somebody", {**deployment(), "metadata": {**deployment()["metadata"], "labels": {
        "gitless.dev/inventory-name": "stolen"}}})  # fmt: skip

    result = world.verify(check_drift=False)

    assert result.health.verdict is Verdict.PASSED


def test_objects_in_many_namespaces_take_one_list(world: World) -> None:
    names = [f"space-{number}" for number in range(8)]
    for name in names:
        world.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    bodies = [{**config_map(), "metadata": {"name": "settings", "namespace": name}} for name in names]
    world.deploy(*bodies)

    assert world.verify(check_drift=False).is_verified
    assert ("list_metadata", "ConfigMap *") in world.cluster.requests


def test_a_kind_that_may_not_be_read_is_the_verdict_of_its_objects(world: World) -> None:
    world.deploy(config_map(), deployment())

    def deny(operation: str, subject: str) -> None:
        if subject.startswith("Deployment") and operation in {"read", "list_objects"}:
            raise ClusterError("you may not read deployments", code="cluster.denied")

    world.cluster.before = deny
    result = world.verify(check_drift=False)

    assert [(item.health.status, item.health.message) for item in result.health.unhealthy] == [
        (HealthStatus.FAILED, "you may not read deployments")
    ]
    assert world.clock.slept == []


def test_an_api_server_that_goes_away_while_waiting_is_waited_out(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    away: list[int] = []

    def fail(operation: str, subject: str) -> None:
        if away and operation in {"resource_type", "read"}:
            raise ClusterError("no answer", code="cluster.unreachable")

    world.cluster.before = fail
    world.after(3, lambda: away.append(1))

    def back() -> None:
        away.clear()
        world.ready()

    world.after(12, back)

    assert world.verify(check_drift=False).is_verified


def test_a_kind_that_is_no_longer_served_is_missing(world: World) -> None:
    world.deploy(deployment())
    gone = ObjectId("example.com", "Widget", "shop", "w")
    entry = world.inventory().applied[WEB]
    world.edit_inventory(applied={WEB: entry, gone: type(entry)(gone, "example.com/v1")})

    result = world.verify(check_drift=False)

    assert [(item.object_id, item.health.reason) for item in result.health.unhealthy] == [(gone, "KindNotServed")]
    assert "does not serve the kind Widget" in render_result(result, "text")


def test_an_object_on_its_way_out_is_waited_for(world: World) -> None:
    world.deploy(deployment())
    world.cluster.apply_as(
        "protector", {**deployment(), "metadata": {**deployment()["metadata"], "finalizers": ["a/b"]}}
    )
    kind = world.cluster.resource_type("apps/v1", "Deployment")
    assert kind is not None
    world.cluster.delete(kind, WEB, uid=world.cluster.bodies()[WEB]["metadata"]["uid"])

    result = world.verify(timeout=10, check_drift=False)

    assert [item.health.status for item in result.health.unhealthy] == [HealthStatus.TERMINATING]
    assert READY["replicas"] == 2
