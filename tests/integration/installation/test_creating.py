"""``gitless create`` against a real API server, with a stand-in for the puller."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES, SECRETS
from pipeline.ports import ApiServer
from tests.flux_objects import source
from tests.integration.installation.conftest import Gitless, Kubectl
from tests.integration.installation.reconciler import Reconciler

pytestmark = pytest.mark.cluster

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
SOURCE = ("create", "source", "oci", "shop", "--url", "oci://registry.test/shop")


@pytest.fixture
def reconciler(served: ApiServer, namespace: str) -> Iterator[Reconciler]:
    started = Reconciler(served, namespace)
    yield started
    started.stop()


def test_a_source_and_a_kustomization_are_waited_for(
    gitless: Gitless, api: ApiServer, namespace: str, reconciler: Reconciler
) -> None:
    made = gitless(*SOURCE, "--tag", "production", "-n", namespace, "--label", "team=shop", "-o", "json")
    assert made.code == 0, made.err
    assert (made.document["action"], made.document["ready"]) == ("create", True)
    assert made.document["revision"] == reconciler.revision

    applied = gitless(
        "create", "ks", "shop", "--source", "OCIRepository/shop", "--prune", "-n", namespace, "-o", "json"
    )
    assert (applied.code, applied.document["revision"]) == (0, reconciler.revision)

    live = api.read(OCI_REPOSITORIES, namespace, "shop")
    assert live is not None
    assert live["metadata"]["labels"] == {"team": "shop"}
    assert live["spec"]["ref"] == {"tag": "production"}
    assert api.read(KUSTOMIZATIONS, namespace, "shop") is not None


def test_creating_again_replaces_what_was_asked_for_before_whoever_asked(
    gitless: Gitless, api: ApiServer, namespace: str, reconciler: Reconciler
) -> None:
    del reconciler
    before = source(namespace)
    before["spec"]["ref"] = {"semver": ">=1.0"}
    before["metadata"]["labels"] = {"made-by": "flux"}
    api.create(OCI_REPOSITORIES, before, manager="flux")

    changed = gitless(*SOURCE, "--tag", "two", "-n", namespace, "-o", "json")
    again = gitless(*SOURCE, "--tag", "two", "-n", namespace, "-o", "json")

    assert (changed.document["action"], again.document["action"]) == ("configure", "unchanged")
    live = api.read(OCI_REPOSITORIES, namespace, "shop")
    assert live is not None
    assert live["spec"]["ref"] == {"tag": "two"}
    assert live["metadata"]["labels"] == {"made-by": "flux"}


def test_what_can_never_be_ready_ends_at_once(gitless: Gitless, namespace: str, reconciler: Reconciler) -> None:
    reconciler.failing = "no such host"
    outcome = gitless(*SOURCE, "--tag", "one", "-n", namespace, "--timeout", "1m")
    assert outcome.code == 7
    assert "URLInvalid: no such host" in outcome.err


def test_without_a_puller_it_says_that_nobody_looked(gitless: Gitless, served: ApiServer, namespace: str) -> None:
    del served
    outcome = gitless(*SOURCE, "--tag", "one", "-n", namespace, "--timeout", "1s")
    assert outcome.code == 7
    assert "gitless check" in outcome.err


EXPORTED = [
    ("source", *SOURCE[2:], "--tag-semver", ">=1.0", "--secret-ref", "login", "--cert-ref", "tls",
     "--proxy-secret-ref", "proxy", "--verify-provider", "cosign", "--verify-secret-ref", "keys", "--ignore-paths",
     "*.png,docs/", "--insecure", "--layer-selector", "application/x:copy", "--interval", "1h", "--fetch-timeout",
     "2h", "--service-account", "puller", "--label", "a=b,c=d"),
    ("source", *SOURCE[2:], "--digest", "sha256:" + "a" * 64, "--verify-provider", "cosign", "--verify-issuer", "^x$",
     "--verify-subject", "^y$"),
    ("kustomization", "shop", "--source", "ocirepository/shop.flux-system", "--path", "./deploy", "--prune",
     "--health-check", "Deployment/web.shop,HelmRelease/db.shop", "--depends-on", "infra/cert-manager",
     "--service-account", "deployer", "--decryption-provider", "sops", "--decryption-secret", "age",
     "--target-namespace", "shop", "--kubeconfig-secret-ref", "remote", "--retry-interval", "30s"),
    ("kustomization", "shop", "--source", "GitRepository/shop", "--wait", "--health-check-timeout", "90m"),
    ("secret", "oci", "login", "--url", "registry.test", "-u", "me", "--password-stdin"),
    ("secret", "tls", "ca", "--ca-crt-file", "CA"),
    ("secret", "tls", "client", "--ca-crt-file", "CA", "--tls-crt-file", "CA", "--tls-key-file", "CA"),
    ("secret", "proxy", "egress", "--address", "http://proxy.test:3128", "-u", "me", "--password-stdin"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", EXPORTED, ids=lambda arguments: " ".join(arguments[:3]))
def test_the_server_takes_what_is_exported(
    gitless: Gitless, kubectl: Kubectl, served: ApiServer, namespace: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    del served
    authority = tmp_path / "ca.crt"
    authority.write_text(CERTIFICATE)
    line = [str(authority) if argument == "CA" else argument for argument in arguments]

    exported = gitless("create", *line, "-n", namespace, "--export", stdin="hunter2\n")

    assert exported.code == 0, exported.err
    kubectl("create", "--dry-run=server", "-f", "-", stdin=exported.out)
    assert "hunter2" not in exported.out + exported.err


def test_a_secret_is_written_and_its_password_is_told_to_nobody_else(
    gitless: Gitless, api: ApiServer, namespace: str
) -> None:
    line = ("create", "secret", "oci", "login", "--url", "registry.test", "-u", "me", "--password-stdin")

    made = gitless(*line, "-n", namespace, "-o", "json", "-v", stdin="hunter2\n")
    again = gitless(*line, "-n", namespace, "-o", "json", stdin="hunter2\n")

    assert made.code == 0, made.err
    assert "hunter2" not in made.out + made.err
    assert again.document["action"] == "unchanged"
    live = api.read(SECRETS, namespace, "login")
    assert live is not None
    assert live["type"] == "kubernetes.io/dockerconfigjson"
    config = json.loads(base64.b64decode(live["data"][".dockerconfigjson"]))
    assert config["auths"]["registry.test"]["password"] == "hunter2"

    proxy = ("create", "secret", "proxy", "login", "--address", "http://proxy.test:3128", "-n", namespace)
    refused = gitless(*proxy)
    assert refused.code == 2
    assert "kubernetes.io/dockerconfigjson" in refused.err
