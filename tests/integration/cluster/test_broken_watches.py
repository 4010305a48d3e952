"""What happens to a watch or a followed log where the API server, or what stands in between, does not behave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pipeline.clusters.kubernetes import connections
from pipeline.clusters.kubernetes.api import KubernetesApi
from pipeline.clusters.kubernetes.connection import Connection
from pipeline.errors import ClusterError, WatchExpiredError
from pipeline.model.cluster import ResourceType, WatchEvent
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Stream
from tests.integration.cluster.conftest import Talk
from tests.integration.cluster.streaming_server import (
    Piece,
    Script,
    StreamingServer,
    config_map,
    line,
    streaming_server,
)

pytestmark = pytest.mark.cluster

CONFIG_MAPS = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)
_FIRST = line("ADDED", config_map("7", color="blue"))
_GONE = {"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old resource version"}


@pytest.fixture
def server() -> Iterator[StreamingServer]:
    with streaming_server() as started:
        yield started


@pytest.fixture
def exchanges() -> list[tuple[str, int, float]]:
    return []


@pytest.fixture
def connection(
    server: StreamingServer, write: Callable[..., str], talk: Talk, exchanges: list[tuple[str, int, float]]
) -> Connection:
    kubeconfig = {
        "current-context": "broken",
        "clusters": [{"name": "broken", "cluster": {"server": server.address}}],
        "contexts": [{"name": "broken", "context": {"cluster": "broken", "user": "me"}}],
        "users": [{"name": "me", "user": {"token": "very-secret-token"}}],
    }
    options = ClusterOptions(kubeconfig=write(kubeconfig), timeout=0.5)

    def observe(method: str, status: int, seconds: float) -> None:
        exchanges.append((method, status, seconds))

    connected = connections(options, {}, talk, observe=observe)
    exchanges.clear()
    return connected


@pytest.fixture
def api(connection: Connection) -> KubernetesApi:
    return connection.api()


def _watch(api: KubernetesApi, seconds: float = 30.0) -> Stream[WatchEvent]:
    return api.watch(CONFIG_MAPS, "shop", resource_version="5", seconds=seconds)


def _broken(api: KubernetesApi, server: StreamingServer, *pieces: Piece, is_chunked: bool = True) -> ClusterError:
    """The error after the first event."""
    server.scripts = [Script((_FIRST, *pieces), is_chunked=is_chunked)]
    watch = _watch(api)
    assert next(watch).resource_version == "7"
    with pytest.raises(ClusterError) as caught:
        next(watch)
    assert list(watch) == []
    assert "very-secret-token" not in caught.value.message
    return caught.value


def test_a_watch_asks_for_bookmarks_an_end_and_no_packing(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([_FIRST])]

    events = list(api.watch(CONFIG_MAPS, "shop", "app=web", resource_version="5", seconds=300.0, metadata_only=True))

    assert [set(event.body) for event in events] == [{"apiVersion", "kind", "metadata"}]
    path, headers = server.requests[0]
    assert path == (
        "/api/v1/namespaces/shop/configmaps?labelSelector=app%3Dweb&watch=true&allowWatchBookmarks=true"
        "&resourceVersion=5&timeoutSeconds=300"
    )
    assert headers["Accept-Encoding"] == "identity"
    assert "as=PartialObjectMetadata" in headers["Accept"]


def test_events_come_whole_however_they_are_cut(api: KubernetesApi, server: StreamingServer) -> None:
    content = b"".join(line("MODIFIED", config_map(str(version), text="ü" * version)) for version in range(1, 40))
    server.scripts = [Script([content[start : start + 7] for start in range(0, len(content), 7)])]

    events = list(_watch(api))

    assert [event.resource_version for event in events] == [str(version) for version in range(1, 40)]
    assert events[38].body["data"]["text"] == "ü" * 39


def test_a_large_object_in_small_chunks_costs_no_more_than_its_size(
    api: KubernetesApi, server: StreamingServer
) -> None:
    content = line("ADDED", config_map("1", text="x" * 8_000_000))
    server.scripts = [Script([content[start : start + 2048] for start in range(0, len(content), 2048)])]

    started = time.process_time()
    (event,) = _watch(api)

    assert len(event.body["data"]["text"]) == 8_000_000
    assert time.process_time() - started < 5.0


def test_a_truncated_chunk_is_an_error(api: KubernetesApi, server: StreamingServer) -> None:
    assert _broken(api, server, "half a chunk").code == "cluster.unreachable"


def test_a_connection_that_is_cut_between_chunks_is_an_error(api: KubernetesApi, server: StreamingServer) -> None:
    assert _broken(api, server, "cut").code == "cluster.unreachable"


def test_a_connection_that_is_reset_is_an_error(api: KubernetesApi, server: StreamingServer) -> None:
    assert _broken(api, server, 0.1, "reset").code == "cluster.unreachable"


def test_half_a_line_is_an_error_even_where_the_stream_ends_well(api: KubernetesApi, server: StreamingServer) -> None:
    error = _broken(api, server, line("MODIFIED", config_map("8", secret="hunter2"))[:-10])

    assert "expected a watch event" in error.message
    assert "hunter2" not in error.message


def test_half_a_line_without_chunks_is_an_error(api: KubernetesApi, server: StreamingServer) -> None:
    _broken(api, server, _FIRST[:20], is_chunked=False)


@pytest.mark.parametrize(
    "garbage",
    [
        b"<html>hunter2</html>\n",
        b"\n",
        b"[]\n",
        b'{"type":"ADDED"}\n',
        b'{"type":"ADDED","object":{"metadata":7}}\n',
        b'{"type":"EXPLODED","object":{"metadata":{}}}\n',
        b'{"type":7,"object":{"metadata":{}}}\n',
        b'{"type":"ERROR","object":"hunter2"}\n',
        b"\xff\xfe\n",
        b"[" * 200_000 + b"\n",
    ],
)
def test_garbage_is_an_error(garbage: bytes, api: KubernetesApi, server: StreamingServer) -> None:
    error = _broken(api, server, garbage)

    assert error.code == "cluster.unreachable"
    assert "hunter2" not in error.message


def test_an_expired_version_is_told_in_the_stream(api: KubernetesApi, server: StreamingServer) -> None:
    error = _broken(api, server, line("ERROR", _GONE))

    assert isinstance(error, WatchExpiredError)


def test_an_expired_version_is_told_at_once(api: KubernetesApi, server: StreamingServer) -> None:
    content = line("", {})
    server.scripts = [Script([content], status=410)]

    with pytest.raises(WatchExpiredError, match="watch of configmaps in namespace shop: version 5"):
        next(_watch(api))


def test_a_version_from_the_future_has_expired_too(api: KubernetesApi, server: StreamingServer) -> None:
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    status = {"kind": "Status", "code": 504, "reason": "Timeout", "details": {"causes": causes}}

    assert isinstance(_broken(api, server, line("ERROR", status)), WatchExpiredError)


def test_another_error_in_the_stream_is_passed_on(api: KubernetesApi, server: StreamingServer) -> None:
    status = {"kind": "Status", "code": 500, "reason": "InternalError", "message": "etcdserver: no leader"}

    error = _broken(api, server, line("ERROR", status))

    assert "etcdserver: no leader" in error.message
    assert not isinstance(error, WatchExpiredError)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_a_watch_that_is_refused_is_an_error_and_not_tried_again(
    status: int, api: KubernetesApi, server: StreamingServer
) -> None:
    server.scripts = [Script([b'{"kind":"Status","message":"no"}'], status=status)]

    with pytest.raises(ClusterError):
        next(_watch(api))

    assert len(server.requests) == 1


def test_credentials_are_renewed_for_a_watch(
    api: KubernetesApi, server: StreamingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.clusters.kubernetes.access._CREDENTIALS_AGE", 0.0)
    server.scripts = [Script([b"{}"], status=401), Script([_FIRST])]

    assert next(_watch(api)).resource_version == "7"
    assert len(server.requests) == 2


def test_silence_is_borne_for_longer_than_a_request_may_take(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([_FIRST, 1.0, line("BOOKMARK", config_map("9"))])]

    assert [event.resource_version for event in _watch(api)] == ["7", "9"]


def test_silence_beyond_the_end_is_an_error(
    api: KubernetesApi, server: StreamingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.clusters.kubernetes.watching._GRACE", 0.2)
    server.scripts = [Script([_FIRST, 5.0])]
    watch = _watch(api, 0.3)
    next(watch)

    started = time.monotonic()
    with pytest.raises(ClusterError):
        next(watch)

    assert time.monotonic() - started < 2.0


def test_a_slow_drip_beyond_the_end_is_an_error(
    api: KubernetesApi, server: StreamingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.clusters.kubernetes.watching._GRACE", 0.2)
    drip: list[Piece] = [piece for _ in range(100) for piece in (b" ", 0.05)]
    server.scripts = [Script([_FIRST, *drip])]
    watch = _watch(api, 0.3)
    next(watch)

    started = time.monotonic()
    with pytest.raises(ClusterError, match="longer than asked for"):
        next(watch)

    assert time.monotonic() - started < 2.0


def test_a_server_that_does_not_even_begin_is_given_up(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([_FIRST], before=2.0)]

    started = time.monotonic()
    with pytest.raises(ClusterError, match="no answer within") as caught:
        next(_watch(api))

    assert caught.value.code == "cluster.unreachable"
    assert time.monotonic() - started < 1.5


def test_a_watch_that_waits_is_closed_at_once(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([_FIRST, 20.0])]
    watch = _watch(api)
    next(watch)
    closing = threading.Timer(0.2, watch.close)
    closing.start()

    started = time.monotonic()
    assert list(watch) == []

    assert time.monotonic() - started < 1.0


def test_what_was_not_read_before_closing_is_not_told(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([_FIRST + line("MODIFIED", config_map("8"))])]
    watch = _watch(api)
    next(watch)
    watch.close()

    assert list(watch) == []


def test_a_watch_that_ended_gives_its_connection_back(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([_FIRST])]

    for _ in range(3):
        list(_watch(api))

    assert len(server.connections) == 1


def test_a_log_is_followed_line_by_line(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([b"one\ntw", 0.1, b"o\n", 0.8, b"\xffhree"])]

    lines = list(api.log_lines("shop", "web-1", "web", follow=True, tail=10, since=0.5))

    assert lines == ["one", "two", "\ufffdhree"]
    assert server.requests[0][0] == (
        "/api/v1/namespaces/shop/pods/web-1/log?container=web&follow=true&tailLines=10&sinceSeconds=1"
    )


def test_a_log_that_is_not_there_is_an_error(api: KubernetesApi, server: StreamingServer) -> None:
    status = b'{"kind":"Status","message":"pods \\"web-1\\" not found","details":{"name":"web-1","kind":"pods"}}'
    server.scripts = [Script([status], status=404)]

    with pytest.raises(ClusterError, match='pods "web-1" not found'):
        next(api.log_lines("shop", "web-1", "web"))


def test_an_answer_that_drips_is_given_up(api: KubernetesApi, server: StreamingServer) -> None:
    server.scripts = [Script([piece for _ in range(200) for piece in (b" ", 0.1)])]

    started = time.monotonic()
    with pytest.raises(ClusterError, match="no answer within"):
        api.read(CONFIG_MAPS, "shop", "settings")

    assert time.monotonic() - started < 10.0


def test_every_exchange_is_observed_once(
    api: KubernetesApi, server: StreamingServer, exchanges: list[tuple[str, int, float]]
) -> None:
    server.scripts = [Script([_FIRST]), Script([b"{}"], status=404), Script([b"{}"], before=1.0)]

    list(_watch(api))
    api.read(CONFIG_MAPS, "shop", "settings")
    with pytest.raises(ClusterError):
        api.read(CONFIG_MAPS, "shop", "settings")

    assert [(method, status) for method, status, _ in exchanges] == [("GET", 200), ("GET", 404), ("GET", 0), ("GET", 0)]
    assert all(0.4 < seconds < 1.0 for _, status, seconds in exchanges if status == 0)


def test_somebody_else_is_impersonated_over_the_same_connection(
    connection: Connection, server: StreamingServer
) -> None:
    server.scripts = [Script([b'{"metadata":{"name":"settings"}}'])]

    connection.api().read(CONFIG_MAPS, "shop", "settings")
    connection.impersonating("system:serviceaccount:shop:deployer").api().read(CONFIG_MAPS, "shop", "settings")
    connection.api().read(CONFIG_MAPS, "shop", "settings")

    users = [headers.get("Impersonate-User") for _, headers in server.requests]
    assert users == [None, "system:serviceaccount:shop:deployer", None]
    assert len(server.connections) == 1


@pytest.mark.parametrize("user", ["", " me", "a\r\nX-Other: b", "ü"])
def test_nobody_of_an_impossible_name_is_impersonated(user: str, connection: Connection) -> None:
    with pytest.raises(ClusterError, match="impersonated"):
        connection.impersonating(user)
