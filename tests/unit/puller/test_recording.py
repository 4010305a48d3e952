from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.manifests import Body, ObjectId
from pipeline.puller import recording
from pipeline.puller.recording import EventRecorder
from pipeline.reports.log import Log
from pipeline.testing.clock import MemoryClock


class Writer:
    """Keeps what is written; ``failures`` are raised first, and ``gate`` holds every call."""

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.patched: list[tuple[ObjectId, Mapping[str, Any]]] = []
        self.failures: list[Exception] = []
        self.expired = False
        self.gate = threading.Event()
        self.gate.set()

    def create(self, resource_type: ResourceType, body: Body, *, manager: str) -> Body:
        self._pass()
        self.created.append(dict(body))
        return body

    def merge_patch(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        patch: Mapping[str, Any],
        *,
        manager: str,
        subresource: str = "",
    ) -> Body | None:
        self._pass()
        if self.expired:
            return None
        self.patched.append((object_id, patch))
        return {}

    def _pass(self) -> None:
        assert self.gate.wait(10)
        if self.failures:
            raise self.failures.pop(0)


class World:
    def __init__(self) -> None:
        self.writer = Writer()
        self.clock = MemoryClock()
        self.log = io.StringIO()
        self.dropped = 0
        self.recorder = EventRecorder(
            self.writer,
            self.clock,
            Log(self.log),
            controller="gitless",
            instance="gitless-0",
            on_drop=self._drop,
        )
        self.recorder.start()

    def _drop(self) -> None:
        self.dropped += 1

    def complaints(self) -> list[str]:
        return [json.loads(line)["msg"] for line in self.log.getvalue().splitlines()]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(recording, "_RETRY_SECONDS", 0.01)
    made = World()
    yield made
    made.writer.gate.set()
    made.recorder.stop()


def kustomization(name: str = "web", **metadata: object) -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": "42", **metadata},
    }


APPLIED = ObjectEvent(Severity.INFO, "ReconciliationSucceeded", "Applied revision: v1", {"revision": "v1@sha256:0"})


def test_an_event_is_what_flux_writes(world: World) -> None:
    world.recorder.record(kustomization(), APPLIED)
    world.recorder.stop()

    (event,) = world.writer.created
    assert event["metadata"].pop("name").startswith("web.")
    assert event == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "namespace": "shop",
            "annotations": {"kustomize.toolkit.fluxcd.io/revision": "v1@sha256:0"},
        },
        "involvedObject": {
            "kind": "Kustomization",
            "namespace": "shop",
            "name": "web",
            "uid": "uid-web",
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "resourceVersion": "42",
        },
        "type": "Normal",
        "reason": "ReconciliationSucceeded",
        "message": "Applied revision: v1",
        "source": {"component": "kustomize-controller", "host": "gitless-0"},
        "reportingComponent": "kustomize-controller",
        "reportingInstance": "gitless-0",
        "firstTimestamp": "2027-01-15T08:00:00Z",
        "lastTimestamp": "2027-01-15T08:00:00Z",
        "count": 1,
    }


def test_a_source_speaks_as_the_source_controller_and_failures_are_warnings(world: World) -> None:
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "annotations": {"event.toolkit.fluxcd.io/team": "blue", "other": "x"},
        },
    }
    world.recorder.record(source, ObjectEvent(Severity.ERROR, "OCIArtifactPullFailed", "no such tag", {"a.b/c": "d"}))
    world.recorder.stop()

    (event,) = world.writer.created
    assert event["type"] == "Warning"
    assert event["source"]["component"] == "source-controller"
    assert event["metadata"]["annotations"] == {"event.toolkit.fluxcd.io/team": "blue", "a.b/c": "d"}


def test_the_same_again_is_counted_in_the_event_that_is_there(world: World) -> None:
    for _ in range(3):
        world.recorder.record(kustomization(), APPLIED)
        world.clock.sleep(60)
    world.recorder.record(kustomization("other"), APPLIED)
    world.recorder.stop()

    first, other = world.writer.created
    assert other["involvedObject"]["name"] == "other"
    assert world.writer.patched == [
        (ObjectId("", "Event", "shop", first["metadata"]["name"]), {"count": count, "lastTimestamp": time})
        for count, time in ((2, "2027-01-15T08:01:00Z"), (3, "2027-01-15T08:02:00Z"))
    ]


def test_an_event_that_has_expired_is_written_anew(world: World) -> None:
    world.writer.expired = True
    for _ in range(2):
        world.recorder.record(kustomization(), APPLIED)
    world.recorder.stop()

    assert [event["count"] for event in world.writer.created] == [1, 1]
    assert len({event["metadata"]["name"] for event in world.writer.created}) == 2


def test_one_object_cannot_flood_the_others_out(world: World) -> None:
    for number in range(100):
        world.recorder.record(kustomization(), ObjectEvent(Severity.INFO, "Progressing", f"step {number}"))
    world.clock.sleep(301)
    world.recorder.record(kustomization(), ObjectEvent(Severity.INFO, "Progressing", "later"))
    world.recorder.record(kustomization("other"), APPLIED)
    world.recorder.stop()

    messages = [event["message"] for event in world.writer.created]
    assert messages == [*(f"step {number}" for number in range(25)), "later", APPLIED.message]
    assert world.dropped == 75


def test_a_server_that_hangs_holds_nobody_up_and_the_oldest_are_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MAX_QUEUED", 10)
    world.writer.gate.clear()

    for number in range(50):
        world.recorder.record(kustomization(f"app-{number}"), APPLIED)
    world.writer.gate.set()
    world.recorder.stop()

    written = [event["involvedObject"]["name"] for event in world.writer.created]
    assert written[-10:] == [f"app-{number}" for number in range(40, 50)]
    assert world.dropped == 50 - len(written)


def test_what_fails_is_logged_once_a_minute_and_the_rest_goes_on(world: World) -> None:
    world.writer.failures = [
        ClusterError("the server said no", code="cluster.denied"),
        ClusterError("again", code="cluster.denied"),
        RuntimeError("a bug"),
    ]
    for number in range(5):
        world.recorder.record(kustomization(f"app-{number}"), APPLIED)
    world.recorder.stop()

    assert [event["involvedObject"]["name"] for event in world.writer.created] == ["app-3", "app-4"]
    assert world.complaints() == ["cannot write an Event: the server said no"]
    assert world.dropped == 3


def test_a_server_that_does_not_answer_is_asked_again(world: World) -> None:
    world.writer.failures = [ClusterError("gone", code="cluster.unreachable")] * 2
    world.recorder.record(kustomization(), APPLIED)
    world.recorder.record(kustomization("other"), APPLIED)
    while len(world.writer.created) < 2:
        threading.Event().wait(0.01)

    assert world.complaints() == []


def test_stopping_does_not_wait_for_ever(world: World) -> None:
    world.writer.gate.clear()
    for number in range(5):
        world.recorder.record(kustomization(f"app-{number}"), APPLIED)

    world.recorder.stop(seconds=0.1)
    world.recorder.record(kustomization("late"), APPLIED)
    world.writer.gate.set()

    assert world.dropped >= 1


def test_texts_and_names_are_cut(world: World) -> None:
    world.recorder.record(
        kustomization("n" * 253), ObjectEvent(Severity.INFO, "R", "m" * 5000, {"revision": "r" * 5000})
    )
    world.recorder.stop()

    (event,) = world.writer.created
    assert len(event["message"]) == 1024
    assert len(event["metadata"]["name"]) == 253
    assert len(event["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/revision"]) == 1024
