"""The completion scripts that packages install, as ``gitless completion`` prints them: ``--write`` keeps them."""

from __future__ import annotations

import sys
from pathlib import Path

from click.testing import CliRunner

from pipeline.cli import application

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "completion"
_NAMES = {"bash": "bash/gitless", "zsh": "zsh/_gitless", "fish": "fish/gitless.fish"}
"""Where each shell looks for a script of this name."""


def scripts() -> dict[str, str]:
    """Every script by its path below the folder."""
    return {path: CliRunner().invoke(application, ["completion", shell]).output for shell, path in _NAMES.items()}


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for name, content in scripts().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(content)
