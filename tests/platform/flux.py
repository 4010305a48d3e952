"""Flux's own controllers and command on this machine: the judges of what we publish, sign, reconcile and hand over."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .binaries import binary
from .catalogue import tool_named
from .ports import free_port
from .processes import ProcessGroup
from .toolchain import toolchain

_SECONDS = 60
SOURCE, KUSTOMIZE = "source-controller", "kustomize-controller"
NAMESPACE = "flux-system"


@dataclass(kw_only=True)
class Flux:
    """Controllers that run against a cluster."""

    kubeconfig: Path
    logs: Path
    _processes: ProcessGroup = field(repr=False)

    def check(self) -> None:
        """Raise when one of the controllers has ended by itself."""
        self._processes.check()

    def stop(self, name: str | None = None) -> None:
        """End one controller, or all of them, at once: asked to, they would take many seconds."""
        for each in (KUSTOMIZE, SOURCE) if name is None else (name,):
            if (self.logs.parent / "run" / f"{each}.json").exists():
                self._processes.end(each)

    def start(self, name: str) -> None:
        """Start a controller that was stopped once more."""
        self._processes.restart(name)


@contextmanager
def source_controller(directory: Path, kubeconfig: Path) -> Iterator[Path]:
    """Install its definitions and run it against the cluster; yields the folder of its logs."""
    with controllers(directory, kubeconfig, names=(SOURCE,)) as flux:
        yield flux.logs


@contextmanager
def controllers(
    directory: Path,
    kubeconfig: Path,
    *,
    names: tuple[str, ...] = (SOURCE, KUSTOMIZE),
    watch_label_selector: str = "",
    requeue_dependency: str = "2s",
) -> Iterator[Flux]:
    """Install the controllers' definitions and run them for as long as the context lasts.

    Without leader election: outside of a pod they do not know in which namespace to lead.
    """
    directory.mkdir(parents=True, exist_ok=True)
    install_definitions(kubeconfig, names)
    # Programs of the platform have their directory as home, and this is where a client looks there.
    (directory / ".kube").mkdir(exist_ok=True)
    shutil.copyfile(kubeconfig, directory / ".kube" / "config")
    processes = ProcessGroup(directory)
    selector = [f"--watch-label-selector={watch_label_selector}"] if watch_label_selector else []
    # A folder of their own for temporary files: nothing else on the machine is in their way there.
    temporary = directory / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {"RUNTIME_NAMESPACE": NAMESPACE, "TMPDIR": str(temporary)}
    # Asking an earlier source-controller for its artifacts again and again would keep all workers busy.
    impatient = ["--http-retry=1", f"--requeue-dependency={requeue_dependency}"]
    own = {SOURCE: _of_source(directory), KUSTOMIZE: impatient}
    try:
        for name in names:
            addresses = [f"--{kind}-addr=127.0.0.1:{free_port()}" for kind in ("health", "metrics")]
            command: list[str | Path] = [
                binary(name),
                *addresses,
                "--enable-leader-election=false",
                *selector,
                *own[name],
            ]
            processes.start(name, command, environment=environment)
        processes.check()
        yield Flux(kubeconfig=kubeconfig, logs=processes.logs, _processes=processes)
    finally:
        processes.stop()


def install_definitions(kubeconfig: Path, names: tuple[str, ...] = (SOURCE, KUSTOMIZE)) -> None:
    """Apply Flux's own custom resource definitions and the namespace it lives in."""
    for name in names:
        _kubectl(kubeconfig, "apply", "--server-side", "--force-conflicts", "-f", str(_definitions(name)))
    _kubectl(kubeconfig, "wait", "--for=condition=Established", "crd", "--all")
    namespace = ["create", "namespace", NAMESPACE]
    if _kubectl(kubeconfig, "get", "namespace", NAMESPACE, "--ignore-not-found", "-o", "name") == "":
        _kubectl(kubeconfig, *namespace)


def flux(kubeconfig: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run Flux's command; it may fail, and then its talk (stderr) says why."""
    return subprocess.run(
        [binary("flux"), f"--kubeconfig={kubeconfig}", "--timeout=60s", *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        timeout=2 * _SECONDS,
    )


def _of_source(directory: Path) -> list[str]:
    storage, served = directory / "storage", f"127.0.0.1:{free_port()}"
    storage.mkdir(exist_ok=True)
    return [f"--storage-path={storage}", f"--storage-addr={served}", f"--storage-adv-addr={served}"]


def _definitions(name: str) -> Path:
    """The module's own folder of custom resource definitions, in Go's module cache."""
    go = toolchain()
    module = f"github.com/fluxcd/{name}"
    for step in (["mod", "download", module], ["list", "-m", "-f", "{{.Dir}}", module]):
        done = subprocess.run(
            [go.command, *step],
            cwd=tool_named(name).folder,
            env=go.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
    return Path(done.stdout.strip()) / "config" / "crd" / "bases"


def _kubectl(kubeconfig: Path, *arguments: str) -> str:
    return subprocess.run(
        [binary("kubectl"), f"--kubeconfig={kubeconfig}", *arguments], check=True, capture_output=True, text=True
    ).stdout
