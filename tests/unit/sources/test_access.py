from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from pipeline.errors import ClusterError, IdentityError, RegistryError
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.puller.sources import PrivateFiles
from tests.unit.sources.worlds import World, make_world, source, told

PASSWORD = "pa55-w0rd-secret"
DENIED = RegistryError("registry.test: cannot find tag: HTTP 401 Unauthorized", code="registry.denied")


def login(host: str = "registry.test", user: str = "me", password: str = PASSWORD) -> dict[str, str]:
    entry = {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
    return {".dockerconfigjson": json.dumps({"auths": {host: entry}})}


def options(world: World) -> RegistryOptions:
    return world.connected[-1][1]


def test_without_secrets_nobody_logs_in_and_the_processes_own_logins_stay_out(tmp_path: Path) -> None:
    variables = {"HOME": "/root", "DOCKER_CONFIG": "/x", "HTTPS_PROXY": "http://proxy:1", "no_proxy": "x", "TOKEN": "t"}
    world = make_world(tmp_path, environment=variables)
    world.push()
    world.reconcile(source(timeout="20s"))
    _, found, environment = world.connected[-1]
    assert found == RegistryOptions(timeout=20.0, patient=False)
    assert environment == {"HTTPS_PROXY": "http://proxy:1", "no_proxy": "x"}


def test_the_login_of_the_secret_is_used(world: World) -> None:
    world.push()
    world.secret("login", login())
    assert world.reconcile(source(secretRef={"name": "login"})).succeeded
    assert (options(world).username, options(world).password) == ("me", PASSWORD)


def test_a_rotated_login_counts_at_once(world: World) -> None:
    world.push()
    world.secret("login", login())
    body = source(secretRef={"name": "login"})
    world.reconcile(body)
    world.secret("login", login(password="another"))
    world.reconcile(body)
    assert options(world).password == "another"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"registry.test": {"username": "me", "password": "x"}}, ("me", "x", None, None)),
        ({"https://registry.test/v1/": {"username": "me", "password": "x"}}, ("me", "x", None, None)),
        ({"*.test": {"username": "me", "password": "x"}}, ("me", "x", None, None)),
        ({"registry.*": {"username": "me", "password": "x"}}, ("me", "x", None, None)),
        ({"*": {"username": "me", "password": "x"}}, (None, None, None, None)),
        ({"registry.test/team": {"username": "team", "password": "x"}, "*.test": {}}, ("team", "x", None, None)),
        ({"registry.test": {"identitytoken": "idt"}}, (None, None, "idt", None)),
        ({"registry.test": {"registrytoken": "act"}}, (None, None, None, "act")),
        ({"elsewhere.test": {"username": "me", "password": "x"}}, (None, None, None, None)),
    ],
)
def test_logins_are_read_as_kubernetes_reads_them(
    world: World, document: object, expected: tuple[str | None, ...]
) -> None:
    world.push()
    world.secret("login", {".dockerconfigjson": json.dumps({"auths": document})})
    world.reconcile(source(secretRef={"name": "login"}))
    found = options(world)
    assert (found.username, found.password, found.identity_token, found.access_token) == expected


def test_a_secret_of_the_old_kind_will_do(world: World) -> None:
    world.push()
    world.secret("login", {".dockercfg": json.dumps({"registry.test": {"username": "me", "password": "x"}})})
    world.reconcile(source(secretRef={"name": "login"}))
    assert options(world).username == "me"


def test_helpers_named_in_a_secret_are_never_started(world: World) -> None:
    world.push()
    configuration = {"credsStore": "evil", "credHelpers": {"registry.test": "evil"}}
    world.secret("login", {".dockerconfigjson": json.dumps(configuration)})
    assert world.reconcile(source(secretRef={"name": "login"})).succeeded


def test_pull_secrets_of_the_service_account_are_used_after_the_sources_own(world: World) -> None:
    world.push()
    world.secret("other", login("elsewhere.test"))
    world.secret("login", login())
    world.service_account("puller", "other", "login")
    assert world.reconcile(source(serviceAccountName="puller")).succeeded
    assert options(world).username == "me"
    world.secret("own", login(user="own"))
    world.reconcile(source(serviceAccountName="puller", secretRef={"name": "own"}))
    assert options(world).username == "own"


@pytest.mark.parametrize(
    ("spec", "data", "complaint"),
    [
        ({"secretRef": {"name": "s"}}, None, "failed to get credential: secret 'apps/s' not found"),
        ({"secretRef": {"name": "s"}}, {"x": "y"}, "failed to get credential: secret 'apps/s' has no '.docker"),
        ({"secretRef": {"name": "s"}}, {".dockerconfigjson": "{" + PASSWORD}, "'.dockerconfigjson' is not JSON"),
        ({"secretRef": {"name": "s"}}, {".dockerconfigjson": "[]"}, "'.dockerconfigjson' is not a JSON object"),
        (
            {"secretRef": {"name": "s"}},
            {".dockerconfigjson": json.dumps({"auths": {"registry.test": {"auth": PASSWORD}}})},
            "secret 'apps/s': 'auth' of 'registry.test' is not base64 of USER:PASSWORD",
        ),
        ({"serviceAccountName": "s"}, None, "failed to get credential: serviceaccount 'apps/s' not found"),
        ({"proxySecretRef": {"name": "s"}}, None, "failed to get proxy address: secret 'apps/s' not found"),
        ({"proxySecretRef": {"name": "s"}}, {"password": PASSWORD}, "secret 'apps/s': key 'address' not found"),
        ({"proxySecretRef": {"name": "s"}}, {"address": f"ftp://me:{PASSWORD}@x"}, "is not the URL of a proxy"),
        ({"certSecretRef": {"name": "s"}}, None, "secret 'apps/s' not found"),
        ({"certSecretRef": {"name": "s"}}, {"x": "y"}, "has neither 'ca.crt' nor 'tls.crt' with 'tls.key'"),
        ({"certSecretRef": {"name": "s"}}, {"tls.key": PASSWORD}, "has 'tls.key' but no 'tls.crt'"),
    ],
)
def test_what_a_secret_lacks_is_told_and_never_what_it_holds(
    world: World, spec: dict[str, object], data: dict[str, str] | None, complaint: str
) -> None:
    world.push()
    if data is not None:
        world.secret("s", data)
    body = source(**spec)
    outcome = world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[:2] == ("False", "AuthenticationFailed")
    assert complaint in ready[2]
    assert told(body, "FetchFailed") == ("True", *ready[1:])
    assert outcome.requeue_after is None
    assert PASSWORD not in json.dumps(body["status"]) + repr(outcome.events)


def test_an_api_server_that_does_not_answer_is_told(world: World) -> None:
    def fail(_operation: str, _subject: str) -> None:
        raise ClusterError("the API server does not answer")

    world.api.before = fail
    body = source(secretRef={"name": "login"})
    assert not world.reconcile(body).succeeded
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[1:] == ("AuthenticationFailed", "failed to get credential: the API server does not answer")


def test_certificates_become_private_files(world: World) -> None:
    world.push()
    world.secret("tls", {"ca.crt": "authority", "tls.crt": "certificate", "tls.key": "key"})
    body = source(certSecretRef={"name": "tls"})
    assert world.reconcile(body).succeeded
    found = options(world)
    files = (found.ca_file, found.cert_file, found.key_file)
    assert [Path(str(file)).read_text() for file in files] == ["authority", "certificate", "key"]
    for file in map(Path, map(str, files)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert found.verify_tls
    world.secret("tls", {"caFile": "another"})
    world.reconcile(body)
    assert Path(str(options(world).ca_file)).read_text() == "another"
    assert options(world).cert_file is None


def test_the_proxy_of_the_secret_is_used_with_its_login(world: World) -> None:
    world.push()
    world.secret("proxy", {"address": "http://proxy.test:3128", "username": "me@x", "password": "p:w/d"})
    world.reconcile(source(proxySecretRef={"name": "proxy"}))
    assert options(world).proxy == "http://me%40x:p%3Aw%2Fd@proxy.test:3128"
    world.secret("proxy", {"address": "socks5://proxy.test:1080"})
    world.reconcile(source(proxySecretRef={"name": "proxy"}))
    assert options(world).proxy == "socks5h://proxy.test:1080"


@pytest.mark.parametrize(
    ("host", "spec", "verify_tls", "allow_plain_http"),
    [
        ("registry.test", {}, True, False),
        ("registry.test", {"insecure": True}, False, True),
        ("registry.test", {"insecure": True, "certSecretRef": {"name": "tls"}}, True, True),
        ("registry.flux-system.svc.cluster.local:5000", {}, True, True),
        ("10.96.0.10:5000", {}, True, True),
        ("172.31.255.255", {}, True, True),
        ("172.32.0.1", {}, True, False),
        ("11.0.0.1", {}, True, False),
    ],
)
def test_plain_http_needs_to_be_asked_for_or_a_host_for_which_flux_does_without(
    world: World, host: str, spec: dict[str, object], *, verify_tls: bool, allow_plain_http: bool
) -> None:
    world.secret("tls", {"ca.crt": "authority"})
    world.reconcile(source(url=f"oci://{host}/team/app", **spec))
    repository, found, _ = world.connected[-1]
    assert repository == Repository(host, "team/app")
    assert (found.verify_tls, found.allow_plain_http) == (verify_tls, allow_plain_http)


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_a_cloud_provider_whose_login_is_needed_stalls_the_source(world: World, provider: str) -> None:
    world.push()
    world.registry.faults.fail("resolve", DENIED)
    body = source(provider=provider)
    outcome = world.reconcile(body)
    stalled = told(body, "Stalled")
    assert stalled is not None
    assert stalled[1] == "InvalidProviderConfiguration"
    assert f"spec.provider '{provider}' logs in to registries of its own alone, and registry.test is none" in stalled[2]
    assert outcome.requeue_after == 600.0


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_a_cloud_that_knows_nobody_here_is_told_as_a_missing_login(world: World, provider: str) -> None:
    world.push()
    world.registry.faults.fail("resolve", IdentityError("there is no identity here"))
    body = source(provider=provider)
    world.reconcile(body)
    failed = told(body, "FetchFailed")
    assert failed is not None
    assert (failed[1], failed[2]) == ("AuthenticationFailed", "failed to get credential: there is no identity here")
    assert options(world).provider == provider
    assert told(body, "Stalled") is None


@pytest.mark.parametrize("spec", [{"insecure": True}, {"certSecretRef": {"name": "tls"}}])
def test_the_process_s_identity_goes_to_nobody_whom_a_tenant_vouches_for(world: World, spec: dict[str, object]) -> None:
    world.push()
    world.secret("tls", {"ca.crt": "authority"})
    body = source(provider="aws", url="oci://123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app", **spec)
    world.reconcile(body)
    stalled = told(body, "Stalled")
    assert stalled is not None
    assert stalled[1] == "InvalidProviderConfiguration"
    assert world.connected == []


def test_a_cloud_provider_does_no_harm_where_its_login_is_not_needed(world: World) -> None:
    world.push()
    assert world.reconcile(source(provider="aws")).succeeded
    world.secret("login", login())
    assert world.reconcile(source(provider="aws", secretRef={"name": "login"})).succeeded
    assert options(world).username == "me"
    world.registry.faults.fail("resolve", DENIED)
    body = source(provider="aws", secretRef={"name": "login"})
    world.reconcile(body)
    assert told(body, "Stalled") is None


def test_private_files_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.puller.sources import private_files

    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "left-over.pem").write_text("secret")
    monkeypatch.setattr(private_files, "_LIMIT", 3)
    files = PrivateFiles(tmp_path / "private")
    paths = [Path(files.path_of(str(number).encode())) for number in range(5)]
    assert not (tmp_path / "private" / "left-over.pem").exists()
    assert all(path.exists() for path in paths)
    monkeypatch.setattr(private_files, "_IN_USE", 0.0)
    again = Path(files.path_of(b"9"))
    assert again.exists()
    assert len(list((tmp_path / "private").iterdir())) == 3
    again.unlink()
    assert Path(files.path_of(b"9")).read_bytes() == b"9"


def test_private_files_that_cannot_be_written_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def fail(*arguments: object, **options: object) -> int:
        raise OSError(28, "No space left on device")

    world.push()
    world.secret("tls", {"ca.crt": "authority"})
    monkeypatch.setattr(os, "open", fail)
    body = source(certSecretRef={"name": "tls"})
    world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[1] == "AuthenticationFailed"
    assert ready[2].endswith("a certificate cannot be kept: No space left on device")
