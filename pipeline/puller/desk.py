"""What the turns of both kinds have in common: telling, counting, and coming back later."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigurationError
from pipeline.model.documents.durations import parse_duration
from pipeline.model.flux.conditions import Conditions
from pipeline.model.flux.outcome import ObjectEvent, Outcome, Severity
from pipeline.model.manifests import Body
from pipeline.puller.backoff import LONGEST, Backoff, jittered
from pipeline.puller.keys import Key
from pipeline.puller.metrics import Metrics
from pipeline.puller.queue import WorkQueue
from pipeline.puller.recording import EventRecorder
from pipeline.puller.statuses import Statuses
from pipeline.reports.log import Log


def _interval(body: Body) -> float:
    """Seconds between two looks at the object, as it asks for."""
    try:
        return max(1.0, parse_duration(str((body.get("spec") or {}).get("interval"))))
    except ConfigurationError:
        return LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where outcomes go."""

    queue: WorkQueue
    statuses: Statuses
    recorder: EventRecorder
    metrics: Metrics
    backoff: Backoff
    log: Log
    jitter: float

    def settle(self, key: Key, body: Body, outcome: Outcome, *, seconds: float) -> None:
        """Write the status, tell what happened, and come back in time.

        Raises:
            ClusterError: the status could not be written; nothing is told then.
        """
        self.statuses.write(key, outcome.status)
        self.tell(key, body, outcome.events)
        self.metrics.reconciled(key.kind, key.namespace, key.name, seconds=seconds, succeeded=outcome.succeeded)
        self._count(key, body, outcome)
        if outcome.succeeded:
            self.backoff.succeeded(key)
        if outcome.requeue_after is not None:
            self.queue.add(key, after=jittered(outcome.requeue_after, self.jitter))
        elif not outcome.succeeded:
            # Trouble is no reason to look less often than asked for.
            self.queue.add(key, after=min(self.backoff.failed(key), _interval(body)))

    def tell(self, key: Key, body: Body, events: tuple[ObjectEvent, ...]) -> None:
        """As Kubernetes Events and in the log."""
        for event in events:
            self.recorder.record(body, event)
            log = self.log.about(key.kind, key.namespace, key.name, event.metadata.get("revision", ""))
            (log.error if event.severity is Severity.ERROR else log.info)(event.message, reason=event.reason)

    def _count(self, key: Key, body: Body, outcome: Outcome) -> None:
        status = outcome.status
        ready = Conditions.of({"status": status}).get("Ready")
        artifact = status.get("artifact") or {}
        spec = body.get("spec") or {}
        self.metrics.object_state(
            key.kind,
            key.namespace,
            key.name,
            ready=ready.status if ready is not None else "Unknown",
            suspended=bool(spec.get("suspend")),
            revision=str(status.get("lastAppliedRevision") or artifact.get("revision") or ""),
            source_name=str((spec.get("sourceRef") or {}).get("name") or ""),
            url=str(spec.get("url") or ""),
        )
