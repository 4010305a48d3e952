"""The rights of an installation are enough for the puller, and no more: it runs here as its service account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.puller.conftest import IS_FLUX, Ground
from tests.platform.control_plane import ControlPlane
from tests.platform.puller import install, puller, service_account
from tests.platform.registries import ReferrersRegistry
from tests.reconciling import condition, config_map, inventory

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.skipif(IS_FLUX, reason="the rights are the puller's"),
]


@contextmanager
def _installed(folder: Path, *, deployer: str | None = None) -> Iterator[Ground]:
    with (
        ReferrersRegistry.start(folder / "registry") as registry,
        ControlPlane.start(folder / "cluster", workloads=False) as plane,
    ):
        install(plane.kubeconfig, *([] if deployer is None else [f"--default-service-account={deployer}"]))
        pod = service_account(folder / "pod", plane.kubeconfig)
        with puller(
            folder / "puller",
            plane.kubeconfig,
            pod=pod,
            enable_leader_election="true",
            default_service_account=deployer,
        ) as started:
            yield Ground(plane, registry, folder, started)


def test_an_installation_gives_the_puller_the_rights_that_it_needs(tmp_path: Path) -> None:
    with _installed(tmp_path) as ground:
        world = ground.world()

        world.deliver({"settings.yaml": config_map(answer="42")})

        assert inventory(world.ready("Kustomization")) == {f"{world.namespace}_settings__ConfigMap"}
        assert [event["reason"] for event in world.list("Event") if event["reason"] == "NewArtifact"]
        world.delete("Kustomization", "app")
        world.gone("ConfigMap", "settings")
        assert ground.puller is not None
        assert "may not" not in ground.puller.logs()


def test_without_cluster_admin_only_a_service_account_s_rights_count(tmp_path: Path) -> None:
    with _installed(tmp_path, deployer="deployer") as ground:
        world = ground.world()
        world.put({"kind": "ServiceAccount", "metadata": {"name": "deployer"}})
        world.publish({"settings.yaml": config_map(answer="42")})
        world.source()
        world.kustomization()

        refused = world.failed("Kustomization")
        assert "deployer may not" in condition(refused, "Ready")["message"]

        rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}]
        world.put({"kind": "Role", "metadata": {"name": "deployer"}, "rules": rules})
        account = {"kind": "ServiceAccount", "name": "deployer", "namespace": world.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"}
        world.put({"kind": "RoleBinding", "metadata": {"name": "deployer"}, "subjects": [account], "roleRef": role})
        world.reconcile("Kustomization")

        assert inventory(world.ready("Kustomization")) == {f"{world.namespace}_settings__ConfigMap"}
