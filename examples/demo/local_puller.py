"""The puller's process on this machine, in the place of the pod that a simulated node only pretends to run."""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.platform.binaries import binary
from tests.platform.ports import free_port
from tests.platform.processes import ProcessGroup

PROGRAMS = ("kustomize", "sops")
"""What the puller's image brings along."""
_SECONDS = 60.0


def arguments(kubeconfig: Path, cache: Path) -> tuple[str, ...]:
    """The command's arguments; its addresses are free ports of this machine."""
    metrics, health = (f"127.0.0.1:{free_port()}" for _ in range(2))
    return (
        "puller", f"--kubeconfig={kubeconfig}", f"--cache-dir={cache}", f"--metrics-addr={metrics}",
        f"--health-addr={health}",
    )  # fmt: skip


def start(platform: Path, words: Sequence[str]) -> Path:
    """Start it and wait until it is ready; it lives on until the platform is taken down. Returns its log.

    Raises:
        PlatformError: it ended, or was not ready in time; the end of its log is in the message.
    """
    programs = {name: binary(name) for name in PROGRAMS}
    environment = {f"GITLESS_{name.upper()}": str(path) for name, path in programs.items()}
    path = os.pathsep.join([*(str(file.parent) for file in programs.values()), "/usr/bin", "/bin"])
    # Below the platform's folder, so that taking the platform down ends it too.
    processes = ProcessGroup(platform / "puller", detached=True)
    log = processes.start(
        "puller", [sys.executable, "-m", "pipeline", *words], environment={**environment, "PATH": path}
    )
    health = next(word for word in words if word.startswith("--health-addr=")).partition("=")[2]
    processes.wait(lambda: _is_ready(health), seconds=_SECONDS, what="the puller")
    return log


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
