"""What this is, and whether there is a newer one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A repository with what a registry of releases has in it besides the newest one."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("kind: Namespace\n")
    assert (
        run_guarded(application, ["package", "a.yaml", "oci-layout:releases", "-t", "latest", "-t", __version__]) == 0
    )
    return "oci-layout:releases"


def release(*tags: str) -> None:
    options = [word for tag in tags for word in ("-t", tag)]
    assert run_guarded(application, ["tag", f"oci-layout:releases:{__version__}", *options]) == 0


def test_it_tells_what_it_is_and_what_it_finds(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLESS_KUSTOMIZE", "/nonexistent/kustomize")

    assert run_guarded(application, ["version", "-o", "json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["version"] == __version__
    assert found["programs"]["kustomize"] == ""
    assert found["programs"]["git"].endswith("/git")
    assert "newest" not in found


def test_the_newest_release_is_told_and_prereleases_are_not(releases: str, capsys: Captured) -> None:
    release("99.0.0-rc.1", "sha256-" + "a" * 64)
    assert run_guarded(application, ["version", "--check", "--exit-code", "--repository", releases]) == 0
    assert f"gitless {__version__}, the newest release\n" in capsys.readouterr().out

    release("v0.10.0", "0.9.0")
    assert run_guarded(application, ["version", "--check", "--repository", releases]) == 0
    assert run_guarded(application, ["version", "--exit-code", "--repository", releases]) == 3
    assert f"gitless {__version__}; v0.10.0 is the newest release\n" in capsys.readouterr().out


def test_a_repository_without_releases_is_no_up_to_date_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run_guarded(application, ["version", "--check", "--repository", "oci-layout:nowhere"]) == 5
    assert "oci-layout:nowhere has no release" in capsys.readouterr().err
