"""What is measured against whom, and what we aim at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.inputs import application, write_kustomization, write_plain
from tests.bench.measuring import Sample, Series, measure
from tests.platform.binaries import binary

Command = list[str]

MEMORY = 250
"""MiB that a command of ours may take, whatever it does."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row. ``ours`` and ``peer`` give the command of run number n, so that each run can have its own namespace.

    ``aim`` is the ratio ours/peer that we want at most; without a peer it is seconds.
    """

    name: str
    objects: int
    ours: Callable[[int], Command]
    peer: Callable[[int], Command] | None
    peer_name: str
    aim: float
    before: Callable[[int], list[Command]] = field(default=lambda _run: [])
    """What is run, unmeasured, ahead of run number n."""
    accept: tuple[int, ...] = (0,)
    shares_peer: bool = False


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the bench runs."""

    folder: Path
    kubeconfig: Path
    registry: str
    environment: Mapping[str, str]
    measured_peers: dict[tuple[str, int], Sample] = field(default_factory=dict)
    """Read-only peers that several cases compare with are run once: kustomize takes a minute for 5,000 objects."""

    def run(self, case: Case, runs: int) -> tuple[Series, Series | None]:
        """Ours and the peer in turn, so that a drifting machine hits both."""
        ours: list[Sample] = []
        peers: list[Sample] = []
        for number in range(runs):
            for command in case.before(number):
                measure(command, environment=self.environment, folder=self.folder)
            ours.append(self._measure(case.ours(number), case))
            if case.peer is not None:
                peers.append(self._peer(case, case.peer(number), number))
        return Series(tuple(ours)), Series(tuple(peers)) if peers else None

    def _peer(self, case: Case, command: Command, number: int) -> Sample:
        if not case.shares_peer:
            return self._measure(command, case)
        key = (" ".join(command), number)
        if key not in self.measured_peers:
            self.measured_peers[key] = self._measure(command, case)
        return self.measured_peers[key]

    def output(self, command: Command) -> str:
        """Standard output of a command that is not measured."""
        return subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env=dict(self.environment), cwd=self.folder
        ).stdout

    def _measure(self, command: Command, case: Case) -> Sample:
        return measure(command, environment=self.environment, folder=self.folder, accept=case.accept)


def gitless(*arguments: str) -> Command:
    """Our command as it is installed."""
    return [str(Path(sys.executable).parent / "gitless"), *arguments]


def start_up() -> Iterator[Case]:
    """The help text must not cost more than click itself."""
    yield Case(
        "gitless --help", 0, lambda _: gitless("--help"),
        lambda _: [sys.executable, "-c", "import click"], "python -c 'import click'", 2.0,
    )  # fmt: skip


def picture(bench: Bench) -> Iterator[Case]:
    """As many objects as a picture is to be readable with."""
    folder = write_plain(bench.folder / "drawn", 200)
    yield Case("draw as SVG", 200, lambda _: gitless("graph", str(folder), "-o", "svg"), None, "", 2.0)


def without_cluster(bench: Bench, objects: int) -> Iterator[Case]:
    """Build, package and artifact-against-artifact diff."""
    plain = write_plain(bench.folder / f"plain-{objects}", objects)
    later = write_plain(bench.folder / f"later-{objects}", objects, tag="1.0.1")
    following = write_plain(bench.folder / f"next-{objects}", objects)
    (following / "app-00000.yaml").write_text(application("app-00000", "1.0.1"))
    overlay = write_kustomization(bench.folder / f"kustomization-{objects}", objects)
    kustomize = [str(binary("kustomize")), "build", str(overlay)]
    yield Case(
        "build a plain folder",
        objects,
        lambda _: gitless("build", str(plain)),
        lambda _: kustomize,
        "kustomize build",
        0.5,
        shares_peer=True,
    )
    yield Case(
        "build a kustomization", objects, lambda _: gitless("build", str(overlay)), lambda _: kustomize,
        "kustomize build", 1.2, shares_peer=True,
    )  # fmt: skip
    yield Case(
        "find out what hangs together", objects, lambda _: gitless("graph", str(plain), "-o", "json"),
        lambda _: gitless("build", str(plain)), "gitless build", 1.6,
    )  # fmt: skip
    ours = f"oci://{bench.registry}/bench/ours-{objects}"
    theirs = f"{bench.registry}/bench/theirs-{objects}"
    yield Case(
        "package", objects, lambda run: gitless("package", str(plain), f"{ours}:run-{run}"),
        lambda run: [
            str(binary("oras")), "push", "--plain-http", "--disable-path-validation", f"{theirs}:run-{run}",
            f"{plain.name}:application/vnd.cncf.flux.content.v1.tar+gzip",
        ],
        "oras push", 2.0,
    )  # fmt: skip
    yield Case(
        "diff artifact artifact (every Deployment differs)", objects,
        lambda _: gitless("diff", f"{ours}:run-0", f"{ours}:later"), None, "", 2.0,
        before=lambda run: [gitless("package", str(later), f"{ours}:later")] if run == 0 else [],
    )  # fmt: skip
    yield Case(
        "diff artifact artifact (one application differs)", objects,
        lambda _: gitless("diff", f"{ours}:run-0", f"{ours}:next"), None, "", 2.0,
        before=lambda run: [gitless("package", str(following), f"{ours}:next")] if run == 0 else [],
    )  # fmt: skip


def with_cluster(bench: Bench, objects: int) -> Iterator[Case]:
    """First apply, apply with nothing to do, diff with nothing to show; each run in a namespace of its own."""
    kubectl = [str(binary("kubectl")), f"--kubeconfig={bench.kubeconfig}"]
    files = bench.folder / f"plain-{objects}"
    reference = published(bench, objects, files)
    connection = ["--kubeconfig", str(bench.kubeconfig)]
    key = str(bench.folder / "cosign.pub")

    def apply(run: int) -> Command:
        return gitless(
            "apply", reference, "--key", key, "--inventory", "bench", "-n", f"ours-{objects}-{run}", *connection
        )

    def kubectl_apply(run: int) -> Command:
        return [*kubectl, "apply", "--server-side", "-n", f"theirs-{objects}-{run}", "-f", str(files)]

    def namespaces(run: int) -> list[Command]:
        return [[*kubectl, "create", "namespace", f"{who}-{objects}-{run}"] for who in ("ours", "theirs")]

    yield Case("first apply", objects, apply, kubectl_apply, "kubectl apply --server-side", 0.5, before=namespaces)
    yield Case("apply, nothing to do", objects, apply, kubectl_apply, "kubectl apply --server-side", 0.25)
    yield Case(
        "diff against live, nothing to show", objects,
        lambda run: gitless(
            "diff", reference, "live", "--inventory", "bench", "-n", f"ours-{objects}-{run}", *connection
        ),
        lambda run: [*kubectl, "diff", "--server-side", "-n", f"theirs-{objects}-{run}", "-f", str(files)],
        # kubectl also shows what controllers write meanwhile, and then ends with 1.
        "kubectl diff --server-side", 0.25, accept=(0, 1),
    )  # fmt: skip


def published(bench: Bench, objects: int, files: Path) -> str:
    """Package and sign what is going to be applied; returns its digest URL."""
    repository = f"oci://{bench.registry}/bench/signed-{objects}"
    answer = bench.output(gitless("package", str(files), f"{repository}:signed", "-o", "json"))
    reference: str = json.loads(answer)["digestUrl"]
    bench.output(gitless("sign", reference, "--key", str(bench.folder / "cosign.key")))
    return reference


def environment() -> dict[str, str]:
    """Tools first on PATH; a password for the throw-away key; bytecode kept, as whoever installs a wheel has it."""
    tools = os.pathsep.join(str(binary(name).parent) for name in ("kustomize", "helm", "kubectl"))
    drawing = {"GITLESS_DOT": str(binary("dot"))}
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **drawing, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "COSIGN_PASSWORD": "bench"}
