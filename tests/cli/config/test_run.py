from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{path: app.yaml}]
artifact: {repository: 'oci-layout:layout', tags: [latest]}
targets:
  staging: {context: nowhere}
  production: {}
"""
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n"
KUBECONFIG = """\
apiVersion: v1
kind: Config
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: u, user: {token: t}}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "gitless.yaml").write_text(SETTINGS)
    (tmp_path / "app.yaml").write_text(MANIFEST)
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    return tmp_path


def test_a_wrong_context_shows_before_anything_is_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_guarded(application, ["run", "--target", "staging"])

    told = capsys.readouterr()
    assert code == 6
    assert "nowhere" in told.err
    assert "here" in told.err
    assert told.out == ""
    assert not (folder / "layout").exists()


def test_publishing_alone_needs_no_cluster(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_guarded(application, ["run", "--target", "staging", "--to", "sign"])

    told = capsys.readouterr()
    assert code == 0
    assert "not signed" in told.err
    assert "Pushed oci-layout:layout@sha256:" in told.out
    assert (folder / "layout" / "index.json").exists()


def test_several_targets_must_be_chosen_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(application, ["run"]) == 2
    assert "staging, production" in capsys.readouterr().err
    assert run_guarded(application, ["run", "--target", "stagin"]) == 2
    assert "staging, production" in capsys.readouterr().err
    assert not (folder / "layout").exists()


def test_a_later_stage_without_earlier_results_says_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_guarded(application, ["run", "--target", "production", "--from", "package", "--to", "package"])

    assert code == 2
    assert "--results-dir" in capsys.readouterr().err
    assert not (folder / "layout").exists()


def test_an_annotation_without_a_value_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_guarded(application, ["run", "--target", "production", "--to", "sign", "--annotation", "owner"])

    assert code == 2
    assert "KEY=VALUE" in capsys.readouterr().err
    assert not (folder / "layout").exists()
