from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from pipeline import __version__, wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.model.documents.yaml_writing import write_document
from pipeline.model.flux.api import DEPLOYMENTS
from pipeline.model.installation.kinds import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, DEFINITION_TYPE
from pipeline.model.installation.labels import instance_selector
from pipeline.model.installation.manifests import definitions
from pipeline.model.installation.options import InstallOptions
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.connections import ClusterOptions
from pipeline.operations.writing import INSTALL_MANAGER, health_of, wait_for
from pipeline.ports import ApiServer
from pipeline.reports.console import JsonLog
from tests.command_line import Outcome
from tests.platform.binaries import binary
from tests.platform.control_plane import Cluster

Kubectl = Callable[..., subprocess.CompletedProcess[str]]
Gitless = Callable[..., Outcome]
Body = Mapping[str, Any]

OPTIONS = InstallOptions(version=__version__)


@pytest.fixture(scope="session")
def api(control_plane: Cluster) -> ApiServer:
    """The port to the control plane, with all rights."""
    reporter = JsonLog(io.StringIO(), verbose=False)
    return wiring.api_server(ClusterOptions(kubeconfig=str(control_plane.kubeconfig)), os.environ, reporter)


@pytest.fixture
def kubectl(control_plane: Cluster) -> Kubectl:
    """Real kubectl as administrator; what a test gives as ``stdin`` is YAML text or one object."""
    program = binary("kubectl")

    def run(*arguments: str, stdin: str | Body = "", succeeds: bool = True) -> subprocess.CompletedProcess[str]:
        text = stdin if isinstance(stdin, str) else json.dumps(stdin)
        argv = [str(program), "--kubeconfig", str(control_plane.kubeconfig), *arguments]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, timeout=120)
        if succeeds:
            assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def gitless(control_plane: Cluster, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gitless:
    """The command line against the control plane; ``stdin`` is what is piped in."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    for name in ("GITLESS_NAMESPACE", "GITLESS_KUBECONFIG", "GITLESS_CONTEXT"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def served(api: ApiServer) -> ApiServer:
    """The port to a cluster that serves both kinds."""
    apply_definitions(api)
    return api


@pytest.fixture
def place(api: ApiServer, namespace: str) -> Iterator[str]:
    """A namespace for an installation that is this test's alone, of which nothing is left outside it."""
    yield namespace
    for kind in (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS):
        for body in api.list(kind, None, instance_selector(namespace)).items:
            api.delete(kind, ObjectId(kind.group, kind.kind, "", body["metadata"]["name"]))
    # One that was still there would be another puller to whom the next test's objects belong.
    api.delete(DEPLOYMENTS, ObjectId(DEPLOYMENTS.group, DEPLOYMENTS.kind, namespace, "gitless-puller"))
    assert wait_for(lambda: deployment(api, namespace) is None or None, wiring.clock(), 60.0)


def apply_definitions(api: ApiServer) -> None:
    """Define both kinds, and wait until they are served."""
    clock = wiring.clock()
    for body in definitions(OPTIONS):
        api.apply(DEFINITION_TYPE, body, manager=INSTALL_MANAGER, force=True)
        name = body["metadata"]["name"]

        def look(name: str = name) -> bool | None:
            return health_of(api, DEFINITION_TYPE, "", name, clock.now()).is_current or None

        assert wait_for(look, clock, 60.0)
    for version, kind in (("source.toolkit.fluxcd.io/v1", "OCIRepository"),
                          ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")):  # fmt: skip

        def find(version: str = version, kind: str = kind) -> object:
            return api.resource_type(version, kind)

        assert wait_for(find, clock, 60.0)


def yaml(body: Body) -> str:
    """One object as YAML."""
    return write_document(body).decode()


def deployment(api: ApiServer, namespace: str) -> Body | None:
    """The puller's Deployment."""
    return api.read(DEPLOYMENTS, namespace, "gitless-puller")
