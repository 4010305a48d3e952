from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipeline import ambient_tokens
from pipeline.errors import ConfigurationError
from pipeline.signers.keyless.identity_tokens import FoundToken, find_token
from tests.unit.keyless.tokens import NOW, token


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither in a pod nor in Google's cloud, wherever the tests run."""
    monkeypatch.setattr(ambient_tokens, "PROJECTED_FILE", tmp_path / "none")
    monkeypatch.setattr(ambient_tokens, "_PRODUCT_FILE", tmp_path / "none")


def found(environment: Mapping[str, str], file: str | None = None) -> FoundToken:
    return find_token(file, environment, lambda: NOW)


def test_a_file_wins_over_everything_else(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{token(sub='file')}\n")

    chosen = found({"SIGSTORE_ID_TOKEN": token(sub="variable")}, str(tmp_path / "token"))

    assert chosen.text == token(sub="file")
    assert chosen.source == f"identity token file {tmp_path / 'token'}"


def test_the_variable_is_how_gitlab_hands_a_token_over() -> None:
    environment = {"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": token()}

    assert found(environment).text == token()


def test_a_token_in_no_place_names_every_place() -> None:
    with pytest.raises(ConfigurationError, match="no identity token was found; looked for SIGSTORE_ID_TOKEN, GitHub"):
        found({})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": NOW - 61}, "SIGSTORE_ID_TOKEN has expired 61 s ago"),
        ({"nbf": NOW + 30}, "is not valid for another 31 s"),
        ({"aud": "somebody"}, "is for somebody, expected the audience sigstore"),
        ({"aud": ["a", "b"]}, "expected the audience sigstore"),
        ({"aud": None}, "expected the audience sigstore"),
    ],
)
def test_a_token_that_cannot_serve_is_refused_before_it_is_sent(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        found({"SIGSTORE_ID_TOKEN": token(**changes)})

    assert refused.value.code == "configuration.identity-token"
    assert "c2VjcmV0" not in f"{refused.value.message} {refused.value.hint}"


def test_one_of_several_audiences_is_enough() -> None:
    assert found({"SIGSTORE_ID_TOKEN": token(aud=["other", "sigstore"])}).text


@pytest.mark.parametrize("text", ["a", "a.b", "a.b.c", "a.bnVsbA.c", "....", "é.é.é", "a." + "W1tb" * 20000 + ".c"])
def test_what_is_no_token_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="SIGSTORE_ID_TOKEN is no OIDC identity token") as refused:
        found({"SIGSTORE_ID_TOKEN": text})

    assert refused.value.message == "SIGSTORE_ID_TOKEN is no OIDC identity token (a JWT)"


def test_files_that_cannot_hold_a_token(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"a" * 70000)
    (tmp_path / "binary").write_bytes(b"\xff")

    for name, message in (("no", "No such file"), ("large", "larger than 65536 bytes"), ("binary", "holds no token")):
        with pytest.raises(ConfigurationError, match=message):
            found({}, str(tmp_path / name))


def test_a_token_is_not_in_its_repr() -> None:
    assert "c2VjcmV0" not in repr(FoundToken(token(), "here"))


@dataclass
class Asked:
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, Asked]]:
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.path, asked.headers = self.path, dict(self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token?api-version=2.0", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def github(url: str, **more: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret",
        **more,
    }


def test_github_is_asked_for_a_token_with_our_audience() -> None:
    with answering(200, json.dumps({"value": token()}).encode()) as (url, asked):
        chosen = found(github(url))

    assert (chosen.text, chosen.source) == (token(), "the identity token of GitHub Actions")
    assert asked.path == "/token?api-version=2.0&audience=sigstore"
    assert asked.headers["Authorization"] == "bearer request-secret"


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (403, b"request-secret", "its answer is HTTP 403"),
        (200, b"{}", "answers without an identity token"),
        (200, b"request-secret", "answers without an identity token"),
        (200, b'{"value": 7}', "answers without an identity token"),
        (302, b"", "its answer is HTTP 302"),
    ],
)
def test_github_saying_no_is_told_without_secrets(status: int, body: bytes, message: str) -> None:
    with answering(status, body) as (url, _), pytest.raises(ConfigurationError, match=message) as refused:
        found(github(url))

    assert "request-secret" not in f"{refused.value.message} {refused.value.hint}"


def test_github_not_answering_is_told_without_the_address() -> None:
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1 does not answer") as refused:
        found(github("http://127.0.0.1:1/?secret=url-secret"))

    assert "url-secret" not in refused.value.message


def test_github_without_the_permission_says_which() -> None:
    with pytest.raises(ConfigurationError, match="lets this job have no identity token") as refused:
        found({"GITHUB_ACTIONS": "true"})

    assert "id-token: write" in (refused.value.hint or "")


def script(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def test_buildkites_agent_is_asked_and_is_given_what_it_needs(tmp_path: Path) -> None:
    script(
        tmp_path,
        "buildkite-agent",
        f'echo "$BUILDKITE_AGENT_ACCESS_TOKEN $OTHER $*" > {tmp_path}/asked; cat {tmp_path}/t',
    )
    (tmp_path / "t").write_text(token())
    environment = {
        "BUILDKITE": "true",
        "BUILDKITE_AGENT_ACCESS_TOKEN": "agent",
        "OTHER": "nothing-of-its-business",
        "PATH": f"{tmp_path}:/usr/bin:/bin",
    }

    assert found(environment).text == token()
    assert (tmp_path / "asked").read_text() == "agent  oidc request-token --audience sigstore\n"


def test_circlecis_command_is_asked(tmp_path: Path) -> None:
    script(tmp_path, "circleci", f"echo $* > {tmp_path}/asked; cat {tmp_path}/t")
    (tmp_path / "t").write_text(token())

    assert found({"CIRCLECI": "true", "PATH": f"{tmp_path}:/usr/bin:/bin"}).text == token()
    assert (tmp_path / "asked").read_text() == 'run oidc get --claims {"aud": "sigstore"} --root-issuer\n'


@pytest.mark.parametrize("system", ["BUILDKITE", "CIRCLECI"])
def test_a_missing_or_failing_program_is_told(tmp_path: Path, system: str) -> None:
    environment = {system: "true", "PATH": str(tmp_path)}

    with pytest.raises(ConfigurationError, match=r"gives no identity token: .* is not installed"):
        found(environment)

    script(tmp_path, "buildkite-agent", "echo sorry >&2; exit 3")
    script(tmp_path, "circleci", "echo sorry >&2; exit 3")
    with pytest.raises(ConfigurationError, match=r"gives no identity token: .*sorry"):
        found({**environment, "PATH": f"{tmp_path}:/usr/bin:/bin"})


def test_a_pod_has_its_token_in_a_projected_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "oidc-token").write_text(token(sub="system:serviceaccount:ci:builder"))
    monkeypatch.setattr(ambient_tokens, "PROJECTED_FILE", tmp_path / "oidc-token")

    chosen = found({})

    assert chosen.source == "the identity token of this pod"
    monkeypatch.setattr(ambient_tokens, "PROJECTED_FILE", tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        found({})


def test_google_is_asked_only_on_its_machines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    product = tmp_path / "product"
    monkeypatch.setattr(ambient_tokens, "_PRODUCT_FILE", product)
    with answering(200, token().encode()) as (url, asked):
        monkeypatch.setattr(ambient_tokens, "_GOOGLE_URL", url.partition("?")[0])
        product.write_text("Another Machine\n")
        with pytest.raises(ConfigurationError, match="no identity token was found"):
            found({})
        product.write_text("Google Compute Engine\n")

        assert found({}).text == token()

    assert asked.headers["Metadata-Flavor"] == "Google"
    assert asked.path == "/token?audience=sigstore&format=full"
