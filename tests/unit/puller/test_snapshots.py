"""Lists that many share."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux.api import CONFIG_MAPS, OWNER_NAME_LABEL
from pipeline.puller import snapshots
from pipeline.puller.snapshots import Found, Scope, Snapshots
from pipeline.testing.cluster import MemoryCluster

SCOPE = Scope("here", CONFIG_MAPS, "default", with_health=False)


def _body(name: str) -> dict[str, object]:
    metadata = {"name": name, "namespace": "default", "labels": {OWNER_NAME_LABEL: "app"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}}


class _World:
    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        self.cluster.apply_as("kustomize-controller", _body("a"))
        self.snapshots = Snapshots()
        self.goes_on = Event()
        self.has_begun = Event()
        self.cluster.before = self._before
        self.error: ClusterError | None = None

    def _before(self, operation: str, subject: str) -> None:
        if operation.startswith("list"):
            self.has_begun.set()
            assert self.goes_on.wait(5)
            if self.error is not None:
                raise self.error

    def take(self, since: float) -> Found:
        return self.snapshots.take(SCOPE, self.cluster, since=since)

    @property
    def lists(self) -> int:
        return [operation for operation, _ in self.cluster.requests].count("list_metadata")


def _together(world: _World, take: Callable[[], Found]) -> list[Found | BaseException | None]:
    """Ten at once; nine of them while the first one's list is under way."""
    with ThreadPoolExecutor(10) as pool:
        first = pool.submit(take)
        assert world.has_begun.wait(5)
        others = [pool.submit(take) for _ in range(9)]
        time.sleep(0.05)
        world.goes_on.set()
        return [future.exception(5) or future.result() for future in (first, *others)]


def test_one_list_serves_all_whose_reason_came_before_it() -> None:
    world = _World()
    since = time.monotonic()

    found = _together(world, lambda: world.take(since))

    assert world.lists == 1
    assert all(item == found[0] for item in found)
    assert isinstance(found[0], dict)
    assert found[0].keys() == {("default", "a")}


def test_a_list_that_began_before_the_reason_is_not_enough() -> None:
    world = _World()
    world.goes_on.set()
    world.take(time.monotonic())
    world.cluster.apply_as("kustomize-controller", _body("b"))

    assert world.take(time.monotonic()).keys() == {("default", "a"), ("default", "b")}
    assert world.lists == 2


def test_a_failure_is_shared_and_the_next_one_asks_again() -> None:
    world = _World()
    world.error = ClusterError("no")
    since = time.monotonic()

    found = _together(world, lambda: world.take(since))

    assert world.lists == 1
    assert all(item is world.error for item in found)
    world.error = None
    assert world.take(since).keys() == {("default", "a")}


def test_what_nobody_asks_for_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    world = _World()
    world.goes_on.set()
    since = time.monotonic()
    world.take(since)
    world.snapshots.expire()
    world.take(since)
    assert world.lists == 1

    monkeypatch.setattr(snapshots, "_KEPT", -1.0)
    world.snapshots.expire()
    world.take(since)
    assert world.lists == 2
