"""What Pods and events say of an object that is not healthy, line by line; nothing is made fit for any format yet."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.cluster import Event
from pipeline.model.outcome.verify import ContainerReport, PodReport


def pod_lines(pod: PodReport) -> Iterator[str]:
    """A Pod with its events, and its containers with the last lines of their logs."""
    yield f"Pod {pod.name}: {pod.health.status}" + (f", {pod.health.message}" if pod.health.message else "")
    yield from (f"  {event_line(event)}" for event in pod.events)
    for container in pod.containers:
        yield from _container(container)


def event_line(event: Event) -> str:
    """An event, and how often it was seen."""
    times = f" (x{event.count})" if event.count > 1 else ""
    return f"{event.type} {event.reason}{times}: {event.message}"


def _container(container: ContainerReport) -> Iterator[str]:
    yield f"  container {container.name}: {container.state}"
    if container.lines:
        yield f"    last log lines{' of its previous run' if container.is_previous else ''}:"
    yield from (f"    | {line}" for line in container.lines)
