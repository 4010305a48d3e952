from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.model.artifact.reference import PinnedReference
from tests.cli.sign.conftest import Gitless

SETTINGS = """\
# released by CI
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop   # the name

signing:
  key: ours.key   # secret
trust:
  # who may release
  keys:
    - theirs.pub
    - ours.pub    # since 2025

artifact:
  repository: oci-layout:out
"""
POLICY = """\
apiVersion: gitless.dev/v1
kind: TrustPolicy
spec:
  rules:
    - {name: all, artifacts: ["**"], require: {signature: {keys: [../ours.pub, ../theirs.pub]}}}
"""


@pytest.fixture(autouse=True)
def settings(keys: None, gitless: Gitless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "correct horse")
    (tmp_path / "gitless.yaml").write_text(SETTINGS)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "trust.yaml").write_text(POLICY)


def test_the_overlap_accepts_both_and_signs_with_the_new_one(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "gitless.yaml").chmod(0o640)

    done = gitless("keys", "rotate", "-o", "json")

    assert done.code == 0, done.err
    assert (tmp_path / "gitless.yaml").read_text() == SETTINGS.replace("ours.key ", "ours-2.key ").replace(
        "    - ours.pub    # since 2025\n", "    - ours.pub    # since 2025\n    - ours-2.pub\n"
    )
    assert (tmp_path / "gitless.yaml").stat().st_mode & 0o777 == 0o640
    shown = gitless("keys", "show", "ours-2.key", "-o", "json").document
    assert done.document["newKey"]["fingerprint"] == shown["fingerprint"]
    assert done.document["oldKey"]["publicKeyFile"] == "ours.pub"
    assert done.document["step"] == "overlap"


def test_what_is_signed_by_either_key_passes_during_the_overlap(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")
    gitless("keys", "rotate")

    assert gitless("verify", "oci-layout:out:v1", "--trust-policy", "gitless.yaml").code == 0
    gitless("sign", str(artifact), "--key", "ours-2.key")
    assert gitless("verify", "oci-layout:out:v1", "--trust-policy", "gitless.yaml").code == 0


def test_the_old_key_stays_while_something_is_signed_by_it_alone(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")
    gitless("keys", "rotate")
    before = (tmp_path / "gitless.yaml").read_text()

    refused = gitless("keys", "rotate", "--finish", "--old-key", "ours.pub", "--check", "oci-layout:out:v1")

    assert refused.code == 9
    assert "the old key must stay" in refused.err
    assert (tmp_path / "gitless.yaml").read_text() == before

    gitless("sign", str(artifact), "--key", "ours-2.key")
    done = gitless(
        "keys", "rotate", "--finish", "--old-key", "ours.pub", "--check", "oci-layout:out:v1", "-o", "json"
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.document["checked"] == [f"oci-layout:out@{artifact.digest}"]
    assert "ours.pub" not in (tmp_path / "gitless.yaml").read_text()
    assert (tmp_path / "ours.key").exists()


def test_what_cannot_be_reached_is_not_passed_over(gitless: Gitless, tmp_path: Path) -> None:
    gitless("keys", "rotate")

    refused = gitless("keys", "rotate", "--finish", "--old-key", "ours.pub", "--check", "oci-layout:nowhere:v1")

    assert refused.code == 5
    assert "ours.pub" in (tmp_path / "gitless.yaml").read_text()


def test_a_policy_document_changes_with_the_settings(gitless: Gitless, tmp_path: Path) -> None:
    document = tmp_path / "policies" / "trust.yaml"

    assert gitless("keys", "rotate", "--trust-policy", "policies/trust.yaml").code == 0
    assert document.read_text() == POLICY.replace("../ours.pub,", "../ours.pub, ../ours-2.pub,")

    done = gitless("keys", "rotate", "--finish", "--trust-policy", "policies/trust.yaml", "--old-key", "ours.pub")
    assert done.code == 0
    assert "nothing was asked whether it still needs the old key" in done.err
    assert document.read_text() == POLICY.replace("../ours.pub,", "../ours-2.pub,")


def test_a_dry_run_writes_nothing(gitless: Gitless, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}

    done = gitless("keys", "rotate", "--dry-run")

    assert "would be changed" in done.out
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_the_next_free_number_is_taken(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "ours-2.pub").write_text("precious")

    gitless("keys", "rotate")

    assert (tmp_path / "ours-2.pub").read_text() == "precious"
    assert (tmp_path / "ours-3.key").exists()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("signing:\n  key: ours.key   # secret\n", "", "no 'signing.key'"),
        ("key: ours.key", "key: awskms:///alias/a", "whose keys gitless does not make"),
        ("    - ours.pub    # since 2025\n", "", "no list named 'keys' names the old key"),
    ],
)
def test_where_there_is_nothing_to_rotate_nothing_is_made(
    gitless: Gitless, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    (tmp_path / "gitless.yaml").write_text(SETTINGS.replace(old, new))

    refused = gitless("keys", "rotate")

    assert (refused.code, refused.out) == (2, "")
    assert reason in refused.err
    assert not (tmp_path / "ours-2.key").exists()


def test_when_the_file_cannot_be_written_no_key_is_left(
    gitless: Gitless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    refused = gitless("keys", "rotate")

    assert refused.code == 2
    assert "No space left" in refused.err
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "gitless.yaml", "ours.key", "ours.pub", "policies", "theirs.key", "theirs.pub",
    ]  # fmt: skip


def test_it_must_be_clear_which_key_is_the_old_one(gitless: Gitless) -> None:
    gitless("keys", "rotate")

    refused = gitless("keys", "rotate", "--finish")
    current = gitless("keys", "rotate", "--finish", "--old-key", "ours-2.pub")

    assert "it is not clear which one is the old one" in refused.err
    assert "belongs to what 'signing.key' signs with" in current.err


def test_the_old_key_does_not_go_where_the_new_one_is_not(gitless: Gitless, tmp_path: Path) -> None:
    gitless("keys", "rotate")

    refused = gitless("keys", "rotate", "--finish", "--old-key", "ours.pub", "--trust-policy", "policies/trust.yaml")

    assert refused.code == 2
    assert "stands there without the new key" in refused.err
    assert "ours.pub" in (tmp_path / "gitless.yaml").read_text()


def test_options_that_do_not_go_together_are_refused(gitless: Gitless) -> None:
    assert gitless("keys", "rotate", "--check", "oci-layout:out:v1").code == 2
    assert gitless("keys", "rotate", "--finish", "--output-key-prefix", "x").code == 2
    assert gitless("keys", "rotate", "--output-key-prefix", "keys/").code == 2
