"""The puller as a process of its own, as a cluster runs it: started, asked, killed and started again."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .binaries import binary
from .catalogue import TOOLS
from .ports import free_port
from .processes import ProcessGroup

NAMESPACE = "flux-system"
_NAME = "puller"
_SECONDS = 60.0
_PROGRAMS = ("kustomize", "sops", "notation")

# These are on by default, and said off as Flux says it: --flag=false.
_TAKE_A_VALUE = ("enable_leader_election", "watch_all_namespaces")

Option = str | int | float | bool | Path | None


@dataclass(kw_only=True)
class Puller:
    """A puller; ``health`` and ``metrics_address`` are ``host:port``."""

    directory: Path
    cache: Path
    health: str
    metrics_address: str
    _processes: ProcessGroup = field(repr=False)

    def kill(self) -> None:
        """End it at once, as a node that loses power does."""
        self._processes.end(_NAME)

    def stop(self) -> int:
        """Ask it to end, as a node that is drained does; returns its exit code."""
        return self._processes.end(_NAME, politely=30)

    def start(self, *, wait: bool = True) -> None:
        """Start it once more after its end."""
        self._processes.restart(_NAME)
        if wait:
            self.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def is_ready(self) -> bool:
        """What it says of itself."""
        return self._ask(self.health, "/readyz") is not None

    def wait(self) -> None:
        """Wait until it is ready; raises with the end of its log where it ends before."""
        self._processes.wait(self.is_ready, seconds=_SECONDS, what="the puller")

    def wait_end(self) -> int:
        """Wait until it ends by itself; returns its exit code."""
        return self._processes.wait_end(_NAME, seconds=_SECONDS)

    def check(self) -> None:
        """Raise with the end of its log when it has ended by itself."""
        self._processes.check()

    def logs(self) -> str:
        """All that it said, in all its lives."""
        return (self._processes.logs / f"{_NAME}.log").read_text(errors="replace")

    def metrics(self) -> str:
        """What Prometheus would read."""
        return self._ask(self.metrics_address, "/metrics") or ""

    @staticmethod
    def _ask(address: str, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:  # URLError, refused connections and answers other than 200 are all of this kind.
            return None


@contextmanager
def puller(
    directory: Path,
    kubeconfig: Path,
    *,
    wait: bool = True,
    before: Sequence[str] = (),
    pod: Path | None = None,
    **options: Option,
) -> Iterator[Puller]:
    """Run it against the cluster for as long as the context lasts.

    ``pod`` is a folder with a service account's files (:func:`service_account`), used instead of the kubeconfig.
    ``options`` are those of ``gitless puller``, with underscores: text and numbers are given as they are, ``True`` as
    the flag alone, ``False`` and ``None`` leave one out. ``before`` is put before the command.
    """
    directory = directory.absolute()
    cache = Path(str(options.get("cache_dir") or directory / "cache"))
    cache.mkdir(parents=True, exist_ok=True)
    health, metrics = (f"127.0.0.1:{free_port()}" for _ in range(2))
    chosen: dict[str, Option] = {
        "kubeconfig": None if pod is not None else kubeconfig,
        "namespace": NAMESPACE,
        "cache_dir": cache,
        "health_addr": health,
        "metrics_addr": metrics,
        # Tests wait for what these put off.
        "requeue_dependency": "2s",
        "interval_jitter_percentage": 0,
        "enable_leader_election": "false",
        **options,
    }
    program = ["-m", "pipeline"] if pod is None else ["-c", _IN_A_POD.format(folder=str(pod))]
    command = [*before, sys.executable, *program, "puller", *_arguments(chosen)]
    processes = ProcessGroup(directory)
    started = Puller(directory=directory, cache=cache, health=health, metrics_address=metrics, _processes=processes)
    try:
        surroundings = _environment() if pod is None else _environment() | _pod_environment(kubeconfig)
        processes.start(_NAME, command, environment=surroundings)
        if wait:
            started.wait()
        yield started
    finally:
        processes.stop()


_IN_A_POD = """
from pathlib import Path
from pipeline.clusters.kubernetes import pod_access
pod_access.FOLDER = Path({folder!r})
from pipeline.cli import main
main()
"""
"""The command, with a pod's files elsewhere than where the kubelet puts them."""


def install(kubeconfig: Path, *options: str) -> None:
    """Everything of an installation but the process itself; ``options`` are those of ``gitless install``."""
    gitless = [sys.executable, "-m", "pipeline", "install", "--export", *options]
    exported = subprocess.run(gitless, check=True, capture_output=True).stdout
    kubectl = [str(binary("kubectl")), f"--kubeconfig={kubeconfig}", "apply", "--server-side", "--force-conflicts"]
    subprocess.run([*kubectl, "-f", "-"], check=True, capture_output=True, input=exported)


def service_account(folder: Path, kubeconfig: Path, name: str = "gitless-puller", namespace: str = NAMESPACE) -> Path:
    """Write what the kubelet gives a pod of that service account."""
    kubectl = [str(binary("kubectl")), f"--kubeconfig={kubeconfig}"]
    token = [*kubectl, "create", "token", name, "--namespace", namespace, "--duration=2h"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_bytes(subprocess.run(token, check=True, capture_output=True).stdout)
    cluster = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]
    (folder / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    (folder / "namespace").write_text(namespace)
    return folder


def _pod_environment(kubeconfig: Path) -> dict[str, str]:
    server = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    host, _, port = server.removeprefix("https://").rpartition(":")
    return {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "HOME": "/nonexistent"}


def _arguments(options: dict[str, Option]) -> Iterator[str]:
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool) and name not in _TAKE_A_VALUE:
            yield from [flag] * value
        elif value is not None:
            yield f"{flag}={str(value).lower() if isinstance(value, bool) else value}"


def _environment() -> dict[str, str]:
    known = {tool.name for tool in TOOLS}
    programs = {name: binary(name) for name in _PROGRAMS if name in known}
    named = {f"GITLESS_{name.upper()}": str(path) for name, path in programs.items()}
    folders = [str(path.parent) for path in programs.values()]
    return {**named, "PATH": os.pathsep.join([*folders, "/usr/bin", "/bin"]), "PYTHONUNBUFFERED": "1"}
