"""What happens where the API server, or what stands in front of it, does not answer as it should."""

from __future__ import annotations

import http.server
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline.clusters.kubernetes.cluster import KubernetesCluster
from pipeline.clusters.kubernetes.transport import Transport
from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import ObjectId
from tests.integration.cluster.conftest import Talk

pytestmark = pytest.mark.cluster

_CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}
_RESOURCES = {
    "kind": "APIResourceList",
    "resources": [
        {"name": "configmaps", "kind": "ConfigMap", "namespaced": True},
        {"name": "customresourcedefinitions", "kind": "CustomResourceDefinition", "namespaced": False},
    ],
}


@dataclass
class Answer:
    """One prepared answer; without a status the connection is cut instead."""

    status: int = 0
    body: object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


class _Server(http.server.ThreadingHTTPServer):
    """Serves an old API server's discovery, and for everything else what the test prepared."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        # A client that gave up is part of the plan; its thread must not complain in the middle of another test.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path in {"/api", "/apis"}:
            self._send(Answer(200, {"kind": "APIVersions", "versions": ["v1"]}))
            return
        if self.path == "/api/v1":
            self._send(Answer(200, _RESOURCES))
            return
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.authorizations.append(self.headers.get("Authorization"))
        answer = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        time.sleep(answer.after)
        if answer.status:
            self._send(answer)
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _send(self, answer: Answer) -> None:
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Silent."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as started:
        thread = threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited between tries."""
    waited: list[float] = []
    defaults = Transport.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "sleep", waited.append)
    return waited


@pytest.fixture
def cluster(
    server: _Server, waits: list[float], connected: Callable[..., KubernetesCluster], write: Callable[..., str]
) -> KubernetesCluster:
    return connected(kubeconfig=write(_kubeconfig(server)), timeout=0.5)


def _kubeconfig(server: _Server) -> dict[str, Any]:
    address = f"http://127.0.0.1:{server.server_address[1]}"
    return {
        "current-context": "broken",
        "clusters": [{"name": "broken", "cluster": {"server": address}}],
        "contexts": [{"name": "broken", "context": {"cluster": "broken", "user": "me"}}],
        "users": [{"name": "me", "user": {"token": "very-secret-token"}}],
    }


def test_an_api_server_without_aggregated_discovery_is_asked_by_version(
    cluster: KubernetesCluster, server: _Server
) -> None:
    server.answers = [Answer(200, _CONFIG_MAP)]

    assert cluster.apply(_CONFIG_MAP)["kind"] == "ConfigMap"
    assert server.authorizations == ["Bearer very-secret-token"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_overloaded_server_is_asked_again(
    status: int, cluster: KubernetesCluster, server: _Server, waits: list[float]
) -> None:
    server.answers = [Answer(status), Answer(status), Answer(200, _CONFIG_MAP)]

    cluster.apply(_CONFIG_MAP)

    assert len(server.requests) == 3
    assert len(waits) == 2


def test_the_server_says_how_long_to_wait(cluster: KubernetesCluster, server: _Server, waits: list[float]) -> None:
    server.answers = [Answer(429, headers={"Retry-After": "7"}), Answer(200, _CONFIG_MAP)]

    cluster.apply(_CONFIG_MAP)

    assert waits == [7.0]


def test_waiting_is_bounded(cluster: KubernetesCluster, server: _Server, waits: list[float]) -> None:
    server.answers = [Answer(429, {"message": "slow down"}, {"Retry-After": "12"})]

    with pytest.raises(ClusterError, match="slow down"):
        cluster.apply(_CONFIG_MAP)

    assert waits == [12.0, 12.0]


def test_an_internal_error_is_given_up_soon(cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer(500, {"message": 'failed calling webhook "policy.example": connection refused'})]

    with pytest.raises(ClusterError, match=r"ConfigMap shop/a: failed calling webhook"):
        cluster.apply(_CONFIG_MAP)

    assert len(server.requests) == 3


def test_a_cut_connection_is_opened_again(cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer(), Answer(), Answer(200, _CONFIG_MAP)]

    cluster.apply(_CONFIG_MAP)

    assert len(server.requests) == 3


def test_a_server_that_stays_silent_is_given_up(cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer(200, after=0.7)]

    with pytest.raises(ClusterError, match="no answer within") as caught:
        cluster.apply(_CONFIG_MAP)

    assert len(server.requests) == 2

    assert caught.value.code == "cluster.unreachable"


def test_a_server_that_is_gone_is_unreachable(cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer()]

    with pytest.raises(ClusterError) as caught:
        cluster.apply(_CONFIG_MAP)

    assert caught.value.code == "cluster.unreachable"
    assert "very-secret-token" not in caught.value.message


def test_something_that_is_no_api_server_is_told(cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer(200, b"<html>Log in</html>")]

    with pytest.raises(ClusterError, match="not JSON"):
        cluster.apply(_CONFIG_MAP)


def test_a_deletion_is_done_only_if_an_api_server_says_so(cluster: KubernetesCluster, server: _Server) -> None:
    object_id = ObjectId("", "ConfigMap", "shop", "a")
    server.answers = [Answer(200, b"<html>Log in</html>")]

    with pytest.raises(ClusterError, match="is not JSON"):
        cluster.delete(ResourceType("v1", "ConfigMap", "configmaps", namespaced=True), object_id, uid="1")


@pytest.mark.parametrize("content", [b"[1, 2]", b"{}", b"7", b"[" * 100_000])
def test_json_that_is_no_object_is_told(content: bytes, cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer(200, content)]

    with pytest.raises(ClusterError, match=r"broken \(http://127.0.0.1:\d+\): its answer"):
        cluster.apply(_CONFIG_MAP, metadata_only=True)


def test_a_kind_that_is_still_being_set_up_is_waited_for(cluster: KubernetesCluster, server: _Server) -> None:
    absent = Answer(404, {"message": "the server could not find the requested resource", "details": {}})
    definition = {"apiVersion": "v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a"}}
    server.answers = [Answer(200, definition), absent, absent, Answer(200, _CONFIG_MAP)]
    cluster.apply(definition)

    assert cluster.apply(_CONFIG_MAP)["kind"] == "ConfigMap"


def test_a_kind_that_is_gone_is_unknown_at_once(cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer(404, {"message": "the server could not find the requested resource", "details": {}})]

    with pytest.raises(ClusterError) as caught:
        cluster.apply(_CONFIG_MAP)

    assert caught.value.code == "cluster.kind-unknown"
    assert len(server.requests) == 1


def test_warnings_are_passed_on_once(cluster: KubernetesCluster, server: _Server, talk: Talk) -> None:
    server.answers = [Answer(200, _CONFIG_MAP, {"Warning": '299 - "v1 Thing is deprecated", 299 - "say \\"hi\\""'})]

    cluster.apply(_CONFIG_MAP)
    cluster.apply(_CONFIG_MAP)

    assert talk.warnings == ["v1 Thing is deprecated", 'say "hi"']


def test_a_list_whose_snapshot_is_gone_begins_again(cluster: KubernetesCluster, server: _Server) -> None:
    kind = cluster.resource_type("v1", "ConfigMap")
    assert kind is not None
    first, second = ({"metadata": {"uid": uid, "name": uid}} for uid in "ab")
    server.answers = [
        Answer(200, {"metadata": {"continue": "more"}, "items": [first]}),
        Answer(410, {"reason": "Expired"}),
        Answer(200, {"metadata": {"continue": "more"}, "items": [first]}),
        Answer(200, {"metadata": {}, "items": [second]}),
    ]

    found = list(cluster.list_objects(kind, None))

    assert [item["metadata"]["name"] for item in found] == ["a", "b"]
    assert [item["kind"] for item in found] == ["ConfigMap", "ConfigMap"]


def test_an_inventory_whose_answer_was_lost_is_saved_all_the_same(cluster: KubernetesCluster, server: _Server) -> None:
    from pipeline.clusters.kubernetes.inventory_store import config_map_of
    from pipeline.model.applying.inventory import Inventory

    inventory = Inventory("shop", "web", writer="me")
    stored = config_map_of(inventory)
    stored["metadata"]["resourceVersion"] = "7"
    server.answers = [Answer(), Answer(409, {"reason": "AlreadyExists"}), Answer(200, stored)]

    assert cluster.save_inventory(inventory).resource_version == "7"


def test_credentials_that_are_no_longer_accepted_are_read_again(
    cluster: KubernetesCluster,
    server: _Server,
    write: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.clusters.kubernetes.access._CREDENTIALS_AGE", 0.0)
    renewed = _kubeconfig(server)
    renewed["users"][0]["user"]["token"] = "new-token"
    server.answers = [Answer(200, _CONFIG_MAP), Answer(401), Answer(200, _CONFIG_MAP)]
    cluster.apply(_CONFIG_MAP)

    write(renewed)
    cluster.apply(_CONFIG_MAP)

    assert server.authorizations == ["Bearer very-secret-token", "Bearer very-secret-token", "Bearer new-token"]


def test_credentials_that_stay_refused_are_tried_once_more_only(cluster: KubernetesCluster, server: _Server) -> None:
    server.answers = [Answer(401)]

    with pytest.raises(ClusterError, match="does not accept our credentials"):
        cluster.apply(_CONFIG_MAP)

    assert len(server.requests) == 1
