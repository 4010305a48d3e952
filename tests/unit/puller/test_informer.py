"""The informer against an API server in memory, with its thread."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux import api
from pipeline.puller.informer import Informer
from pipeline.puller.keys import Key
from pipeline.puller.store import ObjectStore
from pipeline.reports.log import Log
from pipeline.testing.api_server import MemoryApiServer
from tests.flux_objects import kustomization

KEY = Key("Kustomization", "default", "shop")


class _World:
    def __init__(self) -> None:
        self.api = MemoryApiServer()
        self.store = ObjectStore("Kustomization")
        self.out = io.StringIO()
        self.informer = Informer(self.api, api.KUSTOMIZATIONS, self.store, Log(self.out), first_pause=0.01)

    def create(self) -> None:
        self.api.create(api.KUSTOMIZATIONS, kustomization("default"), manager="test")

    def patch(self, path: str) -> None:
        self.api.merge_patch(api.KUSTOMIZATIONS, KEY.object_id, {"spec": {"path": path}}, manager="test")

    def path(self) -> str:
        return ((self.store.get(KEY) or {}).get("spec") or {}).get("path") or ""

    def count(self, operation: str) -> int:
        return [name for name, _ in self.api.requests].count(operation)


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def world() -> Iterator[_World]:
    made = _World()
    yield made
    made.informer.stop()


def _start(world: _World) -> None:
    world.informer.start()
    _until(lambda: world.informer.is_synced and world.count("watch") == 1)


def test_what_is_there_and_what_comes_and_goes_is_in_the_store(world: _World) -> None:
    world.create()
    _start(world)
    assert world.store.keys() == (KEY,)
    world.patch("a")
    _until(lambda: world.path() == "a")
    world.api.bookmark()
    world.api.delete(api.KUSTOMIZATIONS, KEY.object_id)
    _until(lambda: world.store.keys() == ())


def test_a_watch_that_breaks_off_is_resumed_without_a_list(world: _World) -> None:
    world.create()
    _start(world)
    world.api.break_watches(ClusterError("no", code="cluster.unreachable"))
    world.patch("a")
    _until(lambda: world.path() == "a")

    assert world.count("list") == 1
    assert "watching kustomizations: no" in world.out.getvalue()


def test_what_was_missed_is_listed(world: _World) -> None:
    world.create()
    _start(world)
    calls: list[str] = []

    def before(operation: str, subject: str) -> None:
        if operation == "watch" and not calls:
            calls.append(subject)
            world.api.delete(api.KUSTOMIZATIONS, KEY.object_id)
            world.api.expire()

    world.api.before = before
    world.api.break_watches(ClusterError("no"))
    _until(lambda: world.store.keys() == ())

    assert world.count("list") == 2


def test_trouble_is_asked_about_more_and_more_rarely(world: _World) -> None:
    def before(operation: str, subject: str) -> None:
        raise ClusterError("no")

    world.api.before = before
    world.informer.start()
    time.sleep(0.3)

    assert 2 <= world.count("list") <= 10
    assert not world.informer.is_synced
    assert world.informer.is_alive
    world.api.before = lambda operation, subject: None
    _until(lambda: world.informer.is_synced)


def test_a_handler_with_a_bug_does_not_end_the_watch(world: _World) -> None:
    _start(world)
    seen: list[Key] = []

    def handle(key: Key, before: object, after: object) -> None:
        seen.append(key)
        if len(seen) == 1:
            raise ZeroDivisionError

    world.store.on_change(handle)
    world.create()
    _until(lambda: len(seen) == 1)
    _until(lambda: world.count("watch") == 2)
    world.patch("a")
    _until(lambda: len(seen) == 2)


def test_stopping_ends_a_watch_at_once(world: _World) -> None:
    _start(world)
    began = time.monotonic()
    world.informer.stop()
    _until(lambda: not world.informer.is_alive)

    assert time.monotonic() - began < 1
    assert world.out.getvalue() == ""


def test_versions_that_begin_anew_are_taken_over() -> None:
    store = ObjectStore("Kustomization")
    body = kustomization("default")
    store.put({**body, "metadata": {**body["metadata"], "resourceVersion": "900"}})
    older = {**body, "metadata": {**body["metadata"], "resourceVersion": "7"}, "spec": {"path": "restored"}}

    assert store.newest == 900
    store.replace_all([older], is_rewound=True)

    assert (store.get(KEY) or {})["spec"] == {"path": "restored"}
    assert store.newest == 7
