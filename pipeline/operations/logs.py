"""Reads the logs of whoever serves Flux's kinds: the puller, Flux's controllers, or both beside each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import DEPLOYMENTS
from pipeline.model.flux.log_lines import LogFilter, LogLine, read_log_line
from pipeline.model.health import owned_pods, pod_selector
from pipeline.model.health.verdict import lookup
from pipeline.model.manifests import Body
from pipeline.operations.merging import as_they_come
from pipeline.ports import ApiServer, Reporter

_PODS = ResourceType("v1", "Pod", "pods", namespaced=True)
_PULLER = "app.kubernetes.io/name=gitless-puller"
_FLUX = "app.kubernetes.io/part-of=flux"
_MAIN_CONTAINERS = ("puller", "manager")
"""How the container that does the work is called; others are sidecars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsQuery:
    """Which lines.

    Attributes:
        namespace: where the puller or Flux's controllers run.
        wanted: which of their lines.
        follow: go on as more come.
        tail: only so many last lines of each pod, before they are filtered.
        since: only lines of the last so many seconds.
    """

    namespace: str
    wanted: LogFilter = field(default_factory=LogFilter)
    follow: bool = False
    tail: int | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class PodLine:
    """One line and the pod that wrote it."""

    pod: str
    line: LogLine


def read_logs(query: LogsQuery, server: ApiServer, reporter: Reporter) -> Iterator[PodLine]:
    """The wanted lines of all pods, in the order of time; while following, as they come.

    A pod whose log cannot be read is warned about.

    Raises:
        ClusterError: there are no pods, or the log of none of them can be read.
    """
    pods = _pods(query.namespace, server)
    streams = [_PodLog(pod, query, server, reporter) for pod in pods]
    if query.follow:
        lines = as_they_come(streams)
    else:
        ordered = merge(*(stream.in_time() for stream in streams), key=lambda timed: timed[0])
        lines = (line for _, line in ordered)
    yield from (line for line in lines if query.wanted.lets_through(line.line))
    failures = [stream.failure for stream in streams if stream.failure is not None]
    if failures and len(failures) == len(streams):
        raise failures[0]


class _PodLog:
    """One pod's lines; ``failure`` is set once they could not be read."""

    def __init__(self, pod: Body, query: LogsQuery, server: ApiServer, reporter: Reporter) -> None:
        self.failure: ClusterError | None = None
        self._name: str = pod["metadata"]["name"]
        self._container = _container(pod)
        self._query = query
        self._server = server
        self._reporter = reporter

    def __iter__(self) -> Iterator[PodLine]:
        query = self._query
        since = None if query.since is None else float(max(1, math.ceil(query.since)))
        try:
            for raw in self._server.log_lines(
                query.namespace, self._name, self._container, follow=query.follow, tail=query.tail, since=since
            ):
                yield PodLine(self._name, read_log_line(raw))
        except ClusterError as error:
            self.failure = error
            self._reporter.warn(f"pod {query.namespace}/{self._name}: {error.message}")

    def in_time(self) -> Iterator[tuple[float, PodLine]]:
        """Each with a time that never goes back; a line without one belongs to the line before it."""
        latest = 0.0
        for line in self:
            latest = max(latest, line.line.time or 0.0)
            yield latest, line


def _pods(namespace: str, server: ApiServer) -> Sequence[Body]:
    found = {pod["metadata"]["name"]: pod for pod in server.list(_PODS, namespace, _PULLER).items}
    try:
        deployments = server.list(DEPLOYMENTS, namespace, _FLUX).items
    except ClusterError as error:
        if not found or error.code != "cluster.denied":
            raise
        deployments = ()
    for deployment in deployments:
        candidates = server.list(_PODS, namespace, pod_selector(deployment)).items
        found |= {pod["metadata"]["name"]: pod for pod in owned_pods(deployment, candidates)}
    if not found:
        raise ClusterError(
            f"no pods of the puller or of Flux's controllers are in namespace {namespace} of {server.context}",
            hint="say where they run with --flux-namespace, or install the puller with `gitless install`",
            code="cluster.not-found",
        )
    return [found[name] for name in sorted(found)]


def _container(pod: Body) -> str:
    names = [str(item.get("name")) for item in lookup(pod, "spec.containers", [])]
    return next((name for name in _MAIN_CONTAINERS if name in names), names[0] if names else "")
