"""``gitless trust check``: an empty machine, a policy by options, a policy in gitless.yaml."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.unit.sign.support import private_key, public_pem

Gitless = Callable[..., Outcome]
DOORS = ["verify", "pull", "copy", "apply"]
SETTINGS = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gitless:
    """In a folder of its own, with a kubeconfig that leads nowhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "cosign.pub").write_text(public_pem(private_key("ours")))

    def run(*arguments: str) -> Outcome:
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        assert list((tmp_path / "temporary").iterdir()) == []
        return Outcome(code, captured.out, captured.err)

    return run


def outcomes(document: dict[str, Any]) -> dict[str, list[str]]:
    """Of the unsigned artifact and the wrongly signed one, by door."""
    found: dict[str, list[str]] = {}
    for trial in document["trials"]:
        found.setdefault(trial["door"], []).append(trial["outcome"])
    return found


def test_with_a_policy_every_door_refuses_both_artifacts(gitless: Gitless) -> None:
    outcome = gitless("trust", "check", "--key", "cosign.pub", "-o", "json")

    assert outcome.code == 0, outcome
    assert outcomes(outcome.document) == {key: ["refused", "refused"] for key in DOORS}
    assert outcome.document["enforced"] is True
    assert outcome.document["left"] == []
    assert {trial["code"] for trial in outcome.document["trials"]} == {"trust.unsigned", "trust.not-accepted"}


def test_without_any_policy_the_open_doors_are_named(gitless: Gitless) -> None:
    outcome = gitless("trust", "check")

    assert outcome.code == 7
    assert "ACCEPTED by pull, copy" in outcome.out
    assert "refused by verify, apply" in outcome.out
    assert "trust is not enforced" in outcome.err
    assert "pull, copy" in outcome.err


def test_the_settings_files_policy_counts_and_run_is_tried_with_it(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "gitless.yaml").write_text(SETTINGS + "trust: {keys: [cosign.pub]}\n")

    outcome = gitless("trust", "check", "-o", "json")

    assert outcome.code == 0, outcome
    assert outcomes(outcome.document) == {key: ["refused", "refused"] for key in [*DOORS, "run"]}
    assert outcome.document["policy"] == "gitless.yaml"
    assert "--trust-policy" in outcome.document["notes"][0]


def test_a_settings_file_that_trusts_nobody_lets_nothing_in(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "gitless.yaml").write_text(SETTINGS)

    outcome = gitless("trust", "check", "-o", "json")

    assert outcome.code == 0, outcome
    assert {trial["code"] for trial in outcome.document["trials"]} == {"trust.no-keys"}


def test_artifacts_in_a_repository_of_ones_own_are_told_where_they_stay(gitless: Gitless) -> None:
    outcome = gitless("trust", "check", "--key", "cosign.pub", "--repository", "oci-layout:mine", "-o", "json")

    assert outcome.code == 0, outcome
    assert len(outcome.document["left"]) == 3
    assert all(url.startswith("oci-layout:mine@sha256:") for url in outcome.document["left"])


def test_the_refusals_of_the_table_are_those_of_the_commands(gitless: Gitless, tmp_path: Path) -> None:
    checked = gitless("trust", "check", "--key", "cosign.pub", "--repository", "oci-layout:mine", "-o", "json")
    commands = {
        "verify": ("verify",),
        "pull": ("pull", "@", "pulled"),
        "copy": ("copy", "@", "oci-layout:copied:v1"),
        "apply": ("apply",),
    }

    for trial in checked.document["trials"]:
        name, *rest = commands[trial["door"]]
        words = [trial["digestUrl"] if word == "@" else word for word in rest] or [trial["digestUrl"]]
        outcome = gitless(name, *words, "--key", "cosign.pub")
        assert outcome.code == 4, outcome
        assert trial["message"] in outcome.err

    assert not (tmp_path / "pulled").exists()
    assert not (tmp_path / "copied").exists()


def test_a_registry_that_cannot_be_written_proves_nothing(gitless: Gitless) -> None:
    outcome = gitless("trust", "check", "--key", "cosign.pub", "--repository", "oci://127.0.0.1:1/shop")

    assert outcome.code == 5
    assert outcome.out == ""


def test_the_puller_needs_a_repository_that_it_can_read(gitless: Gitless) -> None:
    outcome = gitless("trust", "check", "--key", "cosign.pub", "--source", "shop")

    assert outcome.code == 2
    assert "--repository" in outcome.err


def test_a_policy_cannot_be_skipped_here(gitless: Gitless) -> None:
    assert gitless("trust", "check", "--insecure-skip-verification").code == 2
