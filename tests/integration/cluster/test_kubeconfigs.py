"""Which cluster is talked to, as whom, and what is said where that does not work."""

from __future__ import annotations

import base64
import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.clusters.kubernetes import pod_access
from pipeline.errors import ClusterError
from pipeline.model.manifests import ObjectId
from tests.integration.cluster.conftest import Document, Talk
from tests.platform.binaries import binary
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

Connect = Callable[..., Any]
Write = Callable[..., str]
_CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}


def _renamed(document: Document, name: str, namespace: str | None = None) -> Document:
    """The same cluster and user as another context under another name."""
    renamed = copy.deepcopy(document)
    for section in ("clusters", "users", "contexts"):
        renamed[section][0]["name"] = name
    renamed["contexts"][0]["context"] = {"cluster": name, "user": name} | (
        {"namespace": namespace} if namespace else {}
    )
    renamed["current-context"] = name
    return renamed


def _refused(connected: Connect, *arguments: object, **options: str) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        connected(*arguments, **options)
    return caught.value


def _with_user(document: Document, **user: object) -> Document:
    document["users"][0]["user"] = user
    return document


def test_the_contexts_namespace_is_the_default(admin: Document, write: Write, connected: Connect) -> None:
    file = write(_renamed(admin, "shop", "storefront"))

    assert connected(kubeconfig=file).default_namespace == "storefront"
    assert connected(kubeconfig=file, namespace="other").default_namespace == "other"
    assert connected(kubeconfig=write(_renamed(admin, "shop"))).default_namespace == "default"


def test_a_context_is_chosen_by_name(admin: Document, write: Write, connected: Connect) -> None:
    both = _renamed(admin, "first")
    for section in ("clusters", "users", "contexts"):
        both[section] += _renamed(admin, "second", "two")[section]
    file = write(both)

    assert connected(kubeconfig=file).context == "first"
    assert connected(kubeconfig=file, context="second").context == "second"
    assert connected(kubeconfig=file, context="second").default_namespace == "two"


def test_the_first_of_several_files_decides_on_the_context(
    admin: Document, write: Write, connected: Connect, tmp_path: Path
) -> None:
    first, second = write(_renamed(admin, "first"), "1"), write(_renamed(admin, "second"), "2")
    files = f"{tmp_path / 'absent'}:{first}:{second}"

    assert connected({"KUBECONFIG": files}).context == "first"
    assert connected({"KUBECONFIG": files}, context="second").context == "second"
    assert connected({"KUBECONFIG": second}, kubeconfig=first).context == "first"


def test_without_a_name_the_home_folders_kubeconfig_is_used(
    admin: Document, write: Write, connected: Connect, tmp_path: Path
) -> None:
    write(_renamed(admin, "at-home"), ".kube/config")

    assert connected({"HOME": str(tmp_path)}).context == "at-home"


def test_certificates_may_be_files_beside_the_kubeconfig(
    admin: Document, write: Write, connected: Connect, tmp_path: Path
) -> None:
    user = admin["users"][0]["user"]
    for key in ("client-certificate", "client-key"):
        (tmp_path / f"{key}.pem").write_bytes(base64.b64decode(user[f"{key}-data"]))

    file = write(_with_user(admin, **{key: f"{key}.pem" for key in ("client-certificate", "client-key")}))

    assert connected(kubeconfig=file).list_inventories() is not None


def _plug_in(script: str) -> Document:
    command = {"command": sys.executable, "args": ["-c", script], "interactiveMode": "Never"}
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", **command}}


def test_an_exec_plug_in_provides_credentials(admin: Document, write: Write, connected: Connect) -> None:
    user = admin["users"][0]["user"]
    status = {
        "clientCertificateData": base64.b64decode(user["client-certificate-data"]).decode(),
        "clientKeyData": base64.b64decode(user["client-key-data"]).decode(),
    }
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    script = f"import json; print(json.dumps({credential!r}))"

    assert connected(kubeconfig=write(_with_user(admin, **_plug_in(script)))).list_inventories() is not None


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("import sys; sys.exit('please log in')", "please log in"),
        ("print('no json')", "failed to decode"),
        ("print('{}')", "malformed response"),
    ],
)
def test_a_failing_exec_plug_in_is_told(
    script: str, told: str, admin: Document, write: Write, connected: Connect, capfd: pytest.CaptureFixture[str]
) -> None:
    error = _refused(connected, kubeconfig=write(_with_user(admin, **_plug_in(script))))

    assert told in error.message
    assert capfd.readouterr().err == ""


def test_a_token_that_is_not_accepted_is_not_shown(admin: Document, write: Write, connected: Connect) -> None:
    error = _refused(connected, kubeconfig=write(_with_user(admin, token="very-secret-token")))

    assert error.code == "cluster.unauthorized"
    assert "very-secret-token" not in f"{error.message} {error.hint}"


def test_token_files_may_end_with_a_line_break(
    admin: Document, write: Write, connected: Connect, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("very-secret-token\n")

    assert _refused(connected, kubeconfig=write(_with_user(admin, tokenFile="token"))).code == "cluster.unauthorized"


def test_impersonation_is_honoured(admin: Document, write: Write, connected: Connect) -> None:
    user = admin["users"][0]["user"]
    cluster = connected(kubeconfig=write(_with_user(admin, **user, **{"as": "nobody-special"})))

    with pytest.raises(ClusterError, match="nobody-special may not patch configmaps in namespace default"):
        cluster.apply(_CONFIG_MAP)


def test_impersonation_that_cannot_be_honoured_is_refused(admin: Document, write: Write, connected: Connect) -> None:
    user = admin["users"][0]["user"]
    file = write(_with_user(admin, **user, **{"as": "somebody", "as-groups": ["few-rights"]}))

    assert "as-groups" in _refused(connected, kubeconfig=file).message


def test_a_user_without_rights_is_told_so(control_plane: Cluster, connected: Connect) -> None:
    cluster = connected(kubeconfig=str(control_plane.user("carol")))

    with pytest.raises(ClusterError, match="carol may not patch configmaps in namespace default") as caught:
        cluster.apply(_CONFIG_MAP)
    assert caught.value.code == "cluster.denied"
    assert cluster.events(ObjectId("", "Pod", "default", "a"), "some-uid") == ()
    with pytest.raises(ClusterError, match="carol may not list configmaps in namespace default"):
        cluster.list_inventories()


def test_missing_files_are_named(connected: Connect, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent")

    assert absent in _refused(connected, kubeconfig=absent).message
    assert absent in _refused(connected, {"KUBECONFIG": absent}).message
    assert "no cluster is configured" in _refused(connected, {"HOME": str(tmp_path)}).message


def test_an_unknown_context_lists_those_there_are(admin: Document, write: Write, connected: Connect) -> None:
    error = _refused(connected, kubeconfig=write(_renamed(admin, "shop")), context="prod")

    assert "'prod'" in error.message
    assert error.hint == "there are: shop"


def test_no_current_context_lists_those_there_are(admin: Document, write: Write, connected: Connect) -> None:
    document = _renamed(admin, "shop")
    del document["current-context"]

    error = _refused(connected, kubeconfig=write(document))

    assert "no current context" in error.message
    assert "shop" in (error.hint or "")


@pytest.mark.parametrize("content", ["", "text", "[1]", "a: [b\nc: d", "contexts: [1]", "contexts: 7", "\x00"])
def test_a_damaged_kubeconfig_is_one_message(content: str, write: Write, connected: Connect) -> None:
    file = write(content)

    error = _refused(connected, kubeconfig=file)

    assert file in error.message
    assert error.code == "cluster.configuration"


@pytest.mark.parametrize(
    "user",
    [
        {"client-certificate-data": "!!!", "client-key-data": "!!!"},
        {"client-certificate-data": "AAAA", "client-key-data": "AAAA"},
        {"client-certificate": "/absent", "client-key": "/absent"},
        {"tokenFile": "/absent"},
        {"auth-provider": {"name": "oidc", "config": {}}, "exec": {}},
    ],
)
def test_damaged_credentials_are_one_message(user: Document, admin: Document, write: Write, connected: Connect) -> None:
    assert _refused(connected, kubeconfig=write(_with_user(admin, **user))).code.startswith("cluster.")


def _at(admin: Document, **cluster: object) -> Document:
    admin["clusters"][0]["cluster"] |= cluster
    return admin


def test_a_cluster_that_is_not_there_is_named(admin: Document, write: Write, connected: Connect) -> None:
    error = _refused(connected, kubeconfig=write(_at(admin, server="https://127.0.0.1:9")))

    assert error.code == "cluster.unreachable"
    assert "https://127.0.0.1:9" in error.message
    assert "refused" in error.message


def test_a_foreign_certificate_is_refused(admin: Document, write: Write, connected: Connect) -> None:
    error = _refused(connected, kubeconfig=write(_at(admin, **{"tls-server-name": "other.example"})))

    assert error.code == "cluster.unreachable"
    assert "TLS" in error.message


def test_skipping_verification_is_warned_about(admin: Document, write: Write, connected: Connect, talk: Talk) -> None:
    admin["clusters"][0]["cluster"].pop("certificate-authority-data")

    connected(kubeconfig=write(_at(admin, **{"insecure-skip-tls-verify": True})))

    assert ["does not verify" in warning for warning in talk.warnings] == [True]


def test_a_pods_service_account_needs_its_files(connected: Connect) -> None:
    error = _refused(connected, {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "9"})

    assert "the pod's service account cannot be used" in error.message


def test_a_pod_uses_its_service_account_and_namespace(
    admin: Document,
    control_plane: Cluster,
    namespace: str,
    connected: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kubectl = [str(binary("kubectl")), "--kubeconfig", str(control_plane.kubeconfig), "-n", namespace]
    subprocess.run([*kubectl, "create", "serviceaccount", "deployer"], check=True, capture_output=True)
    token = subprocess.run([*kubectl, "create", "token", "deployer"], check=True, capture_output=True).stdout
    server = admin["clusters"][0]["cluster"]
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "ca.crt").write_bytes(base64.b64decode(server["certificate-authority-data"]))
    (tmp_path / "namespace").write_text(namespace)
    monkeypatch.setattr(pod_access, "FOLDER", tmp_path)
    host, _, port = server["server"].removeprefix("https://").partition(":")

    cluster = connected({"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port})

    assert (cluster.context, cluster.default_namespace) == ("in-cluster", namespace)
    with pytest.raises(ClusterError, match=f"system:serviceaccount:{namespace}:deployer may not list configmaps"):
        cluster.list_inventories()
