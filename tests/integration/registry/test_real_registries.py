"""The transport on Debian's registry with each way of logging in and under TLS; the contract suite does the rest."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ArtifactNotFoundError, ConfigurationError, RegistryError
from pipeline.model.artifact.manifest import Descriptor, sha256_digest
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Registry
from pipeline.registries.oci import connect
from tests.contract.registry.servers import Kind, Silent, open_registry, options, server
from tests.platform.certificates import Authority
from tests.platform.registries import DebianRegistry

pytestmark = pytest.mark.registry
CONTENT = b"0123456789abcdef" * 4096
BLOB = Descriptor("application/octet-stream", sha256_digest(CONTENT), len(CONTENT))


def opened(
    kind: Kind, chosen: RegistryOptions, environment: dict[str, str] | None = None, name: str = "team/app"
) -> Registry:
    return connect(Repository(server(kind).address, name), chosen, environment or {}, Silent())


def test_token_registry_is_asked_once_for_the_whole_upload() -> None:
    running = server("token")
    assert isinstance(running, DebianRegistry)
    before = len(running.token_requests)
    registry = open_registry(running, "scopes/push")

    registry.write_blob(BLOB, lambda: [CONTENT])

    assert [request.scopes for request in running.token_requests[before:]] == [("repository:scopes/push:pull,push",)]


def test_token_registry_lets_a_blob_be_mounted_from_another_repository() -> None:
    running = server("token")
    assert isinstance(running, DebianRegistry)
    source, target = open_registry(running, "scopes/source"), open_registry(running, "scopes/target")
    source.write_blob(BLOB, lambda: [CONTENT])
    before = len(running.token_requests)

    assert target.mount_blob(BLOB, source.repository) is True
    assert [request.scopes for request in running.token_requests[before:]] == [
        ("repository:scopes/source:pull", "repository:scopes/target:pull,push")
    ]


@pytest.mark.parametrize("kind", ["basic", "token", "tls"])
def test_wrong_password_is_denied(kind: Kind) -> None:
    wrong = replace(options(server(kind)), password="not-this-one")

    with pytest.raises(RegistryError) as caught:
        opened(kind, wrong).tags()
    assert caught.value.code == "registry.denied"
    assert "not-this-one" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("kind", ["basic", "token"])
def test_writing_without_a_login_is_denied_with_a_hint(kind: Kind) -> None:
    with pytest.raises(RegistryError) as caught:
        opened(kind, RegistryOptions()).write_blob(BLOB, lambda: [CONTENT])
    assert caught.value.code == "registry.denied"
    assert "log" in str(caught.value.hint)


@pytest.mark.parametrize("kind", ["basic", "token"])
def test_login_of_the_docker_configuration_is_used(kind: Kind, tmp_path: Path) -> None:
    running = server(kind)
    assert isinstance(running, DebianRegistry)
    entry = {"username": running.username, "password": running.password}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {running.address: entry}}))

    registry = opened(kind, RegistryOptions(), {"DOCKER_CONFIG": str(tmp_path)}, "docker/config")

    assert registry.write_blob(BLOB, lambda: [CONTENT]) is True
    assert b"".join(registry.read_blob(BLOB)) == CONTENT


def test_unknown_authority_is_refused_with_a_hint(tmp_path: Path) -> None:
    other = Authority.create(tmp_path, name="somebody-else").certificate_file
    chosen = replace(options(server("tls")), ca_file=str(other))

    with pytest.raises(RegistryError, match="certificate is not trusted") as caught:
        opened("tls", chosen).tags()
    assert "--ca-file" in str(caught.value.hint)


def test_tls_registry_spoken_to_in_plain_http_gives_a_hint() -> None:
    chosen = replace(options(server("tls")), ca_file=None)

    with pytest.raises(RegistryError) as caught:
        opened("tls", chosen).resolve("v1")
    assert "HTTPS" in f"{caught.value.message} {caught.value.hint}"


def test_file_that_holds_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    file.write_text("nothing")

    with pytest.raises(ConfigurationError, match=r"ca\.crt"):
        opened("tls", replace(options(server("tls")), ca_file=str(file))).tags()


class _Tags(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"tags": ["seen"]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def asks_for_certificate(tmp_path: Path) -> Iterator[tuple[str, Authority]]:
    """A server that talks only to those who show a certificate of its authority."""
    authority = Authority.create(tmp_path / "authority")
    pair = authority.server("server", ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.load_verify_locations(authority.certificate_file)
    context.verify_mode = ssl.CERT_REQUIRED
    quiet = type("Quiet", (http.server.ThreadingHTTPServer,), {"handle_error": lambda *arguments: None})
    served = quiet(("127.0.0.1", 0), _Tags)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"127.0.0.1:{served.server_port}", authority
    served.shutdown()
    served.server_close()


def test_client_certificate_is_shown(asks_for_certificate: tuple[str, Authority]) -> None:
    address, authority = asks_for_certificate
    me = authority.user("me")
    chosen = RegistryOptions(
        ca_file=str(authority.certificate_file), cert_file=str(me.certificate), key_file=str(me.key), timeout=5
    )

    assert connect(Repository(address, "team/app"), chosen, {}, Silent()).tags() == ("seen",)


def test_missing_client_certificate_gives_a_hint(asks_for_certificate: tuple[str, Authority]) -> None:
    address, authority = asks_for_certificate
    chosen = RegistryOptions(ca_file=str(authority.certificate_file), timeout=5)

    with pytest.raises(RegistryError) as caught:
        connect(Repository(address, "team/app"), chosen, {}, Silent()).tags()
    assert "--cert-file" in str(caught.value.hint)


def test_large_blob_is_never_in_memory_at_once() -> None:
    """48 MiB go up and down in a process of its own, whose peak must stay far below that."""
    script = f"""
import hashlib, resource
from pipeline.model.artifact.manifest import Descriptor
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.artifact.reference import Repository
from pipeline.ports import Registry
from pipeline.registries.oci import connect
from tests.contract.registry.servers import Silent
parts = lambda: (bytes([number]) * 1048576 for number in range(48))
running = hashlib.sha256()
for part in parts():
    running.update(part)
blob = Descriptor("application/octet-stream", "sha256:" + running.hexdigest(), 48 * 1048576)
registry = connect(Repository({server("none").address!r}, "large/blob"), RegistryOptions(), {{}}, Silent())
registry.tags()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert registry.write_blob(blob, parts)
assert sum(map(len, registry.read_blob(blob))) == blob.size
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    root = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)

    assert int(ran.stdout) < 12 * 1024


def test_loading_the_transport_loads_neither_docker_nor_jsonschema() -> None:
    script = (
        "import sys; import pipeline.registries.oci.transport; "
        "print({'docker', 'jsonschema', 'kubernetes', 'yaml', 'cryptography'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "set()"


def test_oras_still_finds_jsonschema_when_it_needs_it() -> None:
    script = (
        "import pipeline.registries.oci.transport, oras.provider; "
        "oras.provider.jsonschema.validate({}, {'type': 'object'}); "
        "import jsonschema; jsonschema.Draft7Validator; print('ok')"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "ok"


def test_upload_that_the_registry_finds_wrong_leaves_nothing() -> None:
    registry = open_registry(server("none"), "wrong/digest")
    other = Descriptor("text/plain", sha256_digest(b"never stored"), len(CONTENT))

    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        registry.write_blob(other, lambda: [b"x" * len(CONTENT)])
    with pytest.raises(ArtifactNotFoundError):
        b"".join(registry.read_blob(other))
