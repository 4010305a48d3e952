"""``make bench``: measure every case, print one table, and mark the aims that are missed."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.cases import (
    MEMORY,
    Bench,
    Case,
    environment,
    gitless,
    picture,
    start_up,
    with_cluster,
    without_cluster,
)
from tests.bench.fleet import VARIANTS, Fleet
from tests.bench.gate_cases import gates
from tests.bench.measuring import Series
from tests.bench.puller_cases import measure_fleet
from tests.bench.puller_rows import HEADER
from tests.bench.report_cases import ReportCase, report_cases
from tests.bench.trust_cases import OwnCase, against_cosign, own_time
from tests.platform.chromium import Chromium
from tests.platform.control_plane import ControlPlane
from tests.platform.registries import ReferrersRegistry
from tests.platform.sigstore.deployment import SigstoreDeployment

PARTS = ("commands", "gates", "trust", "reports", "puller")
SIZES = (100, 1000, 5000)
FLEETS = (100, 500, 1000)
ROW = "{:<52} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>7} {:>6}  {:<5} {}"


def main() -> int:
    """Measure and print; returns 0 whether or not the aims are met, for the machine may be busy."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("what", choices=("all", *PARTS), nargs="?", default="all")
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="numbers of objects for the commands")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-cluster", action="store_true")
    parser.add_argument("--objects", type=_numbers, default=FLEETS, help="numbers of applications for the puller")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--artifacts", choices=("one", "each"), default="one", help="one for all applications, or each")
    parser.add_argument("--subjects", nargs="+", choices=("puller", "flux"), default=["puller"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitless-bench-") as name:
        folder = Path(name)
        with ReferrersRegistry.start(folder / "registry") as registry:
            if arguments.what in {"all", "commands"}:
                _commands(folder, registry.address, arguments)
            if arguments.what in {"all", "gates"}:
                _gates(folder, registry.address, arguments)
            if arguments.what in {"all", "trust"}:
                _trust(folder, registry.address, arguments)
            if arguments.what in {"all", "reports"}:
                _reports(folder, registry.address, arguments)
            if arguments.what == "puller" or (arguments.what == "all" and not arguments.no_cluster):
                _puller(folder, registry.address, arguments)
    return 0


def _commands(folder: Path, registry: str, arguments: argparse.Namespace) -> None:
    bench = _bench(folder, registry)
    _print_all(bench, start_up(), arguments.runs)
    _print_all(bench, picture(bench), arguments.runs)
    for size in arguments.sizes:
        _print_all(bench, without_cluster(bench, size), arguments.runs)
    if not arguments.no_cluster:
        with ControlPlane.start(folder / "cluster") as cluster:
            bench = Bench(folder, cluster.kubeconfig, registry, bench.environment)
            for size in arguments.sizes:
                _print_all(bench, with_cluster(bench, size), arguments.runs)


def _gates(folder: Path, registry: str, arguments: argparse.Namespace) -> None:
    bench = _bench(folder / "gates", registry)
    for size in arguments.sizes:
        _print_all(bench, gates(bench, size), arguments.runs)


def _trust(folder: Path, registry: str, arguments: argparse.Namespace) -> None:
    bench = _bench(folder / "trust", registry)
    with SigstoreDeployment.start(folder / "sigstore") as sigstore:
        _print_all(bench, against_cosign(bench, sigstore), arguments.runs)
        for case in own_time(bench, sigstore):
            print(_own_row(case, case.run(bench, arguments.runs)), flush=True)


def _reports(folder: Path, registry: str, arguments: argparse.Namespace) -> None:
    bench = _bench(folder / "reports", registry)
    with Chromium.start(folder / "chromium") as browser:
        for size in arguments.sizes:
            for case in report_cases(bench, browser, size):
                print(_own_row(case, case.run(arguments.runs)), flush=True)


def _bench(folder: Path, registry: str) -> Bench:
    print(
        ROW.format(
            "case", "objects", "min s", "med s", "cpu s", "peer min", "peer med", "ratio", "aim", "", "MiB ours/peer"
        )
    )
    folder.mkdir(exist_ok=True)
    bench = Bench(folder, folder / "cluster" / "kubeconfig", registry, environment())
    subprocess.run(gitless("keys", "generate"), cwd=folder, env=bench.environment, check=True, stdout=-3)
    return bench


def _puller(folder: Path, registry: str, arguments: argparse.Namespace) -> None:
    print(HEADER)
    for count in arguments.objects:
        for variant in arguments.variants:
            fleet = Fleet(count=count, registry=registry, variant=variant, shared=arguments.artifacts == "one")
            for subject in arguments.subjects:
                for row in measure_fleet(folder / f"{count}-{variant}-{subject}", fleet, subject):
                    print(row, flush=True)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


def _print_all(bench: Bench, cases: Iterator[Case], runs: int) -> None:
    for case in cases:
        ours, peer = bench.run(case, runs)
        print(_row(case, ours, peer), flush=True)


def _row(case: Case, ours: Series, peer: Series | None) -> str:
    reached = ours.median / peer.median if peer else ours.median
    is_met = reached <= case.aim and ours.memory <= MEMORY
    return ROW.format(
        case.name,
        case.objects or "",
        f"{ours.fastest:.2f}",
        f"{ours.median:.2f}",
        f"{ours.processor:.2f}",
        f"{peer.fastest:.2f}" if peer else "",
        f"{peer.median:.2f}" if peer else "",
        f"{reached:.2f}" if peer else "",
        f"{case.aim:.2f}" if peer else f"{case.aim:.1f} s",
        "ok" if is_met else "MISS",
        f"{ours.memory:.0f}/{peer.memory:.0f} {case.peer_name}" if peer else f"{ours.memory:.0f}",
    )


def _own_row(case: OwnCase | ReportCase, found: Series) -> str:
    processor = f"{found.processor:.2f}" if found.processor else ""
    is_met = found.median <= case.aim and (not processor or found.memory <= MEMORY)
    return ROW.format(
        case.name, case.objects, f"{found.fastest:.2f}", f"{found.median:.2f}", processor, "", "", "",
        f"{case.aim:.1f} s", "ok" if is_met else "MISS", f"{found.memory:.0f}",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
