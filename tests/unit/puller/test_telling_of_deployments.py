"""What the puller hands over to be recorded, and what becomes of it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

import pytest

from pipeline.errors import RegistryError
from pipeline.model.deployments.record import Deployed
from pipeline.model.flux.options import PullerOptions
from pipeline.model.flux.outcome import ObjectEvent
from pipeline.model.manifests import Body
from pipeline.puller.deployment_writing import verified_by
from pipeline.puller.deployments import Deployment, DeploymentRecorder
from pipeline.reports.log import Log
from tests.unit.kustomizing.support import spec_of
from tests.unit.puller.worlds import NAMESPACE, World, config_map, deployment

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "login", "namespace": NAMESPACE},
    "stringData": {"password": "hunter2"},
}


def test_what_is_applied_is_told_with_digest_revision_and_objects(world: World) -> None:
    revision = world.publish(config_map("a"), SECRET)
    world.kustomization()
    world.work()

    (told,) = world.deployed

    assert (told.digest, told.revision) == (revision.partition("@")[2], "main@sha1:1")
    assert (told.source, str(told.key)) == ((NAMESPACE, "app"), f"Kustomization/{NAMESPACE}/app")
    assert (told.result, told.message, told.has_secret_inputs) == (Deployed.APPLIED, "", False)
    assert sorted(key.name for key in told.applied or ()) == ["a", "login"]
    assert "hunter2" not in repr(told)


def test_healthy_or_not_is_told_once_it_is_known(world: World) -> None:
    world.publish(deployment("web"))
    world.kustomization(wait=True)
    world.work(looks=1)
    assert world.deployed == []

    world.heal("web", is_healthy=False)
    world.work()
    world.heal("web")
    world.request()
    world.work()

    assert [(told.result, told.message) for told in world.deployed] == [
        (Deployed.FAILED, "HealthCheckFailed"),
        (Deployed.HEALTHY, ""),
    ]
    # It is applied all the same.
    assert all(told.applied for told in world.deployed)


def test_what_cannot_be_built_failed_and_nobody_knows_what_is_there(world: World) -> None:
    world.publish(files={"a.yaml": b"kind: {"})
    world.kustomization()
    world.work()

    (told,) = world.deployed

    assert (told.result, told.message, told.applied) == (Deployed.FAILED, "BuildFailed", None)


def test_waiting_for_others_is_no_failure(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization(dependsOn=[{"name": "other"}])
    world.work()

    assert world.deployed == []


def test_the_same_again_has_the_same_mark_and_another_rendering_has_not(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    world.request()
    world.work()
    world.kustomization(commonMetadata={"labels": {"a": "b"}})
    world.work()

    marks = [told.mark for told in world.deployed]

    assert marks[0] == marks[1] != marks[2]
    assert marks[0][1] == marks[2][1]


def test_secrets_that_went_into_the_rendering_are_told_of(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization(postBuild={"substituteFrom": [{"kind": "Secret", "name": "values", "optional": True}]})
    world.work()

    assert [told.has_secret_inputs for told in world.deployed] == [True]


_PAUSE = 0.001


class Registry:
    """Stands for everything that writing a record asks: fails so often, or hangs until it is let go."""

    def __init__(self) -> None:
        self.failures = 0
        self.let_go = Event()
        self.let_go.set()
        self.began = Event()
        self.written: list[Deployment] = []
        self.tried = 0

    def write(self, told: Deployment) -> None:
        self.began.set()
        self.let_go.wait(10)
        self.tried += 1
        if self.failures:
            self.failures -= 1
            raise RegistryError("the registry is closed")
        self.written.append(told)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def events() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def recorder(registry: Registry, events: list[tuple[str, str]]) -> Iterator[DeploymentRecorder]:
    def tell(body: Body, event: ObjectEvent) -> None:
        events.append((str(body["metadata"]["name"]), f"{event.severity} {event.reason}: {event.message}"))

    made = DeploymentRecorder(registry.write, tell, Log(io.StringIO()), first_pause=_PAUSE)
    made.start()
    yield made
    registry.let_go.set()
    made.stop()


def _deployment(name: str = "app", digest: str = "sha256:" + "ab" * 32, **changes: object) -> Deployment:
    body = {"metadata": {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}"}}
    made = Deployment(
        body=body,
        cluster="prod",
        source=(NAMESPACE, "app"),
        digest=digest,
        rendering="r1",
        time=1.0,
        result=Deployed.APPLIED,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _until(holds: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(500):
        if holds():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not come to that")


def test_one_record_for_each_change_and_none_for_the_same(registry: Registry, recorder: DeploymentRecorder) -> None:
    recorder.note(_deployment())
    _until(lambda: len(registry.written) == 1)
    for _ in range(5):
        recorder.note(_deployment(time=2.0))
    recorder.note(_deployment(result=Deployed.FAILED))
    _until(lambda: len(registry.written) == 2)
    recorder.note(_deployment(digest="sha256:" + "cd" * 32))
    _until(lambda: len(registry.written) == 3)

    assert registry.tried == 3


def test_a_registry_that_fails_is_tried_again_and_told_of_once(
    registry: Registry, recorder: DeploymentRecorder, events: list[tuple[str, str]]
) -> None:
    registry.failures = 3
    recorder.note(_deployment(result=Deployed.DELETED))

    _until(lambda: len(registry.written) == 1)
    assert registry.tried == 4
    assert len(events) == 1
    assert events[0][0] == "app"
    assert "DeployRecordFailed" in events[0][1]
    assert "the registry is closed" in events[0][1]


def test_the_next_reconciliation_does_not_wait_for_the_pause(registry: Registry, events: list[tuple[str, str]]) -> None:
    recorder = DeploymentRecorder(
        registry.write, lambda body, event: events.append(("", event.message)), Log(io.StringIO()), first_pause=3600
    )
    recorder.start()
    registry.failures = 1
    recorder.note(_deployment())
    _until(lambda: bool(events))
    assert registry.written == []

    recorder.note(_deployment(time=2.0))

    _until(lambda: len(registry.written) == 1)
    recorder.stop()


def test_what_fails_gives_way_to_what_is_newer(registry: Registry, recorder: DeploymentRecorder) -> None:
    registry.failures = 1
    registry.let_go.clear()
    recorder.note(_deployment())
    assert registry.began.wait(5)
    recorder.note(_deployment(rendering="r2"))

    registry.let_go.set()

    _until(lambda: len(registry.written) == 1)
    assert registry.written[0].rendering == "r2"
    assert registry.tried == 2


def test_a_registry_that_hangs_holds_nobody_up_and_only_the_latest_of_each_waits(
    registry: Registry, recorder: DeploymentRecorder
) -> None:
    registry.let_go.clear()
    recorder.note(_deployment("first"))
    assert registry.began.wait(5)
    for number in range(50):
        recorder.note(_deployment("second", time=float(number), rendering=f"r{number}"))

    registry.let_go.set()

    _until(lambda: len(registry.written) == 2)
    assert [told.key.name for told in registry.written] == ["first", "second"]
    assert registry.written[1].rendering == "r49"


def test_what_waits_is_bounded(registry: Registry, recorder: DeploymentRecorder) -> None:
    registry.let_go.clear()
    recorder.note(_deployment("first"))
    assert registry.began.wait(5)
    for number in range(1200):
        recorder.note(_deployment(f"app-{number}"))

    registry.let_go.set()

    _until(lambda: len(registry.written) == 1001)
    assert registry.written[1].key.name == "app-200"


def test_what_went_back_to_what_is_recorded_waits_no_more(registry: Registry, recorder: DeploymentRecorder) -> None:
    recorder.note(_deployment())
    _until(lambda: len(registry.written) == 1)
    registry.let_go.clear()
    registry.began.clear()
    recorder.note(_deployment("other"))
    assert registry.began.wait(5)
    recorder.note(_deployment(result=Deployed.FAILED))
    recorder.note(_deployment())

    registry.let_go.set()

    _until(lambda: len(registry.written) == 2)
    recorder.stop()
    assert [told.key.name for told in registry.written] == ["app", "other"]


@pytest.mark.parametrize("failures", [0, 1])
def test_what_is_recorded_comes_again_after_what_is_just_being_written(
    registry: Registry, recorder: DeploymentRecorder, failures: int
) -> None:
    recorder.note(_deployment())
    _until(lambda: len(registry.written) == 1)
    registry.let_go.clear()
    registry.began.clear()
    recorder.note(_deployment(rendering="r2"))
    assert registry.began.wait(5)
    recorder.note(_deployment())
    registry.failures = failures

    registry.let_go.set()

    _until(lambda: registry.tried == 3)
    recorder.stop()
    assert registry.written[-1].rendering == "r1"


def test_whatever_one_record_does_to_it_the_thread_lives(events: list[tuple[str, str]]) -> None:
    written: list[str] = []
    out = io.StringIO()

    def write(told: Deployment) -> None:
        if told.key.name == "bad":
            raise ValueError("nobody thought of this")
        written.append(told.key.name)

    recorder = DeploymentRecorder(write, lambda body, event: events.append(("", event.message)), Log(out))
    recorder.start()
    recorder.note(_deployment("bad"))
    recorder.note(_deployment("good"))
    _until(lambda: written == ["good"])
    recorder.stop()

    assert "nobody thought of this" in json.loads(out.getvalue().splitlines()[0])["msg"]


def test_who_does_not_lead_records_nothing() -> None:
    written: list[Deployment] = []
    asked = Event()

    def is_leading() -> bool:
        asked.set()
        return False

    recorder = DeploymentRecorder(written.append, lambda *_: None, Log(io.StringIO()), is_leading=is_leading)
    recorder.start()
    recorder.note(_deployment())
    assert asked.wait(5)
    recorder.stop()

    assert written == []


@pytest.mark.parametrize(("secret", "cluster"), [("", "prod"), ("edge", "edge-1"), ("other", "")])
def test_other_clusters_are_recorded_under_the_name_that_they_were_given(secret: str, cluster: str) -> None:
    options = PullerOptions(record_cluster="prod", record_remotes=("fleet/edge=edge-1",))
    remote = {"kubeConfig": {"secretRef": {"name": secret}}} if secret else {}

    assert options.recorded_cluster(spec_of(**remote), "fleet") == cluster
    assert options.recorded_cluster(spec_of(**remote), "tenant") == ("" if secret else "prod")


@pytest.mark.parametrize(
    ("said", "by"),
    [
        (" by the trust policy flux-system/floor", "the trust policy flux-system/floor"),
        ("", "spec.verify of OCIRepository apps/shop"),
    ],
)
def test_a_record_says_by_what_the_source_accepted_signatures(said: str, by: str) -> None:
    digest = "sha256:" + "ab" * 32
    condition = {"type": "SourceVerified", "status": "True", "reason": "Succeeded"}
    message = f"verified signature of revision v1@{digest}{said}"
    source = {
        "metadata": {"namespace": "apps", "name": "shop"},
        "status": {"conditions": [condition | {"message": message}]},
    }

    assert verified_by(source, digest) == (by,)
    assert verified_by(source, "sha256:" + "cd" * 32) == ()
