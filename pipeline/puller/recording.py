"""Writes Events beside the work, never in its way: what is too much is dropped and counted, what fails is logged."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.errors import ClusterError, PipelineError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import EVENTS
from pipeline.model.flux.conditions import timestamp
from pipeline.model.flux.events import Occurrence, SpamFilter
from pipeline.model.flux.outcome import ObjectEvent
from pipeline.model.manifests import Body, ObjectId
from pipeline.ports import Clock, Reporter

_MAX_QUEUED = 1000
_REMEMBERED = 2048
_TRIES = 3
_RETRY_SECONDS = 1.0
_SECONDS_BETWEEN_COMPLAINTS = 60.0


class EventWriter(Protocol):
    """What is needed of ``ports.ApiServer``."""

    def create(self, resource_type: ResourceType, body: Body, *, manager: str) -> Body:
        """Create the Event."""
        ...

    def merge_patch(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        patch: Mapping[str, Any],
        *,
        manager: str,
        subresource: str = "",
    ) -> Body | None:
        """Count it once more."""
        ...


@dataclass(slots=True)
class _Written:
    object_id: ObjectId
    count: int


class EventRecorder:
    """Takes events from any thread and writes them in one of its own, from :meth:`start` to :meth:`stop`.

    The same event again is counted in the one that is there. 1,000 wait at most; the oldest are dropped then.
    """

    def __init__(
        self,
        api: EventWriter,
        clock: Clock,
        reporter: Reporter,
        *,
        controller: str,
        instance: str,
        on_drop: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what is needed.

        Args:
            api: where events are written.
            clock: their times.
            reporter: told of failures, once a minute at most.
            controller: who reports events about kinds that none of Flux's controllers has.
            instance: which of the processes: the pod's name.
            on_drop: told of every event that is not written.
        """
        self._api = api
        self._clock = clock
        self._reporter = reporter
        self._controller = controller
        self._instance = instance
        self._on_drop = on_drop
        self._queue: deque[Occurrence] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._deadline = 0.0
        self._filter = SpamFilter()
        self._written: OrderedDict[bytes, _Written] = OrderedDict()
        self._number = 0
        self._failures = 0
        self._complained: float | None = None
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def record(self, about: Body, event: ObjectEvent) -> None:
        """Say something about an object; returns at once."""
        occurrence = Occurrence.of(about, event, self._clock.now())
        with self._changed:
            if self._stopping or not self._filter.lets(occurrence):
                self._on_drop()
                return
            if len(self._queue) >= _MAX_QUEUED:
                self._queue.popleft()
                self._on_drop()
            self._queue.append(occurrence)
            self._changed.notify()

    def stop(self, seconds: float = 2.0) -> None:
        """Write what waits, as far as that goes in so many seconds, and end."""
        with self._changed:
            self._stopping = True
            self._deadline = time.monotonic() + seconds
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds + 0.5)

    def _work(self) -> None:
        while (occurrence := self._next()) is not None:
            try:
                self._write_patiently(occurrence)
            except Exception as error:  # noqa: BLE001 - this thread must live, whatever one event does to it
                self._failed(error)

    def _next(self) -> Occurrence | None:
        with self._changed:
            while not self._queue and not self._stopping:
                self._changed.wait()
            is_over = self._stopping and time.monotonic() >= self._deadline
            if not self._queue or is_over:
                for _ in self._queue:
                    self._on_drop()
                self._queue.clear()
                return None
            return self._queue.popleft()

    def _write_patiently(self, occurrence: Occurrence) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                self._write(occurrence)
            except ClusterError as error:
                # Only a server that does not answer may answer next time.
                if error.code != "cluster.unreachable" or attempt == _TRIES or self._is_stopping_after(_RETRY_SECONDS):
                    self._failed(error)
                    return
            else:
                return

    def _is_stopping_after(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, seconds)

    def _write(self, occurrence: Occurrence) -> None:
        found = self._written.pop(occurrence.key, None)
        if found is not None and self._counted(found, occurrence):
            self._written[occurrence.key] = found
            return
        self._number += 1
        body = occurrence.document(controller=self._controller, instance=self._instance, number=self._number)
        self._api.create(EVENTS, body, manager=self._controller)
        metadata = body["metadata"]
        self._written[occurrence.key] = _Written(ObjectId("", "Event", metadata["namespace"], metadata["name"]), 1)
        if len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)

    def _counted(self, found: _Written, occurrence: Occurrence) -> bool:
        """Count once more in the event that is there; not so if it has expired."""
        patch = {"count": found.count + 1, "lastTimestamp": timestamp(occurrence.time)}
        if self._api.merge_patch(EVENTS, found.object_id, patch, manager=self._controller) is None:
            return False
        found.count += 1
        return True

    def _failed(self, error: Exception) -> None:
        self._on_drop()
        self._failures += 1
        now = time.monotonic()
        if self._complained is not None and now - self._complained < _SECONDS_BETWEEN_COMPLAINTS:
            return
        message = error.message if isinstance(error, PipelineError) else repr(error)
        self._reporter.warn(f"cannot write an Event: {message}", failures=self._failures)
        self._complained, self._failures = now, 0
