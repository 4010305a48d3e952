"""The puller's metrics, under the names that Flux's controllers and controller-runtime have where there are such.

Sources: fluxcd ``pkg/runtime/metrics``, controller-runtime ``pkg/metrics``, and for ``gotk_resource_info`` what
``fluxcd/flux2-monitoring-example`` makes of kube-state-metrics. Requests per reconciliation are
``sum(rate(rest_client_requests_total)) / sum(rate(controller_runtime_reconcile_total))``.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.puller.object_series import ObjectSeries

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_KINDS = {each.kind: each for each in (OCI_REPOSITORIES, KUSTOMIZATIONS)}
_MAX_HOSTS = 50
_MAX_TEXT = 200
_REQUEST_BUCKETS = (0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30)
_RECONCILE_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_QUEUE_BUCKETS = tuple(10.0**power for power in range(-5, 4))


class _Controller(NamedTuple):
    succeeded: Counter
    failed: Counter
    errors: Counter
    seconds: Histogram


class Metrics:
    """Plain methods to count with; each takes a few microseconds and is safe in many threads."""

    def __init__(self, *, api_host: str = "") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._objects = ObjectSeries()
        self._api_host = api_host
        self._hosts: set[str] = set()
        self._by_kind: dict[str, _Controller] = {}
        self._lock = threading.Lock()
        self._controllers()
        self._requests()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Children())

    def reconciled(self, kind: str, namespace: str, name: str, *, seconds: float, succeeded: bool) -> None:
        """One reconciliation has ended."""
        self._objects.reconciled((kind, namespace, name), seconds)
        controller = self._controller(kind)
        controller.seconds.observe(seconds)
        if succeeded:
            controller.succeeded.inc()
        else:
            controller.failed.inc()
            controller.errors.inc()

    def object_state(
        self,
        kind: str,
        namespace: str,
        name: str,
        *,
        ready: str,
        suspended: bool,
        revision: str = "",
        source_name: str = "",
        url: str = "",
    ) -> None:
        """How the object stands now; ``ready`` is the status of its condition: True, False or Unknown."""
        labels = [("ready", ready), ("suspended", "true" if suspended else "false"), ("revision", revision[:_MAX_TEXT])]
        labels += [("source_name", source_name)] if source_name else []
        labels += [("url", url[:_MAX_TEXT])] if url else []
        self._objects.told((kind, namespace, name), labels)

    def drift(self, kind: str, namespace: str, name: str, objects: int) -> None:
        """How many of its objects have drifted, as last seen."""
        self._objects.drifted((kind, namespace, name), objects)

    def artifact(self, namespace: str, name: str, size: int) -> None:
        """Compressed size in bytes of an OCIRepository's artifact."""
        self._objects.sized((OCI_REPOSITORIES.kind, namespace, name), size)

    def forget(self, kind: str, namespace: str, name: str) -> None:
        """The object is gone: so are its series. Call it after the last of the other calls about it."""
        self._objects.forget((kind, namespace, name))

    def queue(self, depth: int, name: str = "gitless") -> None:
        """How many objects wait for a worker."""
        self._depth.labels(name, name).set(depth)

    def queued_for(self, seconds: float, name: str = "gitless") -> None:
        """How long an object has waited for a worker."""
        self._queued.labels(name, name).observe(seconds)

    def workers(self, active: int, kind: str = "gitless", *, of: int | None = None) -> None:
        """How many workers are at it, and out of how many."""
        self._workers.labels(kind.lower()).set(active)
        if of is not None:
            self._max_workers.labels(kind.lower()).set(of)

    def leader(self, name: str, *, is_leader: bool) -> None:
        """Whether this process holds the Lease."""
        self._leader.labels(name).set(1 if is_leader else 0)

    def cache(self, size: int) -> None:
        """How many bytes the artifacts on disk take."""
        self._cache.set(size)

    def events_dropped(self, count: int = 1) -> None:
        """So many events were not written, for there were too many."""
        self._dropped.inc(count)

    def api_request(self, method: str, status: int, seconds: float, host: str = "") -> None:
        """One request to an API server has ended; ``status`` is HTTP's, or 0 where no answer came."""
        self._api_requests.labels(_code(status), method.upper(), self._bounded(host or self._api_host)).inc()
        self._api_seconds.labels(method.upper()).observe(seconds)

    def registry_request(self, method: str, status: int, seconds: float, host: str = "") -> None:
        """One request to a registry has ended; the same."""
        self._registry_requests.labels(_code(status), method.upper(), self._bounded(host)).inc()
        self._registry_seconds.labels(method.upper()).observe(seconds)

    def chunks(self) -> Iterator[bytes]:
        """Everything in Prometheus' text format, piece by piece: for 2,000 objects it is 4 MB."""
        yield generate_latest(self._registry)
        yield from self._objects.chunks(_group_and_version)

    def text(self) -> bytes:
        """The same at once."""
        return b"".join(self.chunks())

    def _controllers(self) -> None:
        counter, gauge, histogram = self._counter, self._gauge, self._histogram
        self._reconciled = counter("controller_runtime_reconcile", "Reconciliations by result.", "controller", "result")
        self._errors = counter("controller_runtime_reconcile_errors", "Reconciliations that failed.", "controller")
        self._seconds = histogram(
            "controller_runtime_reconcile_time_seconds", "Length of reconciliations.", _RECONCILE_BUCKETS, "controller"
        )
        self._workers = gauge("controller_runtime_active_workers", "Workers that are busy.", "controller")
        self._max_workers = gauge("controller_runtime_max_concurrent_reconciles", "Workers.", "controller")
        self._depth = gauge("workqueue_depth", "Objects that wait for a worker.", "controller", "name")
        self._queued = histogram(
            "workqueue_queue_duration_seconds", "How long objects wait.", _QUEUE_BUCKETS, "controller", "name"
        )
        self._leader = gauge("leader_election_master_status", "Whether we are the leader.", "name")
        for kind in _KINDS:
            self._controller(kind)

    def _requests(self) -> None:
        counter, histogram = self._counter, self._histogram
        self._api_requests = counter("rest_client_requests", "Requests to API servers.", "code", "method", "host")
        self._api_seconds = histogram(
            "gitless_api_request_seconds", "Length of API requests.", _REQUEST_BUCKETS, "method"
        )
        self._registry_requests = counter(
            "gitless_registry_requests", "Requests to registries.", "code", "method", "host"
        )
        self._registry_seconds = histogram(
            "gitless_registry_request_seconds", "Length of requests to registries.", _REQUEST_BUCKETS, "method"
        )
        self._cache = self._gauge("gitless_cache_bytes", "Size of the artifacts on disk.")
        self._dropped = counter("gitless_events_dropped", "Events that were not written.")

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self._registry)

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(name, documentation, labels, registry=self._registry)

    def _histogram(self, name: str, documentation: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, documentation, labels, registry=self._registry, buckets=buckets)

    def _controller(self, kind: str) -> _Controller:
        """The series of a kind, found once; they begin with zero, which rates need."""
        found = self._by_kind.get(kind)
        if found is None:
            name = kind.lower()
            found = _Controller(
                self._reconciled.labels(name, "success"),
                self._reconciled.labels(name, "error"),
                self._errors.labels(name),
                self._seconds.labels(name),
            )
            self._by_kind[kind] = found
        return found

    def _bounded(self, host: str) -> str:
        """Hosts come from custom resources: whoever makes those up must not fill our memory."""
        if host in self._hosts:
            return host
        with self._lock:
            if len(self._hosts) >= _MAX_HOSTS:
                return "other"
            self._hosts.add(host)
        return host


class _Children(Collector):
    """CPU of the programs that were started and have ended: kustomize, sops, notation."""

    def collect(self) -> Iterable[Metric]:
        """Ask the operating system."""
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield CounterMetricFamily(
            "gitless_programs_cpu_seconds",
            "CPU time of the programs that were started.",
            value=usage.ru_utime + usage.ru_stime,
        )


def _code(status: int) -> str:
    """As client-go names it."""
    return str(status) if status else "<error>"


def _group_and_version(kind: str) -> tuple[str, str]:
    found = _KINDS.get(kind)
    if found is None:
        return "", ""
    return found.group, found.api_version.rpartition("/")[2]
