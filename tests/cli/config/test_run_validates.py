from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome

SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{path: app.yaml}]
artifact: {repository: 'oci-layout:layout', tags: [latest]}
"""
VALIDATION = "validation: {gates: [schema], previous: 'oci-layout:layout:latest'}\n"
FINE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n"
BROKEN = f"{FINE}data: {{a: 1}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder: Path, capsys: pytest.CaptureFixture[str], settings: str, manifest: str, *arguments: str) -> Outcome:
    (folder / "gitless.yaml").write_text(settings)
    (folder / "app.yaml").write_text(manifest)
    capsys.readouterr()
    code = run_guarded(application, ["run", *arguments])
    return Outcome(code, *capsys.readouterr())


def test_without_a_validation_block_nothing_is_validated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(folder, capsys, SETTINGS, BROKEN, "--to", "attest")

    assert outcome.code == 0
    assert "── validate ──" not in outcome.out


def test_what_is_broken_is_not_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(folder, capsys, SETTINGS + VALIDATION, BROKEN, "--to", "attest", "--results-dir", "out")

    assert outcome.code == 9
    assert "── validate ──" in outcome.out
    assert "app.yaml\n  4: error schema-invalid  ConfigMap default/a\n" in outcome.out
    assert not (folder / "layout").exists()
    assert json.loads((folder / "out" / "validate.json").read_text())["passed"] is False


def test_as_json_the_error_names_what_was_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(folder, capsys, SETTINGS + VALIDATION, BROKEN, "--to", "attest", "-o", "json")

    assert (outcome.code, outcome.out) == (9, "")
    assert "app.yaml:4: data.a is a number; expected text" in outcome.err


def test_what_is_fine_is_published_and_later_compared_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(folder, capsys, SETTINGS + VALIDATION, FINE, "--to", "attest", "-o", "json")
    second = run(folder, capsys, SETTINGS + VALIDATION, FINE, "--to", "attest")

    assert (first.code, second.code) == (0, 0)
    assert [stage["stage"] for stage in first.document["stages"]] == ["build", "validate", "package", "attest"][:3]
    assert "oci-layout:layout:latest is not there (yet)" in first.err
    assert "is not there (yet)" not in second.err


def test_naming_the_stage_runs_it_without_settings_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(folder, capsys, SETTINGS, BROKEN, "--to", "validate")

    assert outcome.code == 9
    assert "schema-invalid" in outcome.out
    assert "── package ──" not in outcome.out


def test_a_job_that_begins_after_build_validates_what_was_built(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ("--results-dir", "out")
    assert run(folder, capsys, SETTINGS + VALIDATION, BROKEN, "--to", "build", *kept).code == 0

    alone = run(folder, capsys, SETTINGS + VALIDATION, BROKEN, "--from", "validate", "--to", "validate", *kept)
    publishing = run(folder, capsys, SETTINGS + VALIDATION, BROKEN, "--from", "package", "--to", "attest", *kept)

    assert (alone.code, publishing.code) == (9, 9)
    assert "out/manifests.yaml\n" in alone.out
    assert alone.out == publishing.out
    assert not (folder / "layout").exists()


def test_an_empty_block_asks_for_the_default_gates(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(folder, capsys, f"{SETTINGS}validation: {{}}\n", BROKEN, "--to", "package")

    assert outcome.code == 9
    assert "  schema against Kubernetes" in outcome.out
    assert "  lint against" in outcome.out
