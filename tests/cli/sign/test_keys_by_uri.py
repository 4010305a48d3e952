"""Wherever a key is named it may be a URI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.trust_options import KeyName
from pipeline.model.artifact.reference import PinnedReference
from tests.cli.sign.conftest import Gitless
from tests.platform.key_service import KeyService, key_service


@pytest.fixture(scope="module")
def service() -> Iterator[KeyService]:
    with key_service() as started:
        started.make_key(alias="release")
        yield started


@pytest.fixture
def uri(service: KeyService, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    return f"awskms://{service.address}/alias/release"


def test_signing_and_verifying_by_uri_and_by_the_fetched_key(
    gitless: Gitless, artifact: PinnedReference, uri: str, tmp_path: Path
) -> None:
    signed = gitless("sign", str(artifact), "--key", uri, "-o", "json")
    again = gitless("sign", str(artifact), "--key", uri, "-o", "json")
    fetched = gitless("keys", "convert", uri, "--to", "pem", "--output-file", "release.pub")

    assert (signed.code, signed.err) == (0, "")
    assert (signed.document["signed"], again.document["signed"]) == (True, False)
    assert fetched.code == 0
    for key in (uri, "release.pub"):
        assert gitless("verify", str(artifact), "--key", key).code == 0
    shown = gitless("keys", "show", uri, "-o", "json").document
    assert shown["fingerprint"] == signed.document["keyFingerprint"]
    assert (shown["private"], shown["publicKey"]) == (False, (tmp_path / "release.pub").read_text())


@pytest.mark.usefixtures("keys")
def test_a_key_by_uri_refuses_what_others_signed(gitless: Gitless, artifact: PinnedReference, uri: str) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")

    refused = gitless("verify", str(artifact), "--key", uri)

    assert refused.code == 4
    assert uri in refused.err


def test_variables_and_the_settings_file_take_uris(
    gitless: Gitless, artifact: PinnedReference, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"
        f"signing: {{key: '{uri}'}}\ntrust: {{keys: ['{uri}']}}\n"
        "sources: [{path: deploy}]\nartifact: {repository: 'oci-layout:published', tags: [v1]}\n"
        "targets: {only: {}}\n"
    )
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")

    ran = gitless("run", "--to", "sign")
    assert ran.code == 0, ran.err
    assert gitless("verify", "oci-layout:published:v1", "--trust-policy", "gitless.yaml").code == 0

    monkeypatch.setenv("GITLESS_SIGNING_KEY", uri)
    monkeypatch.setenv("GITLESS_KEY", uri)
    assert gitless("sign", str(artifact)).code == 0
    assert gitless("verify", str(artifact)).code == 0


def test_a_variable_separates_files_by_colons_and_uris_by_blanks() -> None:
    split = KeyName().split_envvar_value

    assert split("a.pub:b.pub") == ["a.pub", "b.pub"]
    assert split("awskms:///alias/a  b.pub") == ["awskms:///alias/a", "b.pub"]


@pytest.mark.usefixtures("keys")
def test_an_unknown_scheme_is_a_mistake_in_the_configuration(gitless: Gitless, artifact: PinnedReference) -> None:
    refused = gitless("sign", str(artifact), "--key", "gcpkms://projects/p")

    assert (refused.code, refused.out) == (2, "")
    assert "known here: awskms://" in refused.err
    assert "docs/plugins.md" in refused.err
