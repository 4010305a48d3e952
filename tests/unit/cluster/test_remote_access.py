from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.clusters.kubernetes.remote_access import RemoteAccess
from pipeline.errors import ClusterError

_SECRET = "Secret shop/remote"
_TOKEN = "very-secret-token"


def _kubeconfig(
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
    current: object = "far",
    **top: object,
) -> bytes:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": "c", "cluster": {"server": "https://far.example:6443/", **(cluster or {})}}],
        "contexts": [{"name": "far", "context": {"cluster": "c", "user": "u", "namespace": "apps"}}],
        "users": [{"name": "u", "user": {"token": _TOKEN} if user is None else user}],
        **top,
    }
    return yaml.safe_dump(document).encode()


def _refused(content: bytes) -> str:
    with pytest.raises(ClusterError) as caught:
        RemoteAccess.from_text(content, _SECRET, {})
    assert caught.value.code == "cluster.configuration"
    assert _SECRET in caught.value.message
    assert _TOKEN not in caught.value.message + str(caught.value.hint)
    return caught.value.message


def test_everything_is_taken_from_the_text() -> None:
    access = RemoteAccess.from_text(_kubeconfig(), _SECRET, {})

    assert (access.context, access.namespace, access.server) == ("far", "apps", "https://far.example:6443")
    assert access.headers() == {"Authorization": f"Bearer {_TOKEN}"}
    assert not access.renew(access.headers())
    assert _TOKEN not in repr(access)


def test_whom_it_impersonates_is_kept() -> None:
    access = RemoteAccess.from_text(_kubeconfig(user={"token": _TOKEN, "as": "robot", "as-uid": "7"}), _SECRET, {})

    assert access.headers() == {
        "Authorization": f"Bearer {_TOKEN}",
        "Impersonate-User": "robot",
        "Impersonate-Uid": "7",
    }


def test_a_name_and_a_password_are_sent_as_such() -> None:
    access = RemoteAccess.from_text(_kubeconfig(user={"username": "me", "password": "pässword"}), _SECRET, {})

    assert access.headers() == {"Authorization": "Basic " + base64.b64encode("me:pässword".encode()).decode()}


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"exec": {"command": "/bin/sh", "apiVersion": "client.authentication.k8s.io/v1"}}, "'exec' runs a program"),
        ({"auth-provider": {"name": "gcp"}}, "'auth-provider' uses an authentication plug-in"),
        ({"tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token"}, "'tokenFile' reads a file"),
        ({"token": _TOKEN, "tokenFile": "/token"}, "'tokenFile' reads a file"),
        ({"client-certificate": "/a.crt", "client-key-data": "YQ=="}, "'client-certificate' reads a file"),
        ({"client-key": "/a.key", "client-certificate-data": "YQ=="}, "'client-key' reads a file"),
        ({"token": _TOKEN, "as": "a", "as-groups": ["system:masters"]}, "'as-groups' impersonates groups"),
        ({"token": _TOKEN, "as": "a", "as-user-extra": {"a": ["b"]}}, "'as-user-extra' impersonates"),
    ],
)
def test_nothing_is_run_and_no_file_is_read(user: dict[str, Any], says: str) -> None:
    assert says in _refused(_kubeconfig(user=user))


def test_no_authority_is_read_from_a_file() -> None:
    assert "'certificate-authority' reads a file" in _refused(_kubeconfig({"certificate-authority": "/etc/ssl/ca.crt"}))


def test_a_proxy_is_taken_from_the_text_or_the_environment() -> None:
    far = {"HTTPS_PROXY": "http://proxy.example:3128", "no_proxy": "localhost,.near.example"}

    def proxy(environment: dict[str, str], **cluster: str) -> str | None:
        pool = RemoteAccess.from_text(_kubeconfig({**cluster}), _SECRET, environment).pool
        return pool.proxy.host if pool.proxy is not None else None

    assert proxy({}) is None
    assert proxy(far) == "proxy.example"
    assert proxy(far, server="https://a.near.example") is None
    assert proxy(far, **{"proxy-url": "http://own.example:1"}) == "own.example"


def test_plug_ins_of_users_that_are_not_chosen_do_no_harm() -> None:
    users = [{"name": "other", "user": {"exec": {"command": "sh"}}}, {"name": "u", "user": {"token": _TOKEN}}]

    assert RemoteAccess.from_text(_kubeconfig(users=users), _SECRET, {}).headers()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "expected a mapping"),
        (b"[]", "expected a mapping"),
        (b"a: [very-secret-token", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        (b"!!python/object/apply:os.system ['true']", "not valid YAML"),
        (b"[" * 100_000, "not valid YAML"),
        (_kubeconfig(current=""), "no current-context"),
        (_kubeconfig(current=7), "no current-context"),
        (_kubeconfig(current="other"), "no context 'other'"),
        (_kubeconfig(clusters=None), "no cluster 'c'"),
        (_kubeconfig(users=[7]), "no user 'u'"),
        (_kubeconfig({"server": "far"}), "is no address"),
        (_kubeconfig({"server": None}), "no server"),
        (_kubeconfig({"certificate-authority-data": "not base64!"}), "not base64"),
        (_kubeconfig({"certificate-authority-data": "YWJj"}), "cannot be read"),
        (_kubeconfig({"certificate-authority-data": 7}), "no text"),
        (_kubeconfig({"proxy-url": "::::"}), "proxy-url"),
        (_kubeconfig({"proxy-url": "socks5://proxy:1080"}), "proxy-url"),
        (_kubeconfig(user={"client-certificate-data": "YWJj"}), "go together"),
        (_kubeconfig(user={"client-certificate-data": "YWJj", "client-key-data": "YWJj"}), "cannot be read"),
        (_kubeconfig(user={"token": "a\nb"}), "characters"),
        (_kubeconfig(user={"token": ["a"]}), "no text"),
    ],
)
def test_what_cannot_be_used_is_told(content: bytes, says: str) -> None:
    assert says in _refused(content)


def test_keys_do_not_stay_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    _refused(_kubeconfig(user={"client-certificate-data": "YWJj", "client-key-data": "YWJj"}))

    assert list(tmp_path.iterdir()) == []
