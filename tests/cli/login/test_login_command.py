"""``gitless login`` and ``logout`` against real registries that want a login."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.login.conftest import Gitless
from tests.contract.registry.servers import Kind, server
from tests.platform.registries import DebianRegistry

pytestmark = pytest.mark.registry


def running(kind: Kind) -> DebianRegistry:
    started = server(kind)
    assert isinstance(started, DebianRegistry)
    return started


def options(registry: DebianRegistry) -> list[str]:
    trusting = ["--ca-file", str(registry.ca_file)] if registry.ca_file else []
    return ["--username", registry.username, "--password-stdin", *trusting]


@pytest.mark.parametrize("kind", ["basic", "token", "tls"])
def test_a_login_that_is_accepted_is_kept_and_used(kind: Kind, docker: Path, gitless: Gitless) -> None:
    registry = running(kind)

    outcome = gitless("login", registry.address, *options(registry), "-o", "json", typed=f"{registry.password}\n")

    assert outcome.code == 0, outcome.err
    assert outcome.document == {
        "apiVersion": "gitless.dev/v1",
        "kind": "LoginResult",
        "registry": registry.address,
        "username": registry.username,
        "provider": "generic",
        "file": str(docker / "config.json"),
        "credentialHelper": None,
        "expiresAt": None,
        "verified": True,
    }
    assert registry.password not in outcome.out + outcome.err
    assert (docker / "config.json").stat().st_mode & 0o777 == 0o600
    trusting = ["--ca-file", str(registry.ca_file)] if registry.ca_file else []
    assert gitless("list", f"oci://{registry.address}/login/nothing", *trusting).code == 0


@pytest.mark.parametrize("kind", ["basic", "token", "tls"])
def test_a_login_that_is_refused_changes_nothing(kind: Kind, docker: Path, gitless: Gitless) -> None:
    registry = running(kind)
    docker.mkdir()
    (docker / "config.json").write_text('{"auths": {"other.test": {"auth": "eDp5"}}}')

    outcome = gitless("login", registry.address, *options(registry), "-v", typed="not-this-one\n")

    assert outcome.code == 5
    assert "not-this-one" not in outcome.out + outcome.err
    assert (docker / "config.json").read_text() == '{"auths": {"other.test": {"auth": "eDp5"}}}'


def test_a_registry_that_is_not_there_changes_nothing(docker: Path, gitless: Gitless) -> None:
    outcome = gitless("login", "127.0.0.1:1", "--username", "me", "--password-stdin", typed="pass-word\n")

    assert outcome.code == 5
    assert not docker.exists()


def test_a_broken_file_is_told_before_the_registry_sees_the_login(docker: Path, gitless: Gitless) -> None:
    registry = running("token")
    docker.mkdir()
    (docker / "config.json").write_text('{"auths": ')
    before = len(registry.token_requests)

    outcome = gitless("login", registry.address, *options(registry), typed=f"{registry.password}\n")

    assert outcome.code == 2
    assert str(docker / "config.json") in outcome.err
    assert len(registry.token_requests) == before


def test_a_registry_that_wants_no_login_is_told(docker: Path, gitless: Gitless) -> None:
    outcome = gitless(
        "login", server("none").address, "--username", "me", "--password-stdin", "-o", "json", typed="pass-word\n"
    )

    assert outcome.code == 0
    assert outcome.document["verified"] is False
    assert "wants no login" in outcome.err


def test_a_password_is_hidden_in_githubs_log(docker: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = running("basic")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    outcome = gitless("login", registry.address, *options(registry), typed=f"{registry.password}\n")

    assert outcome.err.startswith(f"::add-mask::{registry.password}\n")
    assert outcome.code == 0


def test_a_helper_keeps_the_login_and_forgets_it(
    docker: Path, gitless: Gitless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = running("basic")
    kept = tmp_path / "kept"
    program = tmp_path / "docker-credential-box"
    program.write_text(
        f"#!/bin/sh\ncase $1 in\nstore) cat > {kept};;\nget) cat > /dev/null; cat {kept};;\n"
        f"erase) cat > /dev/null; rm {kept};;\nesac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    saved = gitless(
        "login", registry.address, *options(registry), "--credential-helper", "box", typed=f"{registry.password}\n"
    )

    assert saved.code == 0, saved.err
    assert json.loads(kept.read_text()) == {
        "ServerURL": registry.address,
        "Username": registry.username,
        "Secret": registry.password,
    }
    assert registry.password not in (docker / "config.json").read_text()
    assert gitless("list", f"oci://{registry.address}/login/nothing").code == 0
    (docker / "config.json").unlink()
    asked = gitless("login", registry.address, "--credential-helper", "box", "-o", "json")
    assert (asked.code, asked.document["credentialHelper"]) == (0, "box")
    out = gitless("logout", registry.address, "-o", "json")
    assert out.document["registries"] == [{"registry": registry.address, "removed": True, "credentialHelper": "box"}]
    assert not kept.exists()


def test_logging_out_takes_the_login_away_and_nothing_else(docker: Path, gitless: Gitless) -> None:
    docker.mkdir()
    file = docker / "config.json"
    file.write_text(
        json.dumps({"auths": {"a.test": {"auth": "eDp5"}, "https://b.test/v1/": {"auth": "eDp5"}}, "psFormat": "x"})
    )

    assert gitless("logout", "b.test").out == f"b.test: login removed from {file}\n"
    assert json.loads(file.read_text()) == {"auths": {"a.test": {"auth": "eDp5"}}, "psFormat": "x"}
    assert gitless("logout", "b.test").out == "b.test: there was no login\n"
    assert gitless("logout", "--all").out == f"a.test: login removed from {file}\n"
    assert gitless("logout", "--all").out == f"no logins in {file}\n"


def test_logging_out_where_nobody_ever_logged_in_makes_no_file(docker: Path, gitless: Gitless) -> None:
    assert gitless("logout", "a.test").code == 0
    assert not docker.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["login", "ghcr.io"], "there is nothing to log in with"),
        (["login", "registry.test", "--provider", "auto"], "there is nothing to log in with"),
        (["login", "ghcr.io", "--provider", "azure"], "ghcr.io is no registry of azure"),
        (["login", "me:pass-word@ghcr.io", "--provider", "auto"], "names no registry"),
        (["login", "ghcr.io", "--credential-helper", "../x"], "cannot name a credential helper"),
        (["login", "ghcr.io", "--username", "me"], "--username and --password-stdin go together"),
        (["login", "ghcr.io", "--username", "", "--password-stdin"], "--username is ''; expected a name"),
        (["login", "ghcr.io", "--username", "me:too", "--password-stdin"], "--username is 'me:too'; expected a name"),
        (["login", "ghcr.io", "--username", "a\nb", "--password-stdin"], "--username is 'a\\nb'; expected a name"),
        (["login", "ghcr.io", "--username", "\udcff", "--password-stdin"], "--username is '\\udcff'; expected a name"),
        (["logout"], "name the registry"),
        (["logout", "a.test", "--all"], "name the registry"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], said: str, docker: Path, gitless: Gitless) -> None:
    outcome = gitless(*arguments)

    assert outcome.code == 2
    assert said in outcome.err
    assert "pass-word" not in outcome.err
    assert not docker.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "there is no password on standard input"),
        ("\n", "there is no password on standard input"),
        ("pass-word\udcff\n", "is not UTF-8, or has control characters"),
        ("pass-\0word\n", "is not UTF-8, or has control characters"),
        ("pass-word" * 10_000, "has more than 65536 characters"),
    ],
)
def test_what_is_no_password_is_refused_before_the_registry_sees_it(
    typed: str, said: str, docker: Path, gitless: Gitless
) -> None:
    outcome = gitless("login", "127.0.0.1:1", "--username", "me", "--password-stdin", typed=typed)

    assert outcome.code == 2
    assert said in outcome.err
    assert "pass-" not in outcome.err
    assert not docker.exists()


def test_a_step_may_say_everything_in_variables(
    docker: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = running("basic")
    monkeypatch.setenv("GITLESS_LOGIN_REGISTRY", registry.address)
    monkeypatch.setenv("GITLESS_USERNAME", registry.username)
    monkeypatch.setenv("GITLESS_PASSWORD_STDIN", "true")

    assert gitless("login", typed=f"{registry.password}\n").code == 0
    assert gitless("logout").out.startswith(f"{registry.address}: login removed")
