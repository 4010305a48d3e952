from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

Gitless = Callable[..., tuple[int, str, str]]
Start = Callable[..., "subprocess.CompletedProcess[bytes]"]

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one manifest in ``app``; no kubeconfig and no variables of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COSIGN_PASSWORD", "hunter2")
    for name in [name for name in os.environ if name.startswith(("GITLESS_", "KUBE"))]:
        monkeypatch.delenv(name)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.yaml").write_text(MANIFEST)
    return tmp_path


@pytest.fixture
def gitless(folder: Path, capsys: pytest.CaptureFixture[str]) -> Gitless:
    """Run a command line; code, stdout, stderr. Neither may show a traceback."""
    del folder

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return run


@pytest.fixture
def start(folder: Path) -> Start:
    """Run a shell command in a process of its own; ``gitless`` is the program. stdout and stderr are captured."""

    def started(script: str, **more: Any) -> subprocess.CompletedProcess[bytes]:  # noqa: ANN401 - subprocess.run's own
        prelude = f'gitless() {{ "{sys.executable}" -m pipeline "$@"; }}\n'
        return subprocess.run(
            ["bash", "-c", prelude + script], cwd=folder, capture_output=True, timeout=20, check=False, **more
        )

    return started
