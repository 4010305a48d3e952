"""A step of a CI that calls a stage and says everything in variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text("kind: Namespace\n")
    monkeypatch.setenv("GITLESS_PATH", "deploy")
    monkeypatch.setenv("GITLESS_REFERENCE", "oci-layout:store")


def packaged(capsys: Captured) -> dict[str, Any]:
    assert run_guarded(application, ["package", "-o", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_arguments_and_options_are_read_from_variables(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLESS_TAG", "1.4.2\n  1.4  \n\nlatest\n")
    monkeypatch.setenv("GITLESS_ANNOTATION", "title=a shop, $(id); 'quoted'")
    monkeypatch.setenv("GITLESS_REVISION", "")

    found = packaged(capsys)

    assert found["tags"] == ["1.4.2", "1.4", "latest"]
    manifest = json.loads(Path("store/index.json").read_text())["manifests"][0]["digest"].removeprefix("sha256:")
    annotations = json.loads((Path("store/blobs/sha256") / manifest).read_text())["annotations"]
    assert annotations["title"] == "a shop, $(id); 'quoted'"


def test_an_argument_on_the_command_line_wins(capsys: Captured) -> None:
    assert run_guarded(application, ["package", "deploy", "oci-layout:other:1", "-o", "json"]) == 0

    assert json.loads(capsys.readouterr().out)["repository"] == "oci-layout:other"


def test_an_empty_variable_is_none(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLESS_PATH", "")

    assert run_guarded(application, ["package"]) == 2
    assert "Missing argument 'PATH'" in capsys.readouterr().err
