"""What many test folders share: one real API server per test process, and a namespace of one's own in it."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from pipeline import wiring
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.connections import ClusterOptions
from pipeline.reports.console import JsonLog

if TYPE_CHECKING:
    from pipeline.ports import Cluster as ClusterPort
    from tests.platform.control_plane import Cluster
    from tests.platform.sigstore.deployment import SigstoreDeployment

# How long an example takes says how busy the machine is.
settings.register_profile("whenever", deadline=None)
settings.load_profile("whenever")

_CI_VARIABLES = ("GITHUB_", "ACTIONS_", "RUNNER_", "GITLAB_", "CI_", "TEKTON_", "GITLESS_CI", "GITLESS_GIT")
_GIT_HOOK_VARIABLES = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"}
_TELLING_VARIABLES = {"GITLESS_COMMENT", "GITLESS_LABEL", "GITLESS_REPORT", "FORCE_COLOR", "NO_COLOR"}


@pytest.fixture(autouse=True, scope="session")
def outside_of_any_ci() -> Iterator[None]:
    """Whatever runs these tests: no CI is told anything, and none of its variables says what is built."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_CI_VARIABLES) or name in _TELLING_VARIABLES]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True, scope="session")
def nobodys_git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Git as it is installed: without the settings and hooks of this machine, and not within a hook's repository."""
    settings_file = tmp_path_factory.mktemp("git") / "config"
    settings_file.write_text("[safe]\n\tdirectory = *\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in _GIT_HOOK_VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv("GIT_CONFIG_GLOBAL", str(settings_file))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A control plane with simulated nodes, or the cluster of ``$GITLESS_TEST_KUBECONFIG``."""
    from tests.platform.control_plane import cluster

    with cluster(tmp_path_factory.mktemp("control-plane")) as started:
        yield started


@pytest.fixture(scope="session")
def real_cluster(control_plane: Cluster) -> ClusterPort:
    """The port to the control plane, with all rights; its talk is thrown away."""
    reporter = JsonLog(io.StringIO(), verbose=False)
    return wiring.cluster(ClusterOptions(kubeconfig=str(control_plane.kubeconfig)), os.environ, reporter)


@pytest.fixture
def namespace(real_cluster: ClusterPort) -> Iterator[str]:
    """The name of a namespace that is this test's alone; its deletion is asked for and not waited for."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    uid = real_cluster.apply(body)["metadata"]["uid"]
    yield name
    kind = real_cluster.resource_type("v1", "Namespace")
    assert kind is not None
    real_cluster.delete(kind, ObjectId("", "Namespace", "", name), uid=uid)


@pytest.fixture(scope="session")
def sigstore_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigstoreDeployment]:
    """Fulcio, Rekor and a timestamp authority on loopback, with the files that clients of them need."""
    from tests.platform.sigstore.deployment import SigstoreDeployment

    with SigstoreDeployment.start(tmp_path_factory.mktemp("sigstore")) as started:
        yield started
