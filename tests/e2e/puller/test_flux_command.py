"""Flux's own command works against the puller as against Flux's controllers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.puller.conftest import Realm
from tests.platform.flux import flux
from tests.reconciling import World, condition, config_map, manifest

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("realm")]

FILES: dict[str, str | bytes] = {
    "a.yaml": config_map(),
    "b.yaml": manifest("Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]}),
}


@pytest.fixture(scope="module", params=["flux", "puller"])
def ruled(realm: Realm, request: pytest.FixtureRequest) -> Iterator[Realm]:
    """Both in turn: what the tests expect is what Flux does."""
    with realm.flux() if request.param == "flux" else realm.puller():
        yield realm


@pytest.fixture
def world(ruled: Realm) -> World:
    made = ruled.world()
    made.deliver(FILES)
    return made


def run(realm: Realm, world: World, folder: Path, *arguments: str) -> str:
    done = flux(realm.plane.kubeconfig, "-n", world.namespace, *arguments, home=folder)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def row(table: str, name: str) -> str:
    return next(line for line in table.splitlines() if line.startswith((name, f"kustomization/{name}")))


def test_flux_get(ruled: Realm, world: World, tmp_path: Path) -> None:
    revision = world.publish(FILES).revision

    kustomizations = run(ruled, world, tmp_path, "get", "kustomizations")
    sources = run(ruled, world, tmp_path, "get", "sources", "oci")
    everything = run(ruled, world, tmp_path, "get", "all")

    short = revision[: revision.index("sha256:") + 15]
    assert "True" in row(kustomizations, "app")
    assert "Applied revision" in row(kustomizations, "app")
    assert "True" in row(sources, "app")
    assert short in kustomizations
    assert short in sources
    assert "ocirepository/app" in everything
    assert "kustomization/app" in everything


def test_flux_reconcile_with_source(ruled: Realm, world: World, tmp_path: Path) -> None:
    published = world.publish({"a.yaml": config_map(color="red")})

    run(ruled, world, tmp_path, "reconcile", "kustomization", "app", "--with-source")

    body = world.applied("app", published.digest)
    assert body["status"]["lastHandledReconcileAt"]
    settings = world.get("ConfigMap", "settings")
    assert settings is not None
    assert settings["data"] == {"color": "red"}
    assert world.get("Service", "web") is None


def test_flux_reconcile_reports_a_failure(ruled: Realm, world: World, tmp_path: Path) -> None:
    world.publish({"a.yaml": "apiVersion: none.test/v1\nkind: Nothing\nmetadata: {name: a}\n"})

    done = flux(
        ruled.plane.kubeconfig,
        "-n",
        world.namespace,
        "reconcile",
        "kustomization",
        "app",
        "--with-source",
        # It goes on waiting, as the reconciliation is tried again and again.
        "--timeout=5s",
        home=tmp_path,
    )

    assert done.returncode != 0
    message = condition(world.failed("Kustomization"), "Ready")["message"]
    assert "Nothing" in message


def test_flux_suspend_and_resume(ruled: Realm, world: World, tmp_path: Path) -> None:
    run(ruled, world, tmp_path, "suspend", "kustomization", "app")
    world.patch("ConfigMap", "settings", {"data": {"color": "red"}}, manager="somebody")
    assert "True" in row(run(ruled, world, tmp_path, "get", "kustomizations", "--no-header"), "app").split()[2]

    run(ruled, world, tmp_path, "resume", "kustomization", "app")

    world.until("ConfigMap", "settings", lambda body: body["data"]["color"] == "blue", "the correction")


def test_flux_tree_and_trace(ruled: Realm, world: World, tmp_path: Path) -> None:
    tree = json.loads(run(ruled, world, tmp_path, "tree", "kustomization", "app", "-o", "json"))
    trace = run(ruled, world, tmp_path, "trace", "configmap", "settings")

    names = {entry["resource"]["Name"] for entry in tree["resources"]}
    assert names == {"settings", "web"}
    lines = [line.split() for line in trace.splitlines()]
    assert ["Kustomization:", "app"] in lines
    assert ["OCIRepository:", "app"] in lines


def test_flux_export_and_events(ruled: Realm, world: World, tmp_path: Path) -> None:
    exported = yaml.safe_load(run(ruled, world, tmp_path, "export", "kustomization", "app"))
    events = run(ruled, world, tmp_path, "events", "--for", "Kustomization/app")

    assert exported["spec"]["sourceRef"] == {"kind": "OCIRepository", "name": "app"}
    assert "ReconciliationSucceeded" in events


def test_flux_create_and_delete(ruled: Realm, world: World, tmp_path: Path) -> None:
    world.publish({"a.yaml": config_map("made")}, name="made")
    url = f"oci://{world.registry}/{world.namespace}/made"
    namespace = f"--target-namespace={world.namespace}"

    run(ruled, world, tmp_path, "create", "source", "oci", "made", f"--url={url}", "--tag=v1", "--insecure")
    run(ruled, world, tmp_path, "create", "kustomization", "made", "--source=OCIRepository/made", "--prune", namespace)

    assert condition(world.ready("Kustomization", "made"), "Ready")["status"] == "True"
    run(ruled, world, tmp_path, "delete", "kustomization", "made", "--silent")
    world.gone("ConfigMap", "made")
