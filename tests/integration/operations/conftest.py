"""Flux's kinds on a real API server; the tests play the controllers, and write the statuses themselves."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES, REQUESTED_AT
from pipeline.model.flux.definitions import DEFINITIONS
from pipeline.model.manifests import Body
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import ApiServer
from pipeline.reports.console import JsonLog
from tests.command_line import Outcome
from tests.integration.operations.proxy import Proxy
from tests.platform.control_plane import Cluster
from tests.unit.flux_commands import objects
from tests.unit.flux_commands.worlds import id_of, kind_of

Gitless = Callable[..., Outcome]


@dataclass(frozen=True)
class Controllers:
    """What controllers and authors do in one namespace."""

    server: ApiServer
    namespace: str

    def source(self, *arguments: Any, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - those of objects.source
        return self.put(objects.source(*arguments, namespace=self.namespace, **fields))

    def kustomization(self, *arguments: Any, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - the same
        return self.put(objects.kustomization(*arguments, namespace=self.namespace, **fields))

    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create the object or change its spec, then set its status; the generation is the real one."""
        kind, object_id = kind_of(body), id_of(body)
        metadata = {key: value for key, value in body["metadata"].items() if key != "generation"}
        before = self.server.read(kind, object_id.namespace, object_id.name)
        if before is None:
            self.server.create(kind, {**body, "metadata": metadata, "status": {}}, manager="author")
        else:
            patch = {"spec": body["spec"], "metadata": {"annotations": metadata.get("annotations") or {}}}
            self.server.merge_patch(kind, object_id, patch, manager="author")
        status = {"status": body["status"]}
        self.server.merge_patch(kind, object_id, status, manager="controller", subresource="status")
        return body

    def read(self, body: Body) -> Body:
        found = self.server.read(kind_of(body), self.namespace, body["metadata"]["name"])
        assert found is not None
        return found

    def delete(self, body: Body) -> None:
        self.server.delete(kind_of(body), id_of(body))

    def request(self, body: Body, *, seconds: float = 20.0) -> str:
        """Wait for a request to reconcile the object; its value."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            token = (self.read(body)["metadata"].get("annotations") or {}).get(REQUESTED_AT)
            if token:
                return str(token)
            time.sleep(0.05)
        raise AssertionError(f"nobody asked for {id_of(body)}")


@pytest.fixture(scope="session")
def server(control_plane: Cluster) -> ApiServer:
    """The port to the control plane, which serves our definitions from now on."""
    reporter = JsonLog(io.StringIO(), verbose=False)
    found = wiring.api_server(ClusterOptions(kubeconfig=str(control_plane.kubeconfig)), os.environ, reporter)
    kind = found.resource_type("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert kind is not None
    for definition in DEFINITIONS:
        found.apply(kind, definition, manager="test", force=True)
    for flux_kind in (OCI_REPOSITORIES, KUSTOMIZATIONS):
        while found.resource_type(flux_kind.api_version, flux_kind.kind) is None:
            time.sleep(0.1)
    return found


@pytest.fixture
def controllers(server: ApiServer, namespace: str) -> Controllers:
    return Controllers(server, namespace)


@pytest.fixture
def gitless(control_plane: Cluster, namespace: str, capsys: pytest.CaptureFixture[str]) -> Gitless:
    """A command line against the cluster, in the test's namespace unless it says ``-A``."""

    def run(*arguments: str, kubeconfig: Path | None = None) -> Outcome:
        place = ("--kubeconfig", str(kubeconfig or control_plane.kubeconfig), "-n", namespace)
        code = run_guarded(application, [*arguments, *place])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def meanwhile() -> Iterator[Callable[..., None]]:
    """Take steps one after another beside the test, a moment before each; what fails in one fails the test."""
    threads: list[Thread] = []
    failures: list[BaseException] = []

    def begin(*steps: Callable[[], object]) -> None:
        def work() -> None:
            try:
                for step in steps:
                    time.sleep(0.4)
                    step()
            except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
                failures.append(error)

        threads.append(Thread(target=work, daemon=True))
        threads[-1].start()

    yield begin
    for thread in threads:
        thread.join(30)
    assert failures == []


@pytest.fixture
def proxy(control_plane: Cluster, tmp_path: Path) -> Iterator[tuple[Proxy, Path]]:
    """A way to the API server that can be cut, and the kubeconfig that goes this way."""
    document = json.loads(control_plane.kubeconfig.read_text())
    cluster = document["clusters"][0]["cluster"]
    address = urlsplit(cluster["server"])
    assert address.hostname is not None
    with Proxy(address.hostname, address.port or 443) as way:
        cluster["server"] = f"https://127.0.0.1:{way.port}"
        file = tmp_path / "through-the-proxy"
        file.write_text(json.dumps(document))
        yield way, file
