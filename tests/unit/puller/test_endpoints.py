from __future__ import annotations

import contextlib
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from pipeline.errors import ConfigurationError
from pipeline.puller import connection
from pipeline.puller.endpoints import Endpoints, checks, pages

BIG = [bytes([65 + number % 26]) * 60_000 for number in range(60)]


class State:
    alive = ""
    ready = ""


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def port(state: State) -> Iterator[int]:
    endpoints = Endpoints(
        {
            "127.0.0.1:0": {
                **pages(metrics=lambda: iter(BIG), content_type="text/plain; version=0.0.4"),
                **checks(alive=lambda: state.alive, ready=lambda: state.ready),
            }
        }
    )
    endpoints.start()
    yield endpoints.ports[0]
    endpoints.stop()


def get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65536):
                received += piece
        return received


def test_health_and_readiness_say_ok_or_what_is_wrong(port: int, state: State) -> None:
    assert get(port, "/healthz") == (200, b"ok\n")
    assert get(port, "/readyz?verbose") == (200, b"ok\n")

    state.ready = "the watch of OCIRepositories has not begun"

    assert get(port, "/readyz") == (503, b"the watch of OCIRepositories has not begun\n")
    assert get(port, "/healthz") == (200, b"ok\n")


def test_metrics_come_whole(port: int) -> None:
    assert get(port, "/metrics") == (200, b"".join(BIG))


def test_an_old_client_gets_the_body_without_chunks(port: int) -> None:
    head, _, body = raw(port, b"GET /metrics HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")

    assert b"chunked" not in head
    assert body == b"".join(BIG)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /nowhere HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics/../healthz HTTP/1.1\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000, 405),
        (b"DELETE /healthz HTTP/1.1\r\n\r\n", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /healthz HTTP/2.0\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"y" * 9000, 431),
    ],
)
def test_anything_but_a_plain_get_is_refused(port: int, request_bytes: bytes, status: int) -> None:
    assert raw(port, request_bytes).startswith(b"HTTP/1.1 %d " % status)
    assert get(port, "/healthz")[0] == 200


def test_a_request_may_come_byte_by_byte(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        for byte in b"GET /healthz HTTP/1.1\r\n\r\n":
            client.sendall(bytes([byte]))
            time.sleep(0.002)

        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_clients_that_say_or_take_nothing_hold_nobody_up(port: int) -> None:
    with contextlib.ExitStack() as clients:
        for number in range(150):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            if number % 3 == 0:
                client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            elif number % 3 == 1:
                client.sendall(b"GET /hea")

        begun = time.monotonic()
        assert get(port, "/healthz")[0] == 200
        assert time.monotonic() - begun < 2


def test_a_client_that_takes_too_long_is_dropped(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_READ_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"GET /healthz")

        assert client.recv(10) == b""


def test_a_page_that_fails_is_an_error_to_its_client_alone(port: int, state: State) -> None:
    state.ready = 1 / 2  # type: ignore[assignment]

    del State.alive

    try:
        assert get(port, "/healthz")[0] == 500
    finally:
        State.alive = ""
    assert get(port, "/healthz")[0] == 200


def test_one_address_may_serve_both_and_none_may_serve_nothing() -> None:
    health = checks(alive=str, ready=str)
    endpoints = Endpoints({"localhost:0": health, "": health, "0": health})
    endpoints.start()

    assert len(endpoints.ports) == 1
    assert get(endpoints.ports[0], "/healthz")[0] == 200
    endpoints.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", endpoints.ports[0]), timeout=1)


def test_an_address_without_a_host_is_every_address() -> None:
    endpoints = Endpoints({":0": checks(alive=str, ready=str)})
    endpoints.start()

    assert get(endpoints.ports[0], "/healthz")[0] == 200
    endpoints.stop()


@pytest.mark.parametrize("address", ["8080", ":http", ":99999", "nowhere.invalid:0", "localhost"])
def test_a_wrong_address_is_named(address: str) -> None:
    with pytest.raises(ConfigurationError, match=address):
        Endpoints({address: checks(alive=str, ready=str)}).start()


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ConfigurationError, match=f"cannot listen on {address}"):
            Endpoints({address: checks(alive=str, ready=str)}).start()


def test_stopping_ends_what_is_open(port: int) -> None:
    endpoints = Endpoints({"127.0.0.1:0": checks(alive=str, ready=str)})
    endpoints.start()
    with socket.create_connection(("127.0.0.1", endpoints.ports[0]), timeout=5) as client:
        time.sleep(0.1)
        begun = time.monotonic()
        endpoints.stop()

        assert time.monotonic() - begun < 2
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(10) == b""
