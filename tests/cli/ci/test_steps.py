"""A step of a workflow sets variables and calls a stage; that is all it takes, and its outputs are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {level: info}\n"


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "all.yaml").write_text(OBJECT)
    monkeypatch.chdir(tmp_path)
    for name, value in {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "outputs"), "HOME": "."}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def run(step: Path, monkeypatch: pytest.MonkeyPatch, command: str, **variables: str) -> tuple[int, dict[str, str]]:
    """Call the stage with the variables alone; returns its exit code and outputs."""
    (step / "outputs").write_text("")
    with monkeypatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(f"GITLESS_{name}", value)
        code = run_guarded(application, [command])
    text = (step / "outputs").read_text()
    found = re.findall(r"^(\S+)<<(\S+)\n(.*?)\n\2\n", text, re.MULTILINE | re.DOTALL)
    return code, {name: value for name, _, value in found}


def test_build_names_its_file_and_package_takes_it(step: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, built = run(step, monkeypatch, "build", PATH="deploy", TO="rendered")

    assert (code, built["manifests-file"]) == (0, "rendered/manifests.yaml")
    code, packaged = run(
        step, monkeypatch, "package", PATH=built["manifests-file"], REFERENCE="oci-layout:store", TAG="1\n2\n"
    )
    assert (code, packaged["pushed"], packaged["tag"]) == (0, "true", "1")


def test_what_a_tag_has_already_is_not_pushed_and_its_digest_told(step: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = {"PATH": "deploy", "REFERENCE": "oci-layout:store"}
    _, first = run(step, monkeypatch, "package", TAG="staging", **target)
    code, again = run(step, monkeypatch, "package", DIFF_TAG="staging", REVISION="main@sha1:2", **target)

    assert (code, again["pushed"]) == (0, "false")
    assert again["digest-url"] == first["digest-url"]


def test_outputs_are_there_where_a_comparison_fails_for_what_it_found(
    step: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (step / "empty").mkdir()
    (step / "empty" / "all.yaml").write_text(OBJECT.replace("settings", "other"))
    code, found = run(step, monkeypatch, "diff", FROM="deploy", TO="empty", FAIL_ON="delete")

    assert (code, found["changed"], found["deleted"]) == (3, "true", "1")
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::error")]
    assert len(errors) == 1
