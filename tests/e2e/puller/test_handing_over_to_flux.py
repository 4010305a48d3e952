"""A cluster changes hands between Flux, the puller and the pipeline: nothing is made anew, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.artifacts import Published
from tests.e2e.puller.conftest import Realm
from tests.platform.binaries import binary
from tests.reconciling import OWNER, Body, World, condition, config_map, inventory, manifest

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("realm")]

KINDS = ("ConfigMap", "Secret", "Service", "Deployment")


def release(version: int) -> dict[str, str | bytes]:
    """Objects of several kinds; each version drops one ConfigMap and adds one."""
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": f"example/web:{version}"}]}}
    return {
        "a.yaml": config_map("settings", version=str(version)),
        f"b-{version}.yaml": config_map(f"only-{version}"),
        "c.yaml": manifest("Secret", "secret", stringData={"token": "t"}),
        "d.yaml": manifest("Service", "web", spec={"selector": labels, "ports": [{"port": 80}]}),
        "e.yaml": manifest(
            "Deployment", "web", spec={"replicas": 0, "selector": {"matchLabels": labels}, "template": pod}
        ),
    }


def objects(world: World) -> dict[str, Body]:
    """What belongs to the Kustomization, by kind and name."""
    selector = f"{OWNER}/name=app"
    found = ((kind, item) for kind in KINDS for item in world.list(kind, selector))
    return {f"{kind}/{item['metadata']['name']}": item["metadata"] for kind, item in found}


def identities(world: World) -> dict[str, tuple[str, str]]:
    """The uid of every object, and its version: whoever writes it changes that."""
    return {name: (item["uid"], item["resourceVersion"]) for name, item in objects(world).items()}


def told(body: Body) -> dict[str, tuple[str, str]]:
    """Its conditions, as far as they outlast a reconciliation."""
    conditions = body["status"]["conditions"]
    return {entry["type"]: (entry["status"], entry["reason"]) for entry in conditions if entry["type"] != "Healthy"}


def settled(world: World, digest: str) -> dict[str, Any]:
    """All that must not change by a change of hands."""
    world.reconcile("OCIRepository")
    world.reconcile("Kustomization")
    body = world.applied("app", digest)
    source = world.ready("OCIRepository")
    return {
        "objects": identities(world),
        "inventory": body["status"]["inventory"],
        "conditions": (told(body), told(source)),
        "revisions": (body["status"]["lastAppliedRevision"], source["status"]["artifact"]["revision"]),
        "uids": (body["metadata"]["uid"], source["metadata"]["uid"]),
    }


def check_release(world: World, version: int) -> None:
    """That release is there, all of it, and nothing of another."""
    assert set(objects(world)) == {
        "ConfigMap/settings",
        f"ConfigMap/only-{version}",
        "Secret/secret",
        "Service/web",
        "Deployment/web",
    }
    for item in objects(world).values():
        managers = {(entry["manager"], entry["operation"]) for entry in item["managedFields"]}
        assert managers <= {("kustomize-controller", "Apply"), ("kube-controller-manager", "Update")}, item


def release_by(world: World, version: int) -> Published:
    published = world.update(release(version))
    world.applied("app", published.digest)
    world.gone("ConfigMap", f"only-{version - 1}")
    check_release(world, version)
    return published


def ruler(realm: Realm, name: str) -> AbstractContextManager[object]:
    return realm.flux() if name == "flux" else realm.puller()


@pytest.mark.parametrize("order", [("flux", "puller", "flux"), ("puller", "flux", "puller")], ids="-".join)
def test_nothing_changes_but_the_hands(realm: Realm, order: tuple[str, ...]) -> None:
    world = realm.world()
    first, *others = order
    with ruler(realm, first):
        world.deliver(release(1))
        check_release(world, 1)
        before = settled(world, release_by(world, 2).digest)

    for version, name in enumerate(others, 3):
        with ruler(realm, name):
            digest = before["revisions"][1].rpartition("@")[2]
            assert settled(world, digest) == before
            before = settled(world, release_by(world, version).digest)


@pytest.mark.parametrize("name", ["flux", "puller"])
def test_a_deletion_after_the_change_of_hands_deletes_everything(realm: Realm, name: str) -> None:
    world = realm.world()
    with ruler(realm, "puller" if name == "flux" else "flux"):
        world.deliver(release(1))

    with ruler(realm, name):
        world.delete("Kustomization", "app")

    for item in objects(world):
        world.gone(*item.split("/"))


def test_a_deletion_that_was_asked_for_in_between_is_done(realm: Realm) -> None:
    world = realm.world()
    with realm.flux():
        world.deliver(release(1))
    world.delete("Kustomization", "app", wait=False)

    with realm.puller():
        world.gone("Kustomization", "app")

    assert objects(world) == {}


@pytest.mark.parametrize("name", ["flux", "puller"])
def test_what_the_pipeline_applied_is_taken_over(realm: Realm, name: str, tmp_path: Path) -> None:
    world = realm.world()
    gitless_apply(realm, world, tmp_path, release(1))
    before = uids(world)

    with ruler(realm, name):
        world.deliver(release(1))

        assert uids(world) == before
        published = world.update(release(2))
        body = world.applied("app", published.digest)
        world.gone("ConfigMap", "only-1")
        assert condition(body, "Ready")["status"] == "True"
        assert f"{world.namespace}_only-2__ConfigMap" in inventory(body)


def uids(world: World) -> dict[str, str]:
    """Of everything in the namespace, whoever owns it."""
    found = ((kind, item["metadata"]) for kind in KINDS for item in world.list(kind))
    return {f"{kind}/{metadata['name']}": metadata["uid"] for kind, metadata in found}


def gitless_apply(realm: Realm, world: World, folder: Path, files: dict[str, str | bytes]) -> None:
    """Publish and apply by the pipeline's own commands."""
    manifests = folder / "manifests"
    manifests.mkdir()
    for path, content in files.items():
        text = content.decode() if isinstance(content, bytes) else content
        (manifests / path).write_text(text.replace("metadata:\n", f"metadata:\n  namespace: {world.namespace}\n", 1))
    environment = {
        "HOME": str(folder),
        "PATH": os.pathsep.join([str(binary("kustomize").parent), "/usr/bin", "/bin"]),
        "KUBECONFIG": str(realm.plane.kubeconfig),
        "COSIGN_PASSWORD": "throw-away",
    }

    def gitless(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    gitless("keys", "generate")
    answer = gitless("package", "manifests", f"oci://{world.registry}/{world.namespace}/pipeline:v1", "-o", "json")
    reference = json.loads(answer)["digestUrl"]
    gitless("sign", reference, "--key", "cosign.key")
    gitless("apply", reference, "--inventory", "app", "-n", world.namespace, "--key", "cosign.pub")
