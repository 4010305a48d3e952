from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

KUBECONFIG = """\
apiVersion: v1
kind: Config
contexts:
- {name: staging, context: {cluster: a}}
- {name: "arn:aws:eks:eu-central-1:1:cluster/shop", context: {cluster: a}}
- {name: production, context: {cluster: a}}
"""
SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
targets: {staging: {}, production: {}}
"""

Ask = Callable[..., list[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty home, and a kubeconfig and a gitless.yaml in the working folder."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    (tmp_path / "gitless.yaml").write_text(SETTINGS)
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": "kubeconfig"}


def protocol(
    environment: Mapping[str, str], folder: Path, words: tuple[str, ...], *, shell: str = "bash"
) -> subprocess.CompletedProcess[str]:
    asked = {
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_GITLESS_COMPLETE": f"{shell}_complete",
    }
    return subprocess.run(
        [sys.executable, "-m", "pipeline"],
        env={**environment, **asked},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.fixture
def ask(environment: dict[str, str], tmp_path: Path) -> Ask:
    """Ask as the shell does: the words up to the cursor, the last one incomplete; whole values without their types."""

    def asked(*words: str, **more: str) -> list[str]:
        answer = protocol({**environment, **more}, tmp_path, words)
        assert (answer.returncode, answer.stderr) == (0, "")
        return [line.partition(",")[2] for line in answer.stdout.splitlines() if line]

    return asked
