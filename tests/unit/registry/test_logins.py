"""Docker's configuration file as a place to keep logins in."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, RegistryError, UsageError
from pipeline.model.artifact.reference import Repository, parse_registry
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.credentials import Credentials
from pipeline.registries.logins import DockerLogins
from pipeline.registries.oci.credentials import find_credentials
from pipeline.stages.login import log_out

HOST = "registry.test"
LOGIN = Credentials("me", "s3cr3t:word")
HUB = "https://index.docker.io/v1/"
HELPER = """#!/usr/bin/env python3
import json, pathlib, sys
kept = pathlib.Path(__file__).with_name("kept.json")
known = json.loads(kept.read_text()) if kept.exists() else {}
with kept.with_name("argv.txt").open("a") as said:
    said.write(" ".join(sys.argv[1:]) + "\\n")
text = sys.stdin.read()
if sys.argv[1] == "store":
    given = json.loads(text)
    known[given["ServerURL"]] = given
    kept.write_text(json.dumps(known))
elif text.strip() not in known:
    print("credentials not found in native keychain")
    sys.exit(1)
elif sys.argv[1] == "get":
    print(json.dumps(known[text.strip()]))
else:
    del known[text.strip()]
    kept.write_text(json.dumps(known))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "docker" / "config.json"


@pytest.fixture
def environment(file: Path) -> dict[str, str]:
    return {"DOCKER_CONFIG": str(file.parent), "PATH": os.environ["PATH"]}


@pytest.fixture
def store(environment: dict[str, str]) -> DockerLogins:
    return DockerLogins.at_home(environment, 10)


@pytest.fixture
def helper(tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real credential helper named ``box``; the folder in which it keeps what it is told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker-credential-box"
    program.write_text(HELPER)
    program.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    environment["PATH"] = path
    return folder


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_is_its_owners_alone_in_a_folder_that_is_too(store: DockerLogins, file: Path) -> None:
    assert store.save(HOST, LOGIN, None) is None

    assert json.loads(file.read_text()) == {"auths": {HOST: {"auth": "bWU6czNjcjN0OndvcmQ="}}}
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_what_is_kept_is_found_again(store: DockerLogins, environment: dict[str, str]) -> None:
    store.save(HOST, LOGIN, None)
    store.save("docker.io", Credentials(identity_token="tok3n"), None)

    assert find_credentials(Repository(HOST, "app"), RegistryOptions(), environment) == LOGIN
    found = find_credentials(Repository("docker.io", "app"), RegistryOptions(), environment)
    assert found == Credentials(identity_token="tok3n")


@pytest.mark.parametrize("indent", [2, 4, "\t", None])
@pytest.mark.parametrize("end", ["", "\n"])
def test_everything_else_in_the_file_stays_as_it_was(
    store: DockerLogins, file: Path, indent: str | int | None, end: str
) -> None:
    entries = {"a.test": {"auth": "eDp5", "email": "x@y"}}
    before = {"HttpHeaders": {"Meta": "ü"}, "auths": entries, "plugins": [], "detachKeys": "ctrl-e"}
    write(file, json.dumps(before, indent=indent, ensure_ascii=False) + end)
    file.chmod(0o644)

    store.save(HOST, LOGIN, None)

    after = {**before, "auths": {**entries, HOST: {"auth": "bWU6czNjcjN0OndvcmQ="}}}
    assert file.read_text() == json.dumps(after, indent=indent, ensure_ascii=False) + end
    assert mode(file) == 0o600


def test_what_is_kept_is_what_dockers_own_library_reads(store: DockerLogins, file: Path) -> None:
    from docker.auth import load_config

    store.save(HOST, LOGIN, None)
    store.save("docker.io", Credentials("hub", "word"), None)

    read = load_config(str(file))
    assert read.resolve_authconfig(HOST)["password"] == LOGIN.password
    assert read.resolve_authconfig("docker.io")["username"] == "hub"


def test_a_helper_that_fails_to_forget_leaves_nothing_else_behind(
    store: DockerLogins, file: Path, helper: Path
) -> None:
    (helper / "docker-credential-ro").write_text("#!/bin/sh\ncat > /dev/null\nexit 1\n")
    (helper / "docker-credential-ro").chmod(0o755)
    entries = {"a.test": {"auth": "eDp5"}, "b.test": {"auth": "eDp5"}, "c.test/team": {"auth": "eDp5"}}
    write(file, json.dumps({"auths": entries, "credHelpers": {"a.test": "ro", "d.test": "ro"}}))

    with pytest.raises(RegistryError, match=r"did not forget the login for a\.test"):
        log_out(store.hosts(), store)

    assert json.loads(file.read_text()) == {"auths": {}, "credHelpers": {"a.test": "ro", "d.test": "ro"}}


def test_an_older_login_is_replaced_under_whatever_name_it_had(store: DockerLogins, file: Path) -> None:
    old = {"https://registry.test/v1/": {"auth": "x"}, HOST: {"identitytoken": "old", "email": "me@x"}, "b.test": {}}
    write(file, json.dumps({"auths": old}))

    store.save(HOST, LOGIN, None)

    kept = json.loads(file.read_text())["auths"]
    assert kept == {HOST: {"auth": "bWU6czNjcjN0OndvcmQ=", "email": "me@x"}, "b.test": {}}


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_is_called_what_docker_calls_it(store: DockerLogins, file: Path, name: str) -> None:
    store.save(name, LOGIN, None)

    assert list(json.loads(file.read_text())["auths"]) == [HUB]
    assert store.erase("docker.io") == (True, None)
    assert json.loads(file.read_text()) == {"auths": {}}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"auths": []}', '{"credHelpers": "x"}', "\N{REPLACEMENT CHARACTER}",
     "[" * 100_000, '{"big": 1e999}', '{"half": "\\ud800"}'],
)  # fmt: skip
def test_a_broken_file_is_named_and_left_as_it_is(store: DockerLogins, file: Path, text: str) -> None:
    write(file, text)

    with pytest.raises(ConfigurationError) as caught:
        store.save(HOST, LOGIN, None)

    assert str(file) in caught.value.message
    assert file.read_text() == text
    assert "s3cr3t" not in f"{caught.value.message} {caught.value.hint}"
    assert [path.name for path in file.parent.iterdir() if path.name not in {file.name, ".config.json.lock"}] == []


def test_a_link_to_the_file_stays_one(store: DockerLogins, file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles.json"
    elsewhere.write_text("{}")
    file.parent.mkdir()
    file.symlink_to(elsewhere)

    store.save(HOST, LOGIN, None)

    assert file.is_symlink()
    assert HOST in json.loads(elsewhere.read_text())["auths"]
    assert mode(elsewhere) == 0o600


def test_many_at_once_lose_nothing(store: DockerLogins, environment: dict[str, str], file: Path) -> None:
    hosts = [f"r{number}.test" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda host: DockerLogins.at_home(environment, 10).save(host, LOGIN, None), hosts))

    assert sorted(json.loads(file.read_text())["auths"]) == sorted(hosts)


def test_podmans_variable_says_where_logins_are(environment: dict[str, str], tmp_path: Path) -> None:
    environment["REGISTRY_AUTH_FILE"] = str(tmp_path / "auth.json")

    DockerLogins.at_home(environment, 10).save(HOST, LOGIN, None)

    assert HOST in json.loads((tmp_path / "auth.json").read_text())["auths"]


def test_no_home_is_no_place_for_logins() -> None:
    with pytest.raises(ConfigurationError, match="neither DOCKER_CONFIG nor HOME"):
        DockerLogins.at_home({}, 10)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        DockerLogins.at_home({"DOCKER_CONFIG": str(tmp_path / "file")}, 10).save(HOST, LOGIN, None)
    assert str(tmp_path / "file") in caught.value.message


@pytest.mark.parametrize("configuration", [{"credsStore": "box"}, {"credHelpers": {HOST: "box"}}])
def test_a_configured_helper_keeps_the_login_instead_of_the_file(
    store: DockerLogins, file: Path, helper: Path, configuration: dict[str, object], environment: dict[str, str]
) -> None:
    write(file, json.dumps(configuration))

    assert store.save(HOST, LOGIN, None) == "box"

    assert json.loads(file.read_text()) == {**configuration, "auths": {HOST: {}}}
    assert json.loads((helper / "kept.json").read_text())[HOST]["Secret"] == LOGIN.password
    assert (helper / "argv.txt").read_text() == "store\n"
    assert find_credentials(Repository(HOST, "app"), RegistryOptions(timeout=60), environment) == LOGIN
    assert store.erase(HOST) == (True, "box")
    assert json.loads((helper / "kept.json").read_text()) == {}
    assert json.loads(file.read_text()) == {**configuration, "auths": {}}
    assert store.erase(HOST) == (False, "box")


def test_a_helper_that_is_named_keeps_this_hosts_logins_from_now_on(
    store: DockerLogins, file: Path, helper: Path
) -> None:
    assert store.save(HOST, LOGIN, "box") == "box"
    assert store.save(HOST, Credentials("you", "other"), None) == "box"

    assert json.loads(file.read_text()) == {"credHelpers": {HOST: "box"}, "auths": {HOST: {}}}
    assert json.loads((helper / "kept.json").read_text())[HOST]["Username"] == "you"
    assert store.ask_helper(HOST, "box") == Credentials("you", "other")


def test_a_helper_that_cannot_keep_anything_leaves_the_file_alone(
    store: DockerLogins, file: Path, helper: Path
) -> None:
    (helper / "docker-credential-ro").write_text("#!/bin/sh\ncat >&2\necho not implemented\nexit 1\n")
    (helper / "docker-credential-ro").chmod(0o755)

    with pytest.raises(RegistryError, match="docker-credential-ro did not keep the login") as caught:
        store.save(HOST, LOGIN, "ro")
    assert not file.exists()
    assert LOGIN.password not in f"{caught.value.message} {caught.value.hint}"
    with pytest.raises(RegistryError, match="is not on PATH"):
        store.save(HOST, LOGIN, "missing")


@pytest.mark.parametrize("name", ["../evil", "a b", "", "-x", "x;y"])
def test_what_names_no_helper_starts_none(store: DockerLogins, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a credential helper"):
        store.ask_helper(HOST, name)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("ghcr.io", "ghcr.io"),
        ("https://ghcr.io/v2/", "ghcr.io"),
        ("oci://localhost:5000/acme/shop:1", "localhost:5000"),
        ("[::1]:5000", "[::1]:5000"),
    ],
)
def test_a_registry_may_be_named_by_whatever_is_in_it(text: str, host: str) -> None:
    assert parse_registry(text) == host


@pytest.mark.parametrize("text", ["", "https://", "me:word@ghcr.io", "gh cr.io", "ghcr.io:99999", "--help", "a\nb"])
def test_what_names_no_registry_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(UsageError, match="names no registry") as caught:
        parse_registry(text)
    assert "word" not in caught.value.message
