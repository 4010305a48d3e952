"""Flux's controllers and command run on the platform; one test, because each start takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reconciling import World, config_map

from .control_plane import ControlPlane
from .flux import KUSTOMIZE, controllers, flux
from .registries import ReferrersRegistry

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool]


def test_flux_reconciles_an_artifact_and_its_command_reports_it(tmp_path: Path) -> None:
    with (
        ControlPlane.start(tmp_path / "cluster", workloads=False) as plane,
        ReferrersRegistry.start(tmp_path / "registry") as registry,
        controllers(tmp_path / "flux", plane.kubeconfig) as running,
    ):
        world = World(plane.access, registry.address, "default")
        world.deliver({"a.yaml": config_map()})
        running.stop(KUSTOMIZE)
        published = world.update({"a.yaml": config_map("other")})
        running.start(KUSTOMIZE)
        world.applied("app", published.digest)
        running.check()

        done = flux(plane.kubeconfig, "get", "kustomizations", "-n", "default", home=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Applied revision" in done.stdout
