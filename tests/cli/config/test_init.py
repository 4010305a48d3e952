from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.config import load_settings

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def test_init_writes_a_file_that_run_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text(MANIFEST)
    (tmp_path / "overlays" / "staging").mkdir(parents=True)
    (tmp_path / "overlays" / "staging" / "kustomization.yaml").write_text("resources: []\n")

    code = run_guarded(application, ["init", str(tmp_path)])

    settings = load_settings(tmp_path / "gitless.yaml")
    assert code == 0
    assert [source.path.name for source in settings.sources] == ["deploy"]
    assert [source.path.name for source in settings.targets["staging"].sources] == ["staging", "deploy"]
    assert "gitless run" in capsys.readouterr().out


def test_init_never_overwrites_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(MANIFEST)
    (tmp_path / "gitless.yaml").write_text("mine\n")

    code = run_guarded(application, ["init", str(tmp_path)])

    assert code == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "gitless.yaml").read_text() == "mine\n"


def test_init_in_a_folder_without_manifests_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_guarded(application, ["init", str(tmp_path)])

    assert code == 2
    assert "no manifests" in capsys.readouterr().err
    assert not (tmp_path / "gitless.yaml").exists()
