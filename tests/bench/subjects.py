"""Who is measured: the puller, or Flux's own controllers on the same machine and objects."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.usage import Cpu, Process
from tests.platform.flux import KUSTOMIZE, SOURCE, controllers
from tests.platform.processes import wait_until
from tests.platform.puller import install, puller, service_account


@dataclass(frozen=True, slots=True)
class Subject:
    """Running processes, taken together."""

    name: str
    processes: tuple[Process, ...]
    check: Callable[[], None]
    """Raises when one of them has ended by itself."""

    def cpu(self) -> Cpu:
        """So far."""
        return sum((process.cpu() for process in self.processes), start=Cpu())

    def resident(self) -> float:
        """MiB now."""
        return sum(process.resident() for process in self.processes)

    def peak(self) -> float:
        """The most MiB that each has had."""
        return sum(process.peak() for process in self.processes)

    def descendants(self) -> Iterator[Process]:
        """The programs that they have started and that still run."""
        for process in self.processes:
            yield from process.descendants()

    def metrics(self) -> str:
        """What Prometheus would read of all of them."""
        return "\n".join(_metrics(process) for process in self.processes)


@contextmanager
def running(name: str, folder: Path, kubeconfig: Path) -> Iterator[Subject]:
    """``puller`` or ``flux``, for as long as the context lasts."""
    if name == "puller":
        # As in a pod, where it is measured: a kubeconfig takes a library and 20 MiB that a pod does without.
        install(kubeconfig)
        with puller(folder, kubeconfig, pod=service_account(folder / "pod", kubeconfig)) as started:
            yield Subject(name, (Process.recorded(folder, "puller"),), started.check)
        return
    with controllers(folder, kubeconfig) as flux:
        processes = tuple(Process.recorded(folder, controller) for controller in (SOURCE, KUSTOMIZE))
        subject = Subject(name, processes, flux.check)
        wait_until(lambda: _answers(subject), seconds=60, what="Flux's controllers")
        yield subject


def _answers(subject: Subject) -> bool:
    subject.check()
    try:
        return bool(subject.metrics())
    except OSError:
        return False


def _metrics(process: Process) -> str:
    flag = "--metrics-addr="
    address = next(part for part in process.arguments() if part.startswith(flag)).removeprefix(flag)
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        text: str = answer.read().decode()
    return text
