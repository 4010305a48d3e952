"""Conditions as Kubernetes' tools read them: kubectl wait, kstatus, and what dashboards take for granted."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.puller.conftest import Ground
from tests.platform.binaries import binary
from tests.platform.processes import wait_until
from tests.reconciling import Body, World, condition, config_map

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]

FILES = {"a.yaml": config_map()}
PLURALS = {"OCIRepository": "ocirepositories", "Kustomization": "kustomizations"}


def kubectl(ground: Ground, world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(binary("kubectl")), f"--kubeconfig={ground.plane.kubeconfig}", "-n", world.namespace, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def watching(ground: Ground, world: World, kind: str) -> Iterator[list[Body]]:
    """Every state that the objects of that kind are seen in from now on."""
    path = world.path(kind)
    version = world.access.get(path)["metadata"]["resourceVersion"]
    query = f"{path}?watch=1&resourceVersion={version}"
    command = [str(binary("kubectl")), f"--kubeconfig={ground.plane.kubeconfig}", "get", "--raw", query]
    states: list[Body] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:

        def read() -> None:
            assert process.stdout is not None
            states.extend(json.loads(line)["object"] for line in process.stdout if line.endswith("}\n"))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield states
            final = world.access.get(path)["items"]
            wait_until(lambda: all(item in states for item in final), seconds=10, what="the last states")
        finally:
            process.terminate()
            reader.join(10)


def kstatus(body: Body) -> str:
    """What kstatus makes of an object with standard conditions (cli-utils ``pkg/kstatus``)."""
    status = body.get("status") or {}
    if "deletionTimestamp" in body["metadata"]:
        return "Terminating"
    observed = status.get("observedGeneration")
    if observed is not None and observed != body["metadata"]["generation"]:
        return "InProgress"
    if condition(body, "Reconciling").get("status") == "True":
        return "InProgress"
    if condition(body, "Stalled").get("status") == "True":
        return "Failed"
    ready = condition(body, "Ready").get("status")
    return "Current" if ready in {None, "True"} else "InProgress"


def check(body: Body) -> None:
    """What holds of every state, half-way ones included."""
    status = body.get("status") or {}
    generation = body["metadata"]["generation"]
    assert status.get("observedGeneration", -1) <= generation
    conditions = status.get("conditions") or []
    types = [entry["type"] for entry in conditions]
    assert len(types) == len(set(types)), types
    for entry in conditions:
        assert entry["reason"], entry
        assert entry["lastTransitionTime"], entry
        assert entry["observedGeneration"] <= generation, entry
    # Abnormal conditions are there while they are true, and never both at once.
    for abnormal in ("Reconciling", "Stalled"):
        assert condition(body, abnormal).get("status") in {None, "True"}, conditions
    assert not {"Reconciling", "Stalled"} <= set(types), types
    if condition(body, "Ready").get("status") == "True":
        assert "Stalled" not in types, types


@pytest.mark.parametrize("kind", PLURALS)
def test_kubectl_waits_for_ready(ground: Ground, world: World, kind: str) -> None:
    world.publish(FILES)
    world.source()
    world.kustomization()

    done = kubectl(ground, world, "wait", f"{PLURALS[kind]}/app", "--for=condition=Ready", "--timeout=30s")

    assert done.returncode == 0, done.stderr
    assert world.get("ConfigMap", "settings") is not None or kind == "OCIRepository"


def test_kubectl_get_shows_readiness_and_why(ground: Ground, world: World) -> None:
    published = world.publish(FILES)
    world.source()
    world.kustomization()
    world.ready("Kustomization")

    for kind in PLURALS.values():
        done = kubectl(ground, world, "get", kind)
        assert "True" in done.stdout, done
        assert published.digest in done.stdout


@pytest.mark.parametrize("kind", PLURALS)
def test_every_state_on_the_way_conforms(ground: Ground, world: World, kind: str) -> None:
    with watching(ground, world, kind) as states:
        world.publish(FILES)
        world.source()
        world.kustomization(wait=True)
        world.ready("Kustomization")
        world.applied("app", world.update({"a.yaml": config_map(color="red")}).digest)
        world.kustomization(wait=True, path="./missing")
        world.failed("Kustomization")
        world.source(url=f"oci://{world.registry}/{world.namespace}/app:v1")
        world.failed("OCIRepository", reason="URLInvalid")
        world.source()
        world.kustomization()
        world.ready("Kustomization")
        world.ready("OCIRepository")

    assert states
    for state in states:
        check(state)
    assert kstatus(world.ready(kind)) == "Current"


def test_a_change_is_never_mistaken_for_ready(ground: Ground, world: World) -> None:
    world.deliver(FILES)
    with watching(ground, world, "Kustomization") as states:
        changed = world.kustomization(path="./missing")
        world.failed("Kustomization")

    generation = changed["metadata"]["generation"]
    current = [state for state in states if state["metadata"]["generation"] == generation]
    assert current
    assert "Current" not in {kstatus(state) for state in current}


def test_a_stalled_source_has_failed(world: World) -> None:
    world.source(url=f"oci://{world.registry}/{world.namespace}/app:v1")

    assert kstatus(world.failed("OCIRepository", reason="URLInvalid")) == "Failed"


def test_events_tell_what_happened(world: World) -> None:
    published = world.publish(FILES)
    world.source()
    world.kustomization()
    world.ready("Kustomization")

    def seen(kind: str) -> list[Body]:
        return [item for item in world.list("Event") if item["involvedObject"]["kind"] == kind]

    world.until("Kustomization", "app", lambda body: bool(seen("Kustomization") and seen("OCIRepository")), "events")
    source = next(item for item in seen("OCIRepository") if item["reason"] == "NewArtifact")
    assert source["type"] == "Normal"
    done = next(item for item in seen("Kustomization") if item["reason"] == "ReconciliationSucceeded")
    revision = done["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/revision"]
    assert revision == published.revision
    assert "ConfigMap" in str(seen("Kustomization"))
