"""The puller, measured from the first object to an idle process: one control plane and one process per fleet."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.model.flux.definitions import DEFINITIONS
from tests.bench import puller_rows as aims
from tests.bench.counting import Counts, counts
from tests.bench.fleet import Fleet
from tests.bench.fleet_client import KUSTOMIZATIONS, MERGE, SOURCES, Client, State, Watcher
from tests.bench.puller_rows import Row
from tests.bench.subjects import Subject, running
from tests.bench.usage import Cpu, Peak, Process
from tests.platform.control_plane import ControlPlane
from tests.platform.processes import wait_until
from tests.platform.puller import NAMESPACE

_IDLE_SECONDS = 10.0
_REVISIONS = 5
_SECONDS, _SECONDS_PER_APPLICATION = 60.0, 1.0


@dataclass(frozen=True, slots=True)
class _Before:
    time: float
    cpu: Cpu
    server: Cpu
    counts: Counts
    ours: int


class Measurement:
    """One fleet on one control plane."""

    def __init__(self, fleet: Fleet, cluster: ControlPlane, subject: Subject) -> None:
        self._fleet = fleet
        self._access = cluster.access
        self._subject = subject
        self._server = Process.recorded(cluster.directory, "kube-apiserver")
        self._client = Client(cluster.access)
        self._sources_path = SOURCES.format(fleet.namespace)
        self._kustomizations_path = KUSTOMIZATIONS.format(fleet.namespace)

    def rows(self) -> Iterator[Row]:
        """All phases, in their order."""
        fleet = self._fleet
        with ExitStack() as stack:
            peak = stack.enter_context(Peak(self._subject.descendants))
            sources = stack.enter_context(Watcher(self._client, self._sources_path))
            kustomizations = stack.enter_context(Watcher(self._client, self._kustomizations_path))
            yield self._all_ready(kustomizations, peak)
            yield self._idle(peak)
            yield self._nothing_to_do(sources, kustomizations, peak)
            yield self._new_revisions(kustomizations, fleet.names()[0], peak)

    def _all_ready(self, kustomizations: Watcher, peak: Peak) -> Row:
        before = self._before()
        self._client.create_all(self._sources_path, self._fleet.sources())
        self._client.create_all(self._kustomizations_path, self._fleet.kustomizations())
        self._wait(kustomizations, self._fleet.names(), lambda state: state.ready, "Ready")
        row = self._row("all Ready", before, peak)
        count = self._fleet.count
        return replace(row, aim=aims.READY_SECONDS.get(count), peak_aim=aims.PEAK.get(count))

    def _idle(self, peak: Peak) -> Row:
        before = self._before()
        time.sleep(_IDLE_SECONDS)
        return replace(self._row("idle", before, peak), resident_aim=aims.IDLE.get(self._fleet.count))

    def _nothing_to_do(self, sources: Watcher, kustomizations: Watcher, peak: Peak) -> Row:
        names, token = self._fleet.names(), f"pass-{time.time_ns()}"
        before = self._before()
        self._client.request_all(self._sources_path, names, token)
        self._client.request_all(self._kustomizations_path, names, token)
        for watcher in (sources, kustomizations):
            self._wait(watcher, names, lambda state: state.handled == token and state.ready, "handled")
        row = self._row("forced pass, nothing to do", before, peak)
        count = self._fleet.count
        return replace(row, aim=aims.NO_OP_SECONDS.get(count), cpu_aim=aims.NO_OP_CPU.get(count))

    def _new_revisions(self, kustomizations: Watcher, name: str, peak: Peak) -> Row:
        """The median of several; the clock runs from the request for the source's reconciliation."""
        before, took = self._before(), []
        for number in range(_REVISIONS):
            digest = self._fleet.push(name, f"2.0.{number}")
            begun = time.monotonic()
            patch = {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": digest}}}
            self._client.send("PATCH", f"{self._sources_path}/{name}", patch, MERGE)
            self._wait(kustomizations, [name], _is_ready_at(digest), f"Ready at {digest}")
            took.append(time.monotonic() - begun)
        row = self._row(f"a new revision (median of {_REVISIONS})", before, peak)
        return replace(row, seconds=statistics.median(took), aim=aims.REVISION_SECONDS)

    def _wait(self, watcher: Watcher, names: list[str], reached: Callable[[State], bool], what: str) -> None:
        self._subject.check()
        watcher.wait(names, reached, seconds=_SECONDS + _SECONDS_PER_APPLICATION * len(names), what=what)

    def _before(self) -> _Before:
        # The counters last but for the CPU's: asking for them costs the API server some of it.
        counted = counts(self._access, self._subject.metrics())
        return _Before(time.monotonic(), self._subject.cpu(), self._server.cpu(), counted, self._client.requests)

    def _row(self, case: str, before: _Before, peak: Peak) -> Row:
        seconds, cpu, server = time.monotonic() - before.time, self._subject.cpu(), self._server.cpu()
        resident, most = self._subject.resident(), self._subject.peak()
        return Row(
            case=f"{self._subject.name}: {case}",
            variant=self._fleet.variant,
            applications=self._fleet.count,
            seconds=seconds,
            cpu=cpu - before.cpu,
            server_cpu=server - before.server,
            resident=resident,
            peak=most,
            programs_peak=peak.mebibytes,
            counts=counts(self._access, self._subject.metrics()) - before.counts,
            ours=self._client.requests - before.ours,
        )


def measure_fleet(folder: Path, fleet: Fleet, subject: str) -> Iterator[Row]:
    """Bring everything up for one fleet, measure, and take it down."""
    fleet.publish()
    with ControlPlane.start(folder / "cluster") as cluster:
        _prepare(cluster, fleet)
        with running(subject, folder / subject, cluster.kubeconfig) as started:
            yield from Measurement(fleet, cluster, started).rows()


def _prepare(cluster: ControlPlane, fleet: Fleet) -> None:
    client = Client(cluster.access)
    client.create_all("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITIONS)
    names = (fleet.namespace, NAMESPACE)
    client.create_all("/api/v1/namespaces", [{"metadata": {"name": name}} for name in names])
    served = [path.format(fleet.namespace) for path in (SOURCES, KUSTOMIZATIONS)]
    wait_until(lambda: all(map(cluster.access.answers, served)), seconds=_SECONDS, what="the definitions")


def _is_ready_at(digest: str) -> Callable[[State], bool]:
    return lambda state: state.ready and digest in state.revision
