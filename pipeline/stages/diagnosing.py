"""Find out why objects are not healthy: their events, and their pods' states, events and last log lines.

Everything is bounded, for a broken cluster can say endlessly much about itself, and made printable, for logs and event
messages are whatever a container wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.errors import ClusterError
from pipeline.model.cluster import Event
from pipeline.model.documents.printable import printable
from pipeline.model.health import Health, HealthStatus, health, owned_pods, pod_selector
from pipeline.model.health.verdict import condition, count, lookup
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.outcome.verify import ContainerReport, Findings, ObjectHealth, PodReport
from pipeline.ports import Clock, Cluster
from pipeline.stages.parallel import in_parallel

MAX_OBJECTS = 10
MAX_PODS = 3
MAX_EVENTS = 5
MAX_CONTAINERS = 5
LOG_LINES = 10
LINE_WIDTH = 240
MESSAGE_WIDTH = 500
"""In characters, as is the width of a line."""


def diagnose(
    unhealthy: Sequence[ObjectHealth], cluster: Cluster, clock: Clock, *, concurrency: int = 8
) -> dict[ObjectId, Findings]:
    """What may explain the first objects' state. What cannot be read is noted and does not raise."""

    def explain(item: ObjectHealth) -> tuple[ObjectId, Findings]:
        try:
            return item.object_id, _findings(item, cluster, clock)
        except ClusterError as error:
            return item.object_id, Findings(notes=(f"nothing more can be told: {error.message}",))

    there = [item for item in unhealthy if item.health.status is not HealthStatus.NOT_FOUND]
    return dict(in_parallel(explain, there[:MAX_OBJECTS], concurrency=concurrency))


def _findings(item: ObjectHealth, cluster: Cluster, clock: Clock) -> Findings:
    kind = cluster.resource_type(item.api_version, item.object_id.kind)
    body = cluster.read(kind, item.object_id.namespace, item.object_id.name) if kind else None
    if body is None:
        return Findings(notes=("it is gone now",))
    findings = Findings(events=_events(cluster, item.object_id, body), notes=tuple(_notes(body)))
    try:
        pods = [pod for pod in _pods(body, cluster) if _is_in_trouble(pod, clock.now())]
    except ClusterError as error:
        return replace(findings, notes=(*findings.notes, f"its pods cannot be listed: {error.message}"))
    # The latest pods are those of the latest rollout.
    pods.sort(key=lambda pod: str(lookup(pod, "metadata.creationTimestamp", "")), reverse=True)
    reports = tuple(_report(pod, cluster, clock.now()) for pod in pods[:MAX_PODS])
    if body.get("kind") == "Pod":
        # Its events are told with the pod.
        findings = replace(findings, events=())
    return replace(findings, pods=reports, more_pods=max(0, len(pods) - MAX_PODS))


def _notes(body: Body) -> Iterator[str]:
    failure = condition(body, "ReplicaFailure")
    if failure is not None and failure.is_true:
        yield printable(f"pods cannot be created: {failure.message or failure.reason}", MESSAGE_WIDTH)


def _pods(workload: Body, cluster: Cluster) -> tuple[Body, ...]:
    if workload.get("kind") == "Pod":
        return (workload,)
    selector = pod_selector(workload)
    pod_type = cluster.resource_type("v1", "Pod") if selector else None
    if pod_type is None:
        return ()
    return owned_pods(workload, cluster.list_objects(pod_type, lookup(workload, "metadata.namespace"), selector))


def _is_in_trouble(pod: Body, now: float) -> bool:
    """A failed pod is settled by kstatus's rules, yet it is what explains a failed Job."""
    return not health(pod, now=now).is_current or lookup(pod, "status.phase") == "Failed"


def _report(pod: Body, cluster: Cluster, now: float) -> PodReport:
    name = str(lookup(pod, "metadata.name", ""))
    namespace = str(lookup(pod, "metadata.namespace", ""))
    verdict = health(pod, now=now)
    containers = []
    for status in list(_troubled_containers(pod))[:MAX_CONTAINERS]:
        state, is_previous = _state(status)
        lines = _log(cluster, namespace, name, str(status.get("name", "")), is_previous=is_previous)
        containers.append(
            ContainerReport(name=str(status.get("name", "")), state=state, lines=lines, is_previous=is_previous)
        )
    return PodReport(
        name=name,
        health=Health(verdict.status, verdict.reason, printable(verdict.message, MESSAGE_WIDTH)),
        events=_events(cluster, ObjectId("", "Pod", namespace, name), pod),
        containers=tuple(containers),
    )


def _troubled_containers(pod: Body) -> Iterator[Mapping[str, Any]]:
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in lookup(pod, f"status.{field}", []):
            ended_well = lookup(status, "state.terminated.exitCode") == 0
            if not ended_well and not (status.get("ready") and "running" in (status.get("state") or {})):
                yield status


def _state(status: Mapping[str, Any]) -> tuple[str, bool]:
    """A container's state in words, and whether its previous run is the one whose log tells something."""
    restarts = count(status, "restartCount")
    again = f", restarted {restarts} times" if restarts > 1 else ", restarted once" if restarts else ""
    last = _ending(lookup(status, "lastState.terminated"))
    waiting, ended = lookup(status, "state.waiting"), lookup(status, "state.terminated")
    if waiting is not None:
        message = f" ({waiting['message']})" if waiting.get("message") else ""
        words = f"waiting: {waiting.get('reason', 'unknown reason')}{message}"
        state = words + (f"; last run {last}" if last else "")
        return printable(state + again, MESSAGE_WIDTH), bool(restarts)
    if ended is not None:
        return printable(_ending(ended) + again, MESSAGE_WIDTH), False
    return printable("running, not ready" + again, MESSAGE_WIDTH), False


def _ending(terminated: Mapping[str, Any] | None) -> str:
    if terminated is None:
        return ""
    reason = f" ({terminated['reason']})" if terminated.get("reason") else ""
    message = f": {terminated['message']}" if terminated.get("message") else ""
    return f"ended with exit code {terminated.get('exitCode', 'unknown')}{reason}{message}"


def _log(cluster: Cluster, namespace: str, pod: str, container: str, *, is_previous: bool) -> tuple[str, ...]:
    try:
        lines = cluster.logs(namespace, pod, container, lines=LOG_LINES, previous=is_previous)
    except ClusterError:
        # Rights to read logs are often withheld, and the rest of the report is good without them.
        return ()
    return tuple(printable(line, LINE_WIDTH) for line in lines[-LOG_LINES:])


def _events(cluster: Cluster, object_id: ObjectId, body: Body) -> tuple[Event, ...]:
    """The last warnings, or where there are none the last events of any type."""
    try:
        events = cluster.events(object_id, str(lookup(body, "metadata.uid", "")))
    except ClusterError:
        return ()
    warnings = [event for event in events if event.type == "Warning"]
    return tuple(
        replace(event, message=printable(event.message, MESSAGE_WIDTH)) for event in (warnings or events)[-MAX_EVENTS:]
    )
