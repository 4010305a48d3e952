from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import wiring
from tests.command_line import Outcome, command_line
from tests.unit.flux_commands.worlds import World

Gitless = Callable[..., Outcome]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """What every kubeconfig leads to."""
    world = World()
    monkeypatch.setattr(wiring, "api_server", lambda *_: world.server)
    return world


@pytest.fixture
def gitless(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Gitless:
    """Run a command line with no variables of ours set."""
    del world
    monkeypatch.chdir(tmp_path)
    for name in ("GITLESS_NAMESPACE", "GITLESS_LOG_FORMAT", "GITLESS_OUTPUT", "GITLESS_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)

    return command_line(capsys)
