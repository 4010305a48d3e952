from __future__ import annotations

import pytest

from pipeline.model.artifact.reference import PinnedReference
from tests.cli.sign.conftest import Gitless

pytestmark = pytest.mark.usefixtures("keys")


def test_a_signed_artifact_verifies_by_tag_and_names_the_signer(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")

    done = gitless("verify", "oci-layout:out:v1", "--key", "theirs.pub", "--key", "ours.pub")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Verified {artifact}\n  from https://git.test/shop at v1@sha1:0\n")
    assert "signed by ours.pub (SHA256:" in done.out


def test_the_json_document_lists_what_was_accepted_and_what_not(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "theirs.key")
    gitless("sign", str(artifact), "--key", "ours.key")

    document = gitless("verify", str(artifact), "--key", "ours.pub", "-o", "json").document

    assert document["kind"] == "VerifyArtifactResult"
    assert document["verified"] is True
    assert (len(document["signatures"]), len(document["notAccepted"])) == (1, 1)


def test_an_unsigned_artifact_is_not_trusted(gitless: Gitless, artifact: PinnedReference) -> None:
    refused = gitless("verify", str(artifact), "--key", "ours.pub")

    assert (refused.code, refused.out) == (4, "")
    assert "is not signed" in refused.err


def test_a_foreign_signature_is_not_trusted(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "theirs.key")

    refused = gitless("verify", str(artifact), "--key", "ours.pub")

    assert refused.code == 4
    assert "has no signature by ours.pub" in refused.err


def test_trusting_nobody_accepts_nothing(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")

    refused = gitless("verify", str(artifact))

    assert refused.code == 4
    assert "--key cosign.pub" in refused.err


def test_keys_may_come_from_the_environment(
    gitless: Gitless, artifact: PinnedReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")
    monkeypatch.setenv("GITLESS_KEY", "theirs.pub:ours.pub")

    assert gitless("verify", str(artifact)).code == 0


def test_verification_of_an_artifact_cannot_be_skipped(gitless: Gitless, artifact: PinnedReference) -> None:
    refused = gitless("verify", str(artifact), "--insecure-skip-verification")

    assert refused.code == 2


def test_keys_and_skipping_contradict_each_other(gitless: Gitless, artifact: PinnedReference) -> None:
    refused = gitless("verify", str(artifact), "--insecure-skip-verification", "--key", "ours.pub")

    assert refused.code == 2
    assert "contradict" in refused.err


@pytest.mark.parametrize("file", ["ours.key", "missing.pub"])
def test_a_key_that_cannot_be_trusted_is_a_configuration_error(
    gitless: Gitless, artifact: PinnedReference, file: str
) -> None:
    refused = gitless("verify", str(artifact), "--key", file)

    assert refused.code == 2
    assert file in refused.err


def test_something_that_is_no_reference_is_a_usage_error(gitless: Gitless) -> None:
    assert gitless("verify", "./folder", "--key", "ours.pub").code == 2
