from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome

Gitless = Callable[..., Outcome]


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gitless:
    """Run a command line in an empty folder; whoever reaches for a cluster fails the test."""

    def unreachable(*_: object) -> None:
        pytest.fail("a cluster was asked for")

    monkeypatch.setattr(wiring, "api_server", unreachable)
    monkeypatch.chdir(tmp_path)
    for name in ("GITLESS_NAMESPACE", "GITLESS_KEY", "GITLESS_IMAGE", "GITLESS_REGISTRY", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
