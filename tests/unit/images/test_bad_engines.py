"""What answers like an engine and then does not go on like one."""

from __future__ import annotations

import io
import json
import socketserver
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest

from pipeline.engines.docker import DockerEngine
from pipeline.errors import ConfigurationError, PipelineError, ToolError
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import ImageBuild
from pipeline.reports.console import JsonLog

NAME = ImageName("memory.test", "acme/web", "1")
VERSION = json.dumps({"ApiVersion": "1.41", "Version": "1"}).encode()


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    answers: dict[str, tuple[int, bytes, int]]
    """By the end of a request's path: status, body, and how many bytes it says the body has."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        answers = self.server.answers
        status, body, length = next((answers[end] for end in answers if path.endswith(end)), (404, b"{}", 2))
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def address_string(self) -> str:
        return "test"

    def log_message(self, *arguments: object) -> None:
        pass


Serve = Callable[..., DockerEngine]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "Containerfile").write_text("FROM scratch\n")
    servers: list[Server] = []

    def start(**answers: tuple[int, bytes, int]) -> DockerEngine:
        server = Server(str(tmp_path / "e"), Handler)
        server.answers = {f"/{name}": answer for name, answer in answers.items()}
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return DockerEngine(f"unix://{tmp_path}/e", {}, JsonLog(io.StringIO(), verbose=True))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def built(engine: DockerEngine) -> PipelineError:
    secret = {"TOKEN": "s3cr3t-build-argument"}
    build = ImageBuild(image=NAME, folder=Path(), arguments=secret, secret_arguments=frozenset(secret))
    with pytest.raises(PipelineError) as caught:
        engine.build(build)
    assert "s3cr3t" not in f"{caught.value.message}{caught.value.hint}"
    return caught.value


@pytest.mark.parametrize("version", [b"not JSON", b"{}", b"[]", b""])
def test_what_has_no_version_is_no_engine(serve: Serve, version: bytes) -> None:
    with pytest.raises(ConfigurationError, match="no container engine answers at unix:///"):
        serve(version=(200, version, len(version))).describe()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, b'{"stream": "Step 1/1 : FROM scratch\\n"}', 4000), "the connection was lost"),
        ((200, b"<html>", 6), "does not speak Docker's API"),
        ((500, b"<html>nginx</html>", 18), "<html>nginx</html>"),
        ((400, b'{"message": "bad\\u001b[31m s3cr3t-build-argument"}', 50), "bad ***"),
    ],
)
def test_a_build_that_breaks_off_is_an_error_of_ours(serve: Serve, answer: tuple[int, bytes, int], says: str) -> None:
    status, body, length = answer
    length = len(body) if status == 400 else length

    error = built(serve(version=(200, VERSION, len(VERSION)), build=(status, body, length)))

    assert isinstance(error, ToolError)
    assert says in error.message


def test_an_engine_without_the_image_that_it_built_is_told(serve: Serve) -> None:
    error = built(serve(version=(200, VERSION, len(VERSION)), build=(200, b"[1]\n{}\n", 7)))

    assert isinstance(error, ToolError)
