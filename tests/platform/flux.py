"""Flux's own source-controller on this machine: the judge of whether Flux takes what we publish and sign."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .binaries import binary
from .catalogue import tool_named
from .ports import free_port
from .processes import ProcessGroup
from .toolchain import toolchain

_SECONDS = 60
_MODULE = "github.com/fluxcd/source-controller"


@contextmanager
def source_controller(directory: Path, kubeconfig: Path) -> Iterator[Path]:
    """Install its definitions and run it against the cluster; yields the folder of its logs."""
    directory.mkdir(parents=True, exist_ok=True)
    _kubectl(kubeconfig, "apply", "--server-side", "--force-conflicts", "-f", str(_definitions()))
    _kubectl(kubeconfig, "wait", "--for=condition=Established", "crd", "--all")
    storage, health, served = directory / "storage", f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    storage.mkdir()
    # Programs of the platform have their directory as home, and this is where a client looks there.
    (directory / ".kube").mkdir()
    shutil.copyfile(kubeconfig, directory / ".kube" / "config")
    processes = ProcessGroup(directory)
    try:
        processes.start(
            "source-controller",
            [
                binary("source-controller"),
                f"--storage-path={storage}",
                f"--storage-addr={served}",
                f"--storage-adv-addr={served}",
                f"--health-addr={health}",
                f"--metrics-addr=127.0.0.1:{free_port()}",
                "--enable-leader-election=false",
            ],
        )
        processes.check()
        yield processes.logs
    finally:
        processes.stop()


def _definitions() -> Path:
    """The module's own folder of custom resource definitions, in Go's module cache."""
    go = toolchain()
    done = subprocess.run(
        [go.command, "list", "-m", "-f", "{{.Dir}}", _MODULE],
        cwd=tool_named("source-controller").folder,
        env=go.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return Path(done.stdout.strip()) / "config" / "crd" / "bases"


def _kubectl(kubeconfig: Path, *arguments: str) -> None:
    subprocess.run(
        [binary("kubectl"), f"--kubeconfig={kubeconfig}", *arguments], check=True, capture_output=True, text=True
    )
