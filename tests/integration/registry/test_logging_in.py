"""How logins are asked for, kept, renewed and guarded, against a registry with scripted answers."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.errors import PipelineError, RegistryError, UsageError
from pipeline.model.artifact.manifest import OCI_MANIFEST, Blob
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Registry
from tests.contract.registry.servers import Silent
from tests.integration.registry.conftest import Answer, Asked, Connect, FakeServer, Hurried

PASSWORD = "pa55-w0rd-secret"
LOGIN = RegistryOptions(username="me", password=PASSWORD, timeout=5)
BASIC = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
MANIFEST = Blob(OCI_MANIFEST, b'{"schemaVersion":2}')
BLOB = Blob("application/octet-stream", b"the content")


def read(registry: Registry) -> bytes:
    return registry.read_manifest(MANIFEST.descriptor.digest).content


def shown(error: PipelineError, reporter: Silent) -> str:
    return f"{error.message} {error.hint} {error.__cause__} {reporter.details} {reporter.warnings}"


class TokenRegistry:
    """Wants a bearer token whose scopes cover the request; hands them out itself under /token."""

    def __init__(self, url: str, **challenge: str) -> None:
        parameters = {"realm": f"{url}/token", "service": "here", **challenge}
        self.challenge = "Bearer " + ",".join(f'{name}="{value}"' for name, value in parameters.items())
        self.tokens: dict[str, tuple[str, ...]] = {}
        self.revoked: set[str] = set()
        self.lifetime: object = 300
        self.token_requests: list[Asked] = []

    def __call__(self, asked: Asked) -> Answer:
        return self.give_token(asked) if asked.path == "/token" else self.serve(asked)

    def give_token(self, asked: Asked) -> Answer:
        self.token_requests.append(asked)
        token = f"token-secret-{len(self.token_requests)}"
        self.tokens[token] = tuple(asked.query.get("scope", []))
        return Answer(200, json.dumps({"token": token, "expires_in": self.lifetime}).encode())

    def serve(self, asked: Asked) -> Answer:
        token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        mine = [scope for scope in self.tokens.get(token, ()) if scope.startswith("repository:team/app:")]
        needed = "pull" if asked.method in {"GET", "HEAD"} else "push"
        if token in self.revoked or not any(needed in scope.rpartition(":")[2].split(",") for scope in mine):
            error = ',error="insufficient_scope"' if token else ""
            return Answer(401, b"{}", {"WWW-Authenticate": self.challenge + error})
        if asked.method == "HEAD":
            return Answer(404)
        if asked.method == "GET":
            return Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST})
        return Answer(202, headers={"Location": "/v2/uploads/1"}) if asked.method == "POST" else Answer(201)


@pytest.fixture
def tokens(fake: FakeServer) -> TokenRegistry:
    script = TokenRegistry(fake.url)
    fake.script = script
    return script


def scopes(tokens: TokenRegistry) -> list[list[str]]:
    return [asked.query.get("scope", []) for asked in tokens.token_requests]


def test_upload_asks_for_one_token_that_may_push(fake: FakeServer, connect: Connect, tokens: TokenRegistry) -> None:
    registry = connect(fake, LOGIN)
    registry.write_blob(BLOB.descriptor, lambda: [BLOB.content])
    registry.write_manifest(MANIFEST, "v1")

    assert scopes(tokens) == [["repository:team/app:pull,push"]]
    (asked,) = tokens.token_requests
    assert (asked.query["service"], asked.query["account"], asked.headers["Authorization"]) == (["here"], ["me"], BASIC)


def test_reading_asks_for_no_more_than_pulling(fake: FakeServer, connect: Connect, tokens: TokenRegistry) -> None:
    registry = connect(fake, LOGIN)
    read(registry)
    read(registry)

    assert scopes(tokens) == [["repository:team/app:pull"]]


def test_writing_after_reading_gets_a_token_that_may(fake: FakeServer, connect: Connect, tokens: TokenRegistry) -> None:
    registry = connect(fake, LOGIN)
    read(registry)
    registry.write_manifest(MANIFEST, "v1")
    read(registry)

    assert scopes(tokens) == [["repository:team/app:pull"], ["repository:team/app:pull,push"]]
    assert [asked.method for asked in fake.asked if "/manifests/" in asked.path] == ["GET", "GET", "PUT", "GET"]


def test_mounting_asks_for_both_repositories(fake: FakeServer, connect: Connect, tokens: TokenRegistry) -> None:
    connect(fake, LOGIN).mount_blob(BLOB.descriptor, Repository(fake.address, "team/source"))

    assert scopes(tokens)[0] == ["repository:team/app:pull,push", "repository:team/source:pull"]


def test_scope_that_the_registry_itself_names_is_asked_for_too(fake: FakeServer, connect: Connect) -> None:
    script = TokenRegistry(fake.url, scope="repository:mirror/team/app:pull")
    fake.script = script
    read(connect(fake, LOGIN))

    assert scopes(script) == [["repository:mirror/team/app:pull", "repository:team/app:pull"]]


def test_token_without_a_login_is_asked_for_anonymously(
    fake: FakeServer, connect: Connect, tokens: TokenRegistry
) -> None:
    read(connect(fake))

    assert "Authorization" not in tokens.token_requests[0].headers
    assert "account" not in tokens.token_requests[0].query


def test_expired_token_is_replaced_before_it_is_used(
    fake: FakeServer, connect: Connect, tokens: TokenRegistry, clock: Hurried
) -> None:
    registry = connect(fake, LOGIN)
    read(registry)
    clock.sleep(299)
    read(registry)

    assert len(tokens.token_requests) == 2
    assert [asked.method for asked in fake.asked if asked.path != "/token"] == ["GET", "GET", "GET"]


def test_revoked_token_is_replaced_once(fake: FakeServer, connect: Connect, tokens: TokenRegistry) -> None:
    registry = connect(fake, LOGIN)
    read(registry)
    tokens.revoked.add("token-secret-1")

    assert read(registry) == MANIFEST.content
    assert len(tokens.token_requests) == 2


@pytest.mark.parametrize("lifetime", [None, 0, -1, "soon", True])
def test_odd_lifetimes_mean_the_protocols_minute(
    fake: FakeServer, connect: Connect, tokens: TokenRegistry, clock: Hurried, lifetime: object
) -> None:
    tokens.lifetime = lifetime
    registry = connect(fake, LOGIN)
    read(registry)
    clock.sleep(50)
    read(registry)
    assert len(tokens.token_requests) == 1
    clock.sleep(10)
    read(registry)
    assert len(tokens.token_requests) == 2


def test_login_that_is_never_good_enough_is_denied_after_one_more_try(
    fake: FakeServer, connect: Connect, tokens: TokenRegistry, reporter: Silent
) -> None:
    tokens.revoked.update(f"token-secret-{number}" for number in range(9))

    with pytest.raises(RegistryError) as caught:
        read(connect(fake, LOGIN))
    assert (caught.value.code, caught.value.exit_code) == ("registry.denied", 5)
    assert len([line for line in fake.lines if "/manifests/" in line]) == 2
    assert "secret" not in shown(caught.value, reporter)


def test_many_threads_share_one_token(fake: FakeServer, connect: Connect, tokens: TokenRegistry) -> None:
    registry = connect(fake, LOGIN)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: read(registry), range(32))) == {MANIFEST.content}
    assert len(tokens.token_requests) == 1


def test_token_server_without_get_is_asked_by_post(fake: FakeServer, connect: Connect) -> None:
    script = TokenRegistry(fake.url)

    def answer(asked: Asked) -> Answer:
        if asked.path != "/token" or asked.method == "GET":
            return Answer(405) if asked.path == "/token" else script.serve(asked)
        script.token_requests.append(asked)
        script.tokens["token-secret"] = ("repository:team/app:pull",)
        return Answer(200, b'{"access_token": "token-secret"}')

    fake.script = answer
    read(connect(fake, LOGIN))

    body = script.token_requests[0].body.decode()
    assert "grant_type=password" in body
    assert "username=me" in body
    assert "scope=repository%3Ateam%2Fapp%3Apull" in body
    assert "client_id=gitless" in body


def test_identity_token_is_traded_by_post(fake: FakeServer, connect: Connect, tmp_path: Path) -> None:
    script = TokenRegistry(fake.url)

    def answer(asked: Asked) -> Answer:
        if asked.path != "/token":
            return script.serve(asked)
        script.token_requests.append(asked)
        script.tokens["token-secret"] = ("repository:team/app:pull",)
        return Answer(200, b'{"access_token": "token-secret", "expires_in": 60}')

    fake.script = answer
    (tmp_path / "config.json").write_text(json.dumps({"auths": {fake.address: {"identitytoken": "refresh-secret"}}}))
    read(connect(fake, environment={"DOCKER_CONFIG": str(tmp_path)}))

    (asked,) = script.token_requests
    assert asked.method == "POST"
    assert "grant_type=refresh_token" in asked.body.decode()
    assert "refresh_token=refresh-secret" in asked.body.decode()
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize("status", [401, 403])
def test_token_server_that_refuses_is_named_as_denial(
    fake: FakeServer, connect: Connect, reporter: Silent, status: int
) -> None:
    script = TokenRegistry(fake.url)
    fake.script = lambda asked: Answer(status) if asked.path == "/token" else script.serve(asked)

    with pytest.raises(RegistryError, match="refused the login") as caught:
        read(connect(fake, LOGIN))
    assert caught.value.code == "registry.denied"
    assert PASSWORD not in shown(caught.value, reporter)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"token": 1}', b'{"token": "a\\r\\nX: y"}', b"<html>"])
def test_token_server_without_a_token_is_an_error(fake: FakeServer, connect: Connect, body: bytes) -> None:
    script = TokenRegistry(fake.url)
    fake.script = lambda asked: Answer(200, body) if asked.path == "/token" else script.serve(asked)

    with pytest.raises(RegistryError, match="without a token"):
        read(connect(fake, LOGIN))


def test_busy_token_server_is_waited_for(fake: FakeServer, connect: Connect, clock: Hurried) -> None:
    script = TokenRegistry(fake.url)
    busy = [Answer(503), Answer(429, headers={"Retry-After": "2"})]
    fake.script = lambda asked: busy.pop(0) if busy and asked.path == "/token" else script(asked)

    assert read(connect(fake, LOGIN)) == MANIFEST.content
    assert clock.waits[1] == 2.0


@pytest.mark.parametrize("realm", ["gitless test registry", "file:///etc/passwd", "//host", "https://"])
def test_realm_that_is_no_address_is_refused(fake: FakeServer, connect: Connect, realm: str) -> None:
    fake.answers(Answer(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'}))

    with pytest.raises(RegistryError, match="no HTTP address"):
        read(connect(fake, LOGIN))


def test_basic_is_given_when_it_is_asked_for_and_kept(fake: FakeServer, connect: Connect) -> None:
    fake.script = lambda asked: (
        Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST})
        if asked.headers.get("Authorization") == BASIC
        else Answer(401, headers={"WWW-Authenticate": 'Basic realm="somewhere, over the rainbow"'})
    )
    registry = connect(fake, LOGIN)
    read(registry)
    read(registry)

    assert [asked.headers.get("Authorization") for asked in fake.asked] == [None, BASIC, BASIC]


def test_wrong_basic_login_is_denied_at_once(fake: FakeServer, connect: Connect, reporter: Silent) -> None:
    fake.answers(Answer(401, BASIC.encode(), {"WWW-Authenticate": 'Basic realm="r"'}))

    with pytest.raises(RegistryError, match="HTTP 401") as caught:
        read(connect(fake, LOGIN))
    assert caught.value.code == "registry.denied"
    assert "does not accept this login" in str(caught.value.hint)
    assert BASIC.removeprefix("Basic ") not in shown(caught.value, reporter)
    assert len(fake.asked) == 2


def test_missing_login_hints_at_how_to_give_one(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(401, headers={"WWW-Authenticate": 'Basic realm="r"'}))

    with pytest.raises(RegistryError) as caught:
        read(connect(fake))
    assert f"docker login {fake.address}" in str(caught.value.hint)
    assert len(fake.asked) == 1


def test_bearer_is_preferred_where_both_are_offered(fake: FakeServer, connect: Connect) -> None:
    script = TokenRegistry(fake.url)
    script.challenge = f'Basic realm="a, b", {script.challenge}'
    fake.script = script
    read(connect(fake, LOGIN))

    assert [asked.headers.get("Authorization") for asked in fake.asked if asked.path != "/token"] == [
        None,
        "Bearer token-secret-1",
    ]


def test_unknown_way_to_log_in_is_a_denial(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(401, headers={"WWW-Authenticate": "Negotiate"}))

    with pytest.raises(RegistryError) as caught:
        read(connect(fake, LOGIN))
    assert caught.value.code == "registry.denied"


def test_login_does_not_follow_a_redirect_to_another_host(
    fake: FakeServer, elsewhere: FakeServer, connect: Connect
) -> None:
    def script(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != BASIC:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        return Answer(307, headers={"Location": f"{elsewhere.url}/store/x"})

    fake.script = script
    elsewhere.answers(Answer(200, BLOB.content))

    assert b"".join(connect(fake, LOGIN).read_blob(BLOB.descriptor)) == BLOB.content
    assert "Authorization" not in elsewhere.asked[0].headers


def test_login_is_not_given_to_a_storage_that_asks(fake: FakeServer, elsewhere: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(307, headers={"Location": f"{elsewhere.url}/store/x"}))
    elsewhere.answers(Answer(401, headers={"WWW-Authenticate": 'Basic realm="give it to me"'}))

    with pytest.raises(RegistryError):
        b"".join(connect(fake, LOGIN).read_blob(BLOB.descriptor))
    assert len(elsewhere.asked) == 1


def test_login_is_not_sent_to_an_upload_location_elsewhere(
    fake: FakeServer, elsewhere: FakeServer, connect: Connect
) -> None:
    def script(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != BASIC:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        return Answer(202, headers={"Location": f"{elsewhere.url}/take"}) if asked.method == "POST" else Answer(404)

    fake.script = script
    elsewhere.answers(Answer(201))

    assert connect(fake, LOGIN).write_blob(BLOB.descriptor, lambda: [BLOB.content]) is True
    assert elsewhere.asked[0].body == BLOB.content
    assert "Authorization" not in elsewhere.asked[0].headers


def test_netrc_does_not_overrule_us(
    fake: FakeServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fake.answers(Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST}))
    read(connect(fake))

    assert "Authorization" not in fake.asked[0].headers


def test_login_over_plain_http_elsewhere_is_warned_of(fake: FakeServer, reporter: Silent) -> None:
    from pipeline.registries.oci import connect

    fake.script = lambda asked: (
        Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST})
        if "Authorization" in asked.headers
        else Answer(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
    )
    options = RegistryOptions("me", PASSWORD, plain_http=True, timeout=10)
    registry = connect(
        Repository("registry.test", "team/app"), options, {"HTTP_PROXY": f"http://{fake.address}"}, reporter
    )
    read(registry)
    read(registry)

    (warning,) = reporter.warnings
    assert "unencrypted" in warning


@pytest.mark.parametrize(
    "options",
    [
        RegistryOptions(username="me"),
        RegistryOptions(password=PASSWORD),
        RegistryOptions(key_file="k"),
        RegistryOptions(plain_http=True, cert_file="c"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: RegistryOptions) -> None:
    from pipeline.registries.oci import connect

    with pytest.raises(UsageError):
        connect(Repository("registry.test", "team/app"), options, {}, Silent())


def test_nothing_is_read_before_a_registry_asks_for_a_login(fake: FakeServer, connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("broken")
    fake.answers(Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST}))

    assert read(connect(fake, environment={"DOCKER_CONFIG": str(tmp_path)})) == MANIFEST.content
