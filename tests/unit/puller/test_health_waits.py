"""Waiting for the health of many."""

from __future__ import annotations

import io
import time
from collections import Counter
from threading import Event

from pipeline.model.flux.api import OWNER_NAME_LABEL
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import Body, ObjectId
from pipeline.puller.health_waits import HealthWait, HealthWaits, Verdicts
from pipeline.puller.keys import Key
from pipeline.reports.log import Log
from pipeline.stages.waiting import Awaited
from pipeline.testing.clock import MemoryClock
from pipeline.testing.cluster import MemoryCluster

HEALTHY = {
    "replicas": 1,
    "updatedReplicas": 1,
    "readyReplicas": 1,
    "availableReplicas": 1,
    "conditions": [{"type": "Available", "status": "True"}],
}


class _World:
    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        self.clock = MemoryClock()
        self.settled: list[tuple[HealthWait, Verdicts]] = []
        self.has_settled = Event()
        self.waits = HealthWaits(self._settle, self.clock, Log(io.StringIO()))

    def _settle(self, wait: HealthWait, verdicts: Verdicts) -> None:
        self.settled.append((wait, verdicts))
        self.has_settled.set()

    def deployment(self, name: str, status: dict[str, object] | None = None) -> ObjectId:
        metadata = {"name": name, "namespace": "default", "labels": {OWNER_NAME_LABEL: "app"}}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1}}
        self.cluster.apply_as("test", body)
        object_id = ObjectId("apps", "Deployment", "default", name)
        if status is not None:
            self.heal(object_id, status)
        return object_id

    def heal(self, object_id: ObjectId, status: dict[str, object] | None = None) -> None:
        self.cluster.set_status(object_id, {"observedGeneration": 1, **(HEALTHY if status is None else status)})

    def wait(self, name: str, *awaited: Awaited, seconds: float = 60.0) -> HealthWait:
        made = HealthWait(
            Key("Kustomization", "default", name), "here", self.cluster, awaited, self.clock.now() + seconds
        )
        self.waits.add(made)
        return made


def _until_no_thread_looks(world: _World) -> None:
    end = time.monotonic() + 5
    while world.waits._threads:
        assert time.monotonic() < end
        time.sleep(0.002)


def _awaited(object_id: ObjectId) -> Awaited:
    return Awaited(object_id, "apps/v1")


def test_a_wait_is_settled_once_with_what_was_found() -> None:
    world = _World()
    web = world.deployment("web", HEALTHY)
    wait = world.wait("one", _awaited(web))
    world.waits.look_once()
    world.waits.look_once()

    assert [item for item, _ in world.settled] == [wait]
    assert world.settled[0][1].is_healthy
    assert len(world.waits) == 0


def test_all_are_looked_at_once_more_before_all_is_healthy() -> None:
    world = _World()
    first, second = world.deployment("a", HEALTHY), world.deployment("b", {})
    world.wait("one", _awaited(first), _awaited(second))
    world.waits.look_once()
    world.heal(first, {})
    world.heal(second)
    world.waits.look_once()
    world.waits.look_once()
    assert world.settled == []
    world.heal(first)
    world.waits.look_once()
    world.waits.look_once()

    assert world.settled[0][1].is_healthy


def test_many_waits_share_their_lists() -> None:
    world = _World()
    for number in range(20):
        world.wait(f"k{number}", _awaited(world.deployment(f"d{number}", HEALTHY)))
    world.cluster.requests.clear()
    world.waits.look_once()

    assert len(world.settled) == 20
    assert Counter(name for name, _ in world.cluster.requests)["list_objects"] == 1
    assert "read" not in {name for name, _ in world.cluster.requests}


def test_one_that_failed_does_not_end_the_others_waits() -> None:
    world = _World()
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    bad, good = world.deployment("bad", {"conditions": [condition]}), world.deployment("good", {})
    failing = world.wait("failing", _awaited(bad), _awaited(good))
    world.wait("other", _awaited(good))
    world.waits.look_once()

    assert [wait for wait, _ in world.settled] == [failing]
    assert [object_id for object_id, _ in world.settled[0][1].unhealthy] == [bad, good]
    assert not world.settled[0][1].is_timeout


def test_time_is_up_for_each_by_itself() -> None:
    world = _World()
    web = world.deployment("web", {})
    short = world.wait("short", _awaited(web), seconds=10)
    world.wait("long", _awaited(web), seconds=100)
    world.clock.sleep(10)
    world.waits.look_once()

    assert [wait for wait, _ in world.settled] == [short]
    assert world.settled[0][1].is_timeout


def test_a_wait_that_is_given_up_is_not_settled() -> None:
    world = _World()
    web = world.deployment("web", HEALTHY)
    wait = world.wait("one", _awaited(web))

    assert world.waits.cancel(wait.key) is wait
    world.waits.look_once()
    assert world.settled == []
    assert world.waits.cancel(wait.key) is None


def test_who_has_rules_of_his_own_is_judged_by_them_alone() -> None:
    world = _World()
    web = world.deployment("web", {})

    def judge(body: Body, now: float) -> Health:
        return Health(HealthStatus.CURRENT)

    mine = world.wait("mine", Awaited(web, "apps/v1", None, judge))
    world.wait("others", _awaited(web))
    world.waits.look_once()

    assert [wait for wait, _ in world.settled] == [mine]


def test_the_thread_looks_soon_after_somebody_begins_to_wait_and_stops() -> None:
    world = _World()
    web = world.deployment("web", HEALTHY)
    world.waits.start()
    time.sleep(0.05)
    world.wait("one", _awaited(web))

    assert world.has_settled.wait(2)
    world.waits.stop()
    _until_no_thread_looks(world)


def test_a_cluster_that_does_not_answer_keeps_only_its_own_waiting() -> None:
    world = _World()
    hanging, goes_on = MemoryCluster(), Event()

    def before(operation: str, subject: str) -> None:
        goes_on.wait(5)

    hanging.before = before
    web = world.deployment("web", HEALTHY)
    key = Key("Kustomization", "default", "remote")
    world.waits.start()
    world.waits.add(HealthWait(key, "a1b2 user", hanging, (_awaited(web),), world.clock.now() + 60))
    wait = world.wait("here", _awaited(web))

    assert world.has_settled.wait(2)
    assert [item for item, _ in world.settled] == [wait]
    goes_on.set()
    world.waits.stop()
    _until_no_thread_looks(world)


def test_many_who_begin_to_wait_do_not_cause_a_round_each() -> None:
    world = _World()
    web = world.deployment("web", {})
    world.waits.start()
    for number in range(50):
        world.wait(f"k{number}", _awaited(web))
        time.sleep(0.005)
    world.waits.stop()

    assert sum(name in {"read", "list_objects"} for name, _ in world.cluster.requests) <= 4
