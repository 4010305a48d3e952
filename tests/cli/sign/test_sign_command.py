from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.model.artifact.reference import PinnedReference
from tests.cli.sign.conftest import Gitless


@pytest.mark.usefixtures("keys")
def test_signing_prints_the_result_on_stdout_and_nothing_else(gitless: Gitless, artifact: PinnedReference) -> None:
    done = gitless("sign", str(artifact), "--key", "ours.key", "-o", "json")

    assert (done.code, done.err) == (0, "")
    assert done.document["digestUrl"] == str(artifact)
    assert done.document["signed"] is True


@pytest.mark.usefixtures("keys")
def test_signing_twice_says_that_it_was_signed_already(gitless: Gitless, artifact: PinnedReference) -> None:
    first = gitless("sign", str(artifact), "--key", "ours.key")
    second = gitless("sign", str(artifact), "--key", "ours.key")

    assert first.out.startswith(f"Signed {artifact}\n")
    assert second.out == first.out.replace("Signed", "Already signed")


@pytest.mark.usefixtures("keys")
def test_a_tag_is_refused_with_the_digest_that_it_stands_for(gitless: Gitless, artifact: PinnedReference) -> None:
    refused = gitless("sign", "oci-layout:out:v1", "--key", "ours.key")

    assert (refused.code, refused.out) == (2, "")
    assert "a tag can move" in refused.err
    assert str(artifact) in refused.err


@pytest.mark.usefixtures("keys", "artifact")
@pytest.mark.parametrize("reference", ["oci-layout:out:missing", "oci-layout:nowhere:v1"])
def test_a_tag_that_does_not_exist_is_refused_as_a_tag(gitless: Gitless, reference: str) -> None:
    refused = gitless("sign", reference, "--key", "ours.key")

    assert refused.code == 2
    assert "has no digest" in refused.err


@pytest.mark.usefixtures("keys", "artifact")
def test_errors_are_json_where_that_is_asked_for(gitless: Gitless) -> None:
    refused = gitless("sign", "oci-layout:out:v1", "--key", "ours.key", "--log-format", "json")

    assert json.loads(refused.err)["code"] == "usage.digest-required"


@pytest.mark.usefixtures("keys")
def test_a_digest_that_does_not_exist_is_a_registry_error(gitless: Gitless, artifact: PinnedReference) -> None:
    missing = f"{artifact.repository}@sha256:{'0' * 64}"

    refused = gitless("sign", missing, "--key", "ours.key")

    assert refused.code == 5
    assert "does not exist, so it cannot be signed" in refused.err


def test_the_key_must_be_named(gitless: Gitless, artifact: PinnedReference) -> None:
    refused = gitless("sign", str(artifact))

    assert refused.code == 2
    assert "--key" in refused.err


@pytest.mark.usefixtures("keys")
def test_the_public_key_cannot_sign(gitless: Gitless, artifact: PinnedReference) -> None:
    refused = gitless("sign", str(artifact), "--key", "ours.pub")

    assert refused.code == 2
    assert "ours.pub is a public key" in refused.err


@pytest.mark.usefixtures("keys")
def test_the_key_may_come_from_the_environment(
    gitless: Gitless, artifact: PinnedReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_SIGNING_KEY", "ours.key")

    assert gitless("sign", str(artifact)).code == 0


@pytest.mark.usefixtures("keys")
def test_hiding_anothers_signature_is_a_guards_refusal_until_it_is_allowed(
    gitless: Gitless, artifact: PinnedReference
) -> None:
    gitless("sign", str(artifact), "--key", "theirs.key", "--format", "simple")

    refused = gitless("sign", str(artifact), "--key", "ours.key")
    allowed = gitless("sign", str(artifact), "--key", "ours.key", "--allow-shadowing")

    assert refused.code == 9
    assert "--allow-shadowing" in refused.err
    assert allowed.code == 0


@pytest.mark.usefixtures("keys")
def test_an_encrypted_key_takes_its_password_from_file_variable_or_fails(
    gitless: Gitless, artifact: PinnedReference, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password.txt").write_bytes(b"correct horse\r\n")
    made = gitless("keys", "generate", "--password-file", "password.txt")

    nobody = gitless("sign", str(artifact), "--key", "cosign.key")
    by_file = gitless("sign", str(artifact), "--key", "cosign.key", "--password-file", "password.txt")
    monkeypatch.setenv("COSIGN_PASSWORD", "correct horse")
    by_variable = gitless("sign", str(artifact), "--key", "cosign.key", "--format", "simple")
    monkeypatch.setenv("COSIGN_PASSWORD", "wrong hunter2")
    wrong = gitless("sign", str(artifact), "--key", "cosign.key")
    missing = gitless("sign", str(artifact), "--key", "cosign.key", "--password-file", "no.txt")

    assert (made.code, made.err) == (0, "")
    assert (nobody.code, "COSIGN_PASSWORD" in nobody.err) == (2, True)
    assert (by_file.code, by_variable.code) == (0, 0)
    assert (wrong.code, "password is wrong" in wrong.err, "hunter2" in wrong.err) == (2, True, False)
    assert (missing.code, "no.txt" in missing.err) == (2, True)


@pytest.mark.parametrize("arguments", [["sign", "--help"], ["keys", "--help"], ["verify", "--help"]])
def test_help_shows_examples_and_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from pipeline.cli import application, boundary\n"
        f"code = boundary.run_guarded(application, {arguments!r})\n"
        "heavy = {'cryptography', 'nacl', 'yaml', 'requests', 'oras'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else code)\n"
    )

    shown = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"  gitless {arguments[0]} " in shown.stdout
