from __future__ import annotations

from typing import Any

from pipeline.errors import ClusterError
from pipeline.model.cluster import Event
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.verify import Findings
from pipeline.reports import render_result
from tests.unit.verify.support import NOT_READY, WEB, World, deployment

CRASHING = {
    "name": "web",
    "ready": False,
    "restartCount": 4,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting"}},
    "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
}


def pod(world: World, name: str, *statuses: dict[str, Any], phase: str = "Running", owned: bool = True) -> str:
    """Put a pod of the Deployment ``web`` into the cluster; returns its uid."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "rs", "controller": True}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": {"app": "web", "pod-template-hash": "1"},
        },
        "spec": {"containers": [{"name": "web", "image": "shop.example/web:1"}]},
    }
    stored = world.cluster.apply_as("kube-controller-manager", body)
    object_id = ObjectId("", "Pod", "shop", name)
    if owned:
        world.cluster.set_owner(object_id, owner)
    world.cluster.set_status(object_id, {"phase": phase, "containerStatuses": list(statuses)})
    return str(stored["metadata"]["uid"])


def findings(world: World) -> Findings:
    result = world.verify(timeout=0, check_drift=False)
    (item,) = result.health.unhealthy
    return item.findings


def test_a_crashing_pod_is_shown_with_events_state_and_the_log_of_its_previous_run(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    uid = pod(world, "web-1-a", CRASHING)
    world.cluster.events_by_uid[uid] = [
        Event("Normal", "Pulled", "image is there", 1, ""),
        Event("Warning", "BackOff", "back-off restarting failed container", 7, ""),
    ]
    world.cluster.log_lines["shop", "web-1-a", "web"] = [f"line {number}" for number in range(30)]

    found = findings(world)
    report = render_result(world.verify(timeout=0), "text")

    (shown,) = found.pods
    assert [event.reason for event in shown.events] == ["BackOff"]
    (container,) = shown.containers
    assert container.is_previous
    assert container.lines == tuple(f"line {number}" for number in range(20, 30))
    assert "Pod web-1-a: Failed, containers in a crash loop: web" in report
    assert "Warning BackOff (x7): back-off restarting failed container" in report
    assert "waiting: CrashLoopBackOff (back-off 40s restarting); last run ended with exit code 3 (Error)" in report
    assert "| line 29" in report


def test_healthy_pods_and_pods_of_others_are_left_out(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    pod(world, "stranger", CRASHING, owned=False)
    pod(world, "web-1-good", {"name": "web", "ready": True, "state": {"running": {}}})
    world.cluster.set_status(
        ObjectId("", "Pod", "shop", "web-1-good"),
        {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    )

    assert findings(world).pods == ()


def test_only_the_first_pods_in_trouble_are_told_about(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    for number in range(8):
        pod(world, f"web-1-{number}", CRASHING)

    found = findings(world)

    assert len(found.pods) == 3
    assert found.more_pods == 5
    assert "5 more pod(s)" in render_result(world.verify(timeout=0), "text")


def test_logs_cannot_steer_the_terminal_nor_flood_it(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    pod(world, "web-1-a", CRASHING)
    world.cluster.log_lines["shop", "web-1-a", "web"] = ["\x1b[2J\x1b]0;owned\x07\x1b[31mred\x1b[0m\r", "x" * 100_000]

    (container,) = findings(world).pods[0].containers
    report = render_result(world.verify(timeout=0), "text")

    assert container.lines[0] == "red"
    assert len(container.lines[1]) == 240
    assert "\x1b" not in report
    assert "\r" not in report


def test_what_may_not_be_read_leaves_the_rest_of_the_report(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    pod(world, "web-1-a", CRASHING)

    def deny(operation: str, subject: str) -> None:
        if operation in {"events", "logs"}:
            raise ClusterError("denied", code="cluster.denied")

    world.cluster.before = deny
    (shown,) = findings(world).pods

    assert (shown.events, shown.containers[0].lines) == ((), ())
    assert "CrashLoopBackOff" in shown.containers[0].state


def test_pods_that_may_not_be_listed_are_said_to_be_so(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)

    def deny(operation: str, subject: str) -> None:
        if subject.startswith("Pod"):
            raise ClusterError("you may not list pods", code="cluster.denied")

    world.cluster.before = deny

    assert findings(world).notes == ("its pods cannot be listed: you may not list pods",)


def test_pods_that_cannot_be_created_are_explained_by_the_condition(world: World) -> None:
    world.deploy(deployment())
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}
    world.cluster.set_status(WEB, {"observedGeneration": 1, "conditions": [failure]})

    assert findings(world).notes == ("pods cannot be created: exceeded quota",)


def test_the_workload_s_own_events_are_shown(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    uid = world.cluster.bodies()[WEB]["metadata"]["uid"]
    world.cluster.events_by_uid[uid] = [Event("Warning", "FailedCreate", "no more quota", 2, "")]

    assert [event.reason for event in findings(world).events] == ["FailedCreate"]


def test_a_waiting_container_shows_why_and_a_finished_init_container_is_left_out(world: World) -> None:
    world.deploy(deployment())
    world.ready(**NOT_READY)
    waiting = {"name": "web", "ready": False, "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pod(world, "web-1-a", waiting, phase="Pending")
    world.cluster.set_status(
        ObjectId("", "Pod", "shop", "web-1-a"),
        {
            "phase": "Pending",
            "initContainerStatuses": [{"name": "setup", "ready": True, "state": {"terminated": {"exitCode": 0}}}],
            "containerStatuses": [waiting],
        },
    )

    (container,) = findings(world).pods[0].containers

    assert (container.name, container.state, container.is_previous) == ("web", "waiting: ImagePullBackOff", False)


def test_at_most_ten_objects_are_explained(world: World) -> None:
    bodies = [deployment(f"d{number:02}") for number in range(15)]
    world.deploy(*bodies)
    for body in bodies:
        world.ready(ObjectId("apps", "Deployment", "shop", body["metadata"]["name"]), **NOT_READY)

    world.cluster.requests.clear()
    result = world.verify(timeout=0, check_drift=False)

    assert len(result.health.unhealthy) == 15
    assert len([request for request in world.cluster.requests if request[0] == "events"]) == 10
