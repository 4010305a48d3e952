"""What needs no cluster: exports, and command lines that make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.installation.conftest import Gitless

SOURCE = ("create", "source", "oci", "shop", "--url", "oci://registry.test/shop")


def documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def test_an_installation_is_exported_as_yaml_and_nothing_else(gitless: Gitless) -> None:
    outcome = gitless("install", "-n", "apps", "--export", "--cache-max-size", "2Gi", "--toleration-keys", "dedicated")

    assert (outcome.code, outcome.err) == (0, "")
    found = {document["kind"]: document for document in documents(outcome.out)}
    assert found["Deployment"]["metadata"]["namespace"] == "apps"
    pod = found["Deployment"]["spec"]["template"]["spec"]
    assert "--cache-max-size=2Gi" in pod["containers"][0]["args"]
    assert pod["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]


def test_the_same_options_export_the_same_bytes(gitless: Gitless) -> None:
    assert gitless("install", "--export").out == gitless("install", "--export").out


def test_a_bootstrap_is_exported_with_the_keys_it_verifies_by(
    gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    assert gitless("keys", "generate").code == 0

    outcome = gitless("bootstrap", "oci://registry.test/fleet:production", "--key", "cosign.pub", "--export")

    assert outcome.code == 0, outcome.err
    last = documents(outcome.out)[-3:]
    assert [document["kind"] for document in last] == ["Secret", "OCIRepository", "Kustomization"]
    assert {document["metadata"]["namespace"] for document in last} == {"flux-system"}
    assert last[1]["spec"]["verify"] == {"provider": "cosign", "secretRef": {"name": "flux-system-cosign"}}


def test_a_private_key_is_not_taken_for_a_public_one(gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    gitless("keys", "generate")
    for line in (
        ("create", "secret", "cosign", "keys", "--key", "cosign.key", "--export"),
        ("bootstrap", "oci://registry.test/fleet:production", "--key", "cosign.key", "--export"),
    ):
        outcome = gitless(*line)
        assert (outcome.code, outcome.out) == (2, "")
        assert "is a private key" in outcome.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (SOURCE, "nothing says which artifact to follow"),
        ((*SOURCE, "--tag", "1", "--label", "x"), "is not a label"),
        ((*SOURCE, "--tag", "1", "--interval", "soon"), "is not a duration"),
        ((*SOURCE, "--tag", "1", "--provider", "oracle"), "oracle"),
        (("create", "source", "oci", "Shop", *SOURCE[4:], "--tag", "1"), "cannot name an object"),
        (("create", "source", "git", "shop"), "No such command 'git'"),
        (("create", "ks", "shop"), "--source"),
        (("create", "ks", "shop", "--source", "shop"), "expected KIND/NAME"),
        (("create", "secret", "oci", "login", "--url", "ghcr.io", "-u", "me"), "--password-stdin"),
        (("create", "secret", "oci", "login", "--url", "ghcr.io", "-u", "me", "-p", "hunter2"), "No such option"),
        (("create", "secret", "tls", "certs"), "there is nothing to keep"),
        (("create", "secret", "proxy", "p", "--address", "proxy.test"), "expected http://HOST:PORT"),
        (("create", "secret", "proxy", "p", "--address", "http://proxy.test", "-u", "me"), "go together"),
        (("install", "--export", "--cache-max-size", "much"), "is not a size"),
        (("install", "--export", "-n", "Apps"), "cannot name a namespace"),
        (("install", "--export", "--trust-policy", ""), "--trust-policy is empty"),
        (("install", "--export", "--trust-policy", "a/b/c"), "names no ConfigMap"),
        (("install", "--export", "--trust-policy", "a/b", "--no-watch-all-namespaces"), "out of reach"),
        ((*SOURCE, "--tag", "1", "--verify-provider", "cosign", "--verify-issuer", "x"), "go together"),
        ((*SOURCE, "--tag", "1", "--verify-secret-ref", "keys"), "add --verify-provider"),
        (("uninstall",), "--silent"),
        (("bootstrap", "oci-layout:out:v1", "--export"), "no cluster can pull from"),
        (("bootstrap", "oci://registry.test/fleet", "--export"), "has no tag"),
    ],
)  # fmt: skip
def test_command_lines_that_make_no_sense_are_refused_before_a_cluster_is_asked(
    gitless: Gitless, line: tuple[str, ...], message: str
) -> None:
    outcome = gitless(*line)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_an_empty_password_is_refused(gitless: Gitless) -> None:
    line = ("create", "secret", "oci", "login", "--url", "ghcr.io", "-u", "me", "--password-stdin", "--export")
    outcome = gitless(*line, stdin="\n")
    assert outcome.code == 2
    assert "the password is empty" in outcome.err


def test_exported_certificates_come_from_files(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n")
    outcome = gitless("create", "secret", "tls", "certs", "--ca-crt-file", "ca.crt", "--label", "a=b", "--export")
    (secret,) = documents(outcome.out)
    assert secret["metadata"] == {"name": "certs", "namespace": "flux-system", "labels": {"a": "b"}}
    assert list(secret["data"]) == ["ca.crt"]


def test_a_source_says_whom_it_believes(gitless: Gitless) -> None:
    keyless = ("--verify-issuer", "^https://issuer.test$", "--verify-subject", "^https://github.com/acme/")
    outcome = gitless(*SOURCE, "--tag", "1", "--verify-provider", "cosign", *keyless, "--export")
    (by_identity,) = documents(outcome.out)
    assert by_identity["spec"]["verify"] == {
        "provider": "cosign",
        "matchOIDCIdentity": [{"issuer": "^https://issuer.test$", "subject": "^https://github.com/acme/"}],
    }
    outcome = gitless(*SOURCE, "--tag", "1", "--verify-provider=notation", "--verify-secret-ref=trust", "--export")
    (by_secret,) = documents(outcome.out)
    assert by_secret["spec"]["verify"] == {"provider": "notation", "secretRef": {"name": "trust"}}


def test_an_exported_notation_secret_comes_from_files(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "acme.crt").write_text("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n")
    (tmp_path / "policy.json").write_text('{"version": "1.0", "trustPolicies": []}')
    files = ("--trust-policy-file", "policy.json", "--ca-cert-file", "acme.crt")
    outcome = gitless("create", "secret", "notation", "trust", *files, "--export")
    (secret,) = documents(outcome.out)
    assert sorted(secret["data"]) == ["acme.crt", "trustpolicy.json"]


@pytest.mark.parametrize(
    "command",
    ["create source", "create source oci", "create kustomization", "create secret", "create secret oci",
     "create secret tls", "create secret proxy", "create secret cosign", "create secret notation"],
)  # fmt: skip
def test_every_help_below_create_has_an_example(gitless: Gitless, command: str) -> None:
    outcome = gitless(*command.split(), "--help")
    assert outcome.code == 0
    assert f"\n  gitless {command}" in outcome.out
