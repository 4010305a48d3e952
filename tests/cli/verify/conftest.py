from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.unit.sign.support import private_key, public_pem

Gitless = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gitless:
    """Run a command line in a folder with the key ``ours.pub``, with no variables set; code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GITLESS_KEY", "GITLESS_INVENTORY", "GITLESS_NAMESPACE", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "ours.pub").write_text(public_pem(private_key("ours")))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_guarded(application, list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
