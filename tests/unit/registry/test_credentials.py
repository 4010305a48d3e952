from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, RegistryError
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.credentials import Credentials
from pipeline.registries.oci.credentials import find_credentials

APP = Repository("registry.test", "team/app")
SECRET = "s3cr3t-password"


def encoded(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()


@pytest.fixture
def docker(tmp_path: Path) -> dict[str, str]:
    return {"DOCKER_CONFIG": str(tmp_path), "PATH": str(tmp_path / "bin")}


def write(docker: dict[str, str], configuration: object) -> Path:
    file = Path(docker["DOCKER_CONFIG"], "config.json")
    file.write_text(configuration if isinstance(configuration, str) else json.dumps(configuration))
    return file


def helper(docker: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """A program as docker calls it; the SDK looks for it on this process's own PATH."""
    folder = Path(docker["DOCKER_CONFIG"], "bin")
    folder.mkdir(exist_ok=True)
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    docker["PATH"] = f"{folder}:/usr/bin:/bin"


def find(
    docker: dict[str, str], repository: Repository = APP, options: RegistryOptions | None = None
) -> Credentials | None:
    return find_credentials(repository, options or RegistryOptions(timeout=60), docker)


def test_options_win_over_every_file(docker: dict[str, str]) -> None:
    write(docker, "not even JSON")

    assert find(docker, options=RegistryOptions("me", SECRET)) == Credentials("me", SECRET)


def test_nothing_configured_is_no_login(docker: dict[str, str]) -> None:
    assert find(docker) is None
    assert find({}) is None


def test_auth_entry_is_user_and_password(docker: dict[str, str]) -> None:
    write(docker, {"auths": {"registry.test": {"auth": encoded("me", "with:colon")}}})

    assert find(docker) == Credentials("me", "with:colon")


def test_username_and_password_fields_are_read(docker: dict[str, str]) -> None:
    write(docker, {"auths": {"registry.test": {"username": "me", "password": SECRET}}})

    assert find(docker) == Credentials("me", SECRET)


def test_old_keys_with_scheme_and_version_mean_the_host(docker: dict[str, str]) -> None:
    write(docker, {"auths": {"https://registry.test/v1/": {"auth": encoded("me", SECRET)}}})

    assert find(docker) == Credentials("me", SECRET)


def test_entry_of_another_host_or_port_is_not_ours(docker: dict[str, str]) -> None:
    write(docker, {"auths": {"registry.test:5000": {"auth": encoded("me", SECRET)}, "test": {"auth": "eA=="}}})

    assert find(docker) is None


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io"])
def test_docker_hub_is_found_under_all_its_names(docker: dict[str, str], key: str) -> None:
    write(docker, {"auths": {key: {"auth": encoded("me", SECRET)}}})

    assert find(docker, Repository("docker.io", "team/app")) == Credentials("me", SECRET)
    assert find(docker, Repository("index.docker.io", "team/app")) == Credentials("me", SECRET)


def test_most_specific_repository_wins(docker: dict[str, str]) -> None:
    auths = {
        name: {"auth": encoded(name, SECRET)} for name in ("registry.test", "registry.test/team", "registry.test/t")
    }
    write(docker, {"auths": auths})

    found = find(docker)

    assert found is not None
    assert found.username == "registry.test/team"


def test_identity_token_is_not_a_password(docker: dict[str, str]) -> None:
    write(docker, {"auths": {"registry.test": {"auth": encoded("u", ""), "identitytoken": SECRET}}})

    assert find(docker) == Credentials(identity_token=SECRET)


def test_registry_token_is_used_as_it_is(docker: dict[str, str]) -> None:
    write(docker, {"auths": {"registry.test": {"registrytoken": SECRET}}})

    assert find(docker) == Credentials(access_token=SECRET)


def test_registry_auth_file_wins_over_docker(docker: dict[str, str], tmp_path: Path) -> None:
    write(docker, {"auths": {"registry.test": {"auth": encoded("docker", SECRET)}}})
    file = tmp_path / "auth.json"
    file.write_text(json.dumps({"auths": {"registry.test": {"auth": encoded("containers", SECRET)}}}))

    assert find({**docker, "REGISTRY_AUTH_FILE": str(file)}) == Credentials("containers", SECRET)


def test_home_is_looked_at_without_docker_config(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(
        json.dumps({"auths": {"registry.test": {"auth": encoded("me", SECRET)}}})
    )

    assert find({"HOME": str(tmp_path)}) == Credentials("me", SECRET)


@pytest.mark.parametrize(
    "configuration",
    [
        "{",
        "[]",
        {"auths": ["registry.test"]},
        {"auths": {"registry.test": {"auth": "%%%"}}},
        {"auths": {"registry.test": {"auth": "eA=="}}},
    ],
)
def test_broken_file_is_named(docker: dict[str, str], configuration: object) -> None:
    file = write(docker, configuration)

    with pytest.raises(ConfigurationError) as caught:
        find(docker)
    assert str(file) in caught.value.message


def test_broken_file_does_not_show_its_content(docker: dict[str, str]) -> None:
    write(docker, f'{{"auths": {{"registry.test": {{"password": "{SECRET}" oops')

    with pytest.raises(ConfigurationError) as caught:
        find(docker)
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_helper_of_the_host_is_asked(docker: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    write(docker, {"credHelpers": {"registry.test": "ours"}, "credsStore": "missing"})
    helper(docker, monkeypatch, "ours", f"""read host; echo '{{"Username":"'$host'","Secret":"{SECRET}"}}'""")

    assert find(docker) == Credentials("registry.test", SECRET)


def test_store_gives_identity_tokens(docker: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    write(docker, {"credsStore": "ours"})
    helper(docker, monkeypatch, "ours", f"""echo '{{"Username":"<token>","Secret":"{SECRET}"}}'""")

    assert find(docker) == Credentials(identity_token=SECRET)


def test_store_is_asked_for_docker_hub_by_its_old_url(docker: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    write(docker, {"credsStore": "ours"})
    helper(docker, monkeypatch, "ours", """read host; echo '{"Username":"'$host'","Secret":"x"}'""")

    found = find(docker, Repository("docker.io", "team/app"))

    assert found is not None
    assert found.username == "https://index.docker.io/v1/"


def test_store_without_this_login_leaves_it_to_the_file(
    docker: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(docker, {"credsStore": "ours", "auths": {"registry.test": {"auth": encoded("me", SECRET)}}})
    helper(docker, monkeypatch, "ours", "echo credentials not found in native keychain; exit 1")

    assert find(docker) == Credentials("me", SECRET)


def test_missing_helper_is_named(docker: dict[str, str]) -> None:
    write(docker, {"credHelpers": {"registry.test": "nowhere-to-be-found"}})

    with pytest.raises(RegistryError, match="docker-credential-nowhere-to-be-found") as caught:
        find(docker)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    "script", [f"echo {SECRET}; exit 3", f"echo '{SECRET}'", f"""echo '{{"Secret":"{SECRET}"}}'"""]
)
def test_broken_helper_is_named_and_its_words_are_not_shown(
    docker: dict[str, str], monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    write(docker, {"credHelpers": {"registry.test": "ours"}})
    helper(docker, monkeypatch, "ours", script)

    with pytest.raises(RegistryError, match="docker-credential-ours") as caught:
        find(docker)
    assert SECRET not in f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"


def test_hanging_helper_does_not_hang_us(docker: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    write(docker, {"credHelpers": {"registry.test": "ours"}})
    helper(docker, monkeypatch, "ours", "exec sleep 2")

    with pytest.raises(RegistryError, match=r"within 0\.5 s"):
        find(docker, options=RegistryOptions(timeout=0.5))


def test_password_is_not_in_any_representation() -> None:
    assert SECRET not in repr(Credentials("me", SECRET, SECRET, SECRET))
