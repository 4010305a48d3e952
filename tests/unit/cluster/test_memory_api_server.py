"""What tests can do to the API server in memory beyond the contract."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pipeline.errors import ClusterError, WatchExpiredError
from pipeline.model.cluster import ChangeType
from pipeline.model.flux.api import CONFIG_MAPS, KUSTOMIZATIONS
from pipeline.model.manifests import ObjectId
from pipeline.testing.api_server import MemoryApiServer

_ID = ObjectId("kustomize.toolkit.fluxcd.io", "Kustomization", "default", "web")


def _body(**spec: object) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "default"}
    return {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata, "spec": spec}


@pytest.fixture
def api() -> MemoryApiServer:
    return MemoryApiServer()


def test_every_call_is_counted_and_can_fail(api: MemoryApiServer) -> None:
    api.create(KUSTOMIZATIONS, _body(path="a"), manager="me")

    def fail(operation: str, subject: str) -> None:
        raise ClusterError(f"no {operation}", code="cluster.unreachable")

    api.before = fail

    with pytest.raises(ClusterError, match="no merge_patch"):
        api.merge_patch(KUSTOMIZATIONS, _ID, {}, manager="me")
    with pytest.raises(ClusterError, match="no watch"):
        next(api.watch(KUSTOMIZATIONS, None, resource_version="1"))
    assert [operation for operation, _ in api.requests] == ["create", "merge_patch", "watch"]


def test_watches_that_wait_can_be_broken(api: MemoryApiServer) -> None:
    watch = api.watch(KUSTOMIZATIONS, None, resource_version="1000", seconds=30.0)
    threading.Timer(0.05, lambda: api.break_watches(ClusterError("cut", code="cluster.unreachable"))).start()

    with pytest.raises(ClusterError, match="cut"):
        next(watch)
    assert list(watch) == []


def test_bookmarks_come_on_request_and_an_expired_version_does_not_stop_an_open_watch(api: MemoryApiServer) -> None:
    version = api.list(KUSTOMIZATIONS, None).resource_version
    watch = api.watch(KUSTOMIZATIONS, None, resource_version=version, seconds=30.0)
    api.create(KUSTOMIZATIONS, _body(path="a"), manager="me")
    assert next(watch).type is ChangeType.ADDED
    api.expire()
    api.bookmark()

    bookmark = next(watch)
    watch.close()

    assert bookmark.type is ChangeType.BOOKMARK
    with pytest.raises(WatchExpiredError):
        next(api.watch(KUSTOMIZATIONS, None, resource_version=version))
    resumed = api.watch(KUSTOMIZATIONS, None, resource_version=bookmark.resource_version, seconds=0.0)
    assert [event.type for event in resumed] == [ChangeType.BOOKMARK]


def test_logs_grow_while_they_are_followed(api: MemoryApiServer) -> None:
    api.log("default", "web-1", "web", "one", "two", "three")

    assert list(api.log_lines("default", "web-1", "web", tail=2)) == ["two", "three"]

    follower = api.log_lines("default", "web-1", "web", follow=True, tail=0)
    threading.Timer(0.05, lambda: api.log("default", "web-1", "web", "four")).start()
    assert next(follower) == "four"
    threading.Timer(0.05, follower.close).start()
    assert list(follower) == []


def test_rights_are_what_a_test_says(api: MemoryApiServer) -> None:
    api.allowed = lambda verb, _type, namespace: (verb, namespace) == ("get", "default")

    assert api.may("get", CONFIG_MAPS, "default")
    assert not api.may("get", CONFIG_MAPS)


def test_what_is_handed_out_is_a_copy(api: MemoryApiServer) -> None:
    created: Any = api.create(KUSTOMIZATIONS, _body(path="a"), manager="me")
    created["spec"]["path"] = "elsewhere"

    live = api.read(KUSTOMIZATIONS, "default", "web")
    assert live is not None
    assert live["spec"] == {"path": "a"}
