from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.engines import endpoints
from pipeline.engines.endpoints import find_endpoint
from pipeline.errors import ConfigurationError


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine of this machine is found, and docker's configuration is the test's."""
    monkeypatch.setattr(endpoints, "_DOCKER_SOCKET", tmp_path / "none.sock")
    monkeypatch.setattr(endpoints, "_PODMAN_SOCKET", tmp_path / "none.sock")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text("{}")


def context(tmp_path: Path, name: str, host: str, *, current: bool = False) -> None:
    folder = tmp_path / "docker" / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    body = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (folder / "meta.json").write_text(json.dumps(body))
    if current:
        (tmp_path / "docker" / "config.json").write_text(json.dumps({"currentContext": name}))


def test_the_option_wins_over_the_variable_that_over_the_context_and_that_over_sockets(tmp_path: Path) -> None:
    context(tmp_path, "remote", "tcp://10.0.0.1:2375", current=True)
    context(tmp_path, "other", "tcp://10.0.0.2:2375")
    (tmp_path / "docker.sock").touch()
    variables = {"XDG_RUNTIME_DIR": str(tmp_path)}

    by_option = find_endpoint("unix:///asked", {**variables, "DOCKER_HOST": "unix:///host"})
    by_variable = find_endpoint("", {**variables, "DOCKER_HOST": "unix:///host", "DOCKER_CONTEXT": "other"})
    by_named_context = find_endpoint("", {**variables, "DOCKER_CONTEXT": "other"})
    by_context = find_endpoint("", variables)
    by_socket = find_endpoint("", {**variables, "DOCKER_CONTEXT": "default"})

    assert [found.url for found in (by_option, by_variable, by_named_context, by_context, by_socket)] == [
        "unix:///asked", "unix:///host", "tcp://10.0.0.2:2375", "tcp://10.0.0.1:2375", f"unix://{tmp_path}/docker.sock",
    ]  # fmt: skip
    assert by_context.named_by == "docker's context remote"


def test_podmans_socket_of_the_user_is_found(tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()

    assert find_endpoint("", {"XDG_RUNTIME_DIR": str(tmp_path)}).url == f"unix://{tmp_path}/podman/podman.sock"


def test_where_there_is_none_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_endpoint("", {"XDG_RUNTIME_DIR": "/run/me"})

    assert "/run/me/podman/podman.sock" in caught.value.message
    assert caught.value.code == "configuration.no-engine"


@pytest.mark.parametrize("broken", ["not there", "not JSON"])
def test_a_context_that_cannot_be_used_is_named(tmp_path: Path, broken: str) -> None:
    if broken == "not JSON":
        context(tmp_path, "mine", "x")
        next(tmp_path.glob("docker/contexts/meta/*/meta.json")).write_text("{")

    with pytest.raises(ConfigurationError, match="'mine'"):
        find_endpoint("", {"DOCKER_CONTEXT": "mine"})


def test_certificates_that_are_not_there_are_told(tmp_path: Path) -> None:
    variables = {"DOCKER_HOST": "tcp://x:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}

    with pytest.raises(ConfigurationError, match="DOCKER_CERT_PATH"):
        find_endpoint("", variables)
