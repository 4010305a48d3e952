"""A Kustomization's turn: reconcile it, wait for health elsewhere, finish it once that is settled."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from threading import Lock

from pipeline.errors import PipelineError, StaleError
from pipeline.model.flux import api
from pipeline.model.flux.outcome import ObjectEvent, Outcome, Severity
from pipeline.model.manifests import Body
from pipeline.puller.desk import Desk
from pipeline.puller.health_waits import HealthWaits, Verdicts
from pipeline.puller.keys import OCI_REPOSITORY, Key
from pipeline.puller.kustomizations.finalizing import POLL, finalize
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.reconcile import Waiting, reconcile_kustomization
from pipeline.puller.queue import Turn

_OVERDUE = 30.0
"""Seconds after a wait's deadline at which its Kustomization has another turn, whatever became of the wait."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A reconciliation whose health is being waited for."""

    waiting: Waiting
    generation: object
    revision: str
    began: float


class KustomizationTurns:
    """Reconciles Kustomizations; a turn never waits for health itself."""

    def __init__(self, parts: Parts, waits: HealthWaits, desk: Desk) -> None:
        self._parts = parts
        self._waits = waits
        self._desk = desk
        self._lock = Lock()
        self._pending: dict[Key, _Pending] = {}
        self._verdicts: dict[Key, Verdicts] = {}
        self._woken: set[Key] = set()
        """Those with another reason for a turn than that their wait is settled."""
        self._blocked: set[Key] = set()
        self._starved: dict[Key, set[Key]] = defaultdict(set)

    def wake(self, key: Key, *, after: float = 0.0) -> None:
        """Ask for a reconciliation."""
        if after <= 0.0:
            with self._lock:
                self._woken.add(key)
        self._desk.queue.add(key, after=after)

    def settled(self, key: Key, verdicts: Verdicts) -> None:
        """A wait for health has ended."""
        with self._lock:
            self._verdicts[key] = verdicts
        self._desk.queue.add(key)

    def is_blocked(self, key: Key) -> bool:
        """Whether it waits for something that it depends on."""
        return key in self._blocked

    def source_is_done(self, source: Key) -> None:
        """A source was reconciled: whoever lacked its artifact in the cache may have it now."""
        with self._lock:
            starved = self._starved.pop(source, ())
        for key in starved:
            self.wake(key)

    def take(self, turn: Turn) -> None:
        """Reconcile or finish it.

        Raises:
            PipelineError: its status could not be written, or its objects could not be deleted.
        """
        key = turn.key
        body = self._parts.kustomizations.get(key)
        with self._lock:
            verdicts, woken = self._verdicts.pop(key, None), key in self._woken
            self._woken.discard(key)
            pending = self._pending.get(key)
            if body is None or woken or verdicts is None:
                self._pending.pop(key, None)
        if body is None:
            self._forget(key)
        elif pending is not None and verdicts is not None and not woken:
            self._finish(key, body, pending, verdicts)
        else:
            self._waits.cancel(key)
            self._begin(turn, body, pending)

    def _begin(self, turn: Turn, body: Body, interrupted: _Pending | None) -> None:
        key = turn.key
        if body["metadata"].get("deletionTimestamp"):
            self._finalize(key, body)
            return
        if api.FINALIZER not in (body["metadata"].get("finalizers") or ()):
            self._desk.statuses.add_finalizer(key, body)
            body = self._parts.kustomizations.get(key) or body
        if (body.get("spec") or {}).get("suspend"):
            self._desk.metrics.object_state(key.kind, key.namespace, key.name, ready="Unknown", suspended=True)
            return
        if self._is_premature(body):
            self._desk.queue.add(key, after=self._parts.options.requeue_dependency)
            return
        began = time.monotonic()
        deadline = None
        if interrupted is not None:
            if _same(interrupted, body, self._revision(body)):
                deadline, began = interrupted.waiting.wait.deadline, interrupted.began
            else:
                self._tell_cancelled(key, body, interrupted)
        result = reconcile_kustomization(body, self._parts, since=turn.since, deadline=deadline)
        latest = self._parts.kustomizations.get(key) or body
        if isinstance(result, Outcome):
            self._settle(key, latest, result, seconds=time.monotonic() - began)
            return
        self._desk.tell(key, body, result.events)
        with self._lock:
            self._pending[key] = _Pending(result, body["metadata"].get("generation"), self._revision(body), began)
        # Should the wait get lost, this brings the object back.
        late = max(0.0, result.wait.deadline - self._parts.clock.now()) + _OVERDUE
        self._desk.queue.add(key, after=late)
        self._waits.add(result.wait)

    def _finish(self, key: Key, body: Body, pending: _Pending, verdicts: Verdicts) -> None:
        with self._lock:
            self._pending.pop(key, None)
        self._desk.queue.forget(key)
        outcome = pending.waiting.finish(body, verdicts)
        self._settle(key, body, outcome, seconds=time.monotonic() - pending.began)

    def _settle(self, key: Key, body: Body, outcome: Outcome, *, seconds: float) -> None:
        reason = _reason(outcome)
        with self._lock:
            (self._blocked.add if reason == api.DEPENDENCY_NOT_READY else self._blocked.discard)(key)
        if reason == api.ARTIFACT_FAILED:
            self._pull_again(key, body)
        self._desk.settle(key, body, outcome, seconds=seconds)

    def _pull_again(self, key: Key, body: Body) -> None:
        """The artifact may be missing in the cache: its source looks, and pulls it where that is so."""
        reference = (body.get("spec") or {}).get("sourceRef") or {}
        source = Key(OCI_REPOSITORY, reference.get("namespace") or key.namespace, str(reference.get("name")))
        found = self._parts.sources.get(source)
        artifact = ((found or {}).get("status") or {}).get("artifact")
        if artifact is None or self._parts.has_artifact(str(artifact.get("digest"))):
            return
        with self._lock:
            self._starved[source].add(key)
        self._desk.queue.add(source)

    def _finalize(self, key: Key, body: Body) -> None:
        if api.FINALIZER not in (body["metadata"].get("finalizers") or ()):
            return
        try:
            may_go, events = finalize(body, self._parts)
        except PipelineError as error:
            event = ObjectEvent(
                Severity.ERROR, api.PRUNE_FAILED, f"pruning for deleted resource failed: {error.message}"
            )
            self._desk.tell(key, body, (event,))
            raise
        self._desk.tell(key, body, events)
        if not may_go:
            self._desk.queue.add(key, after=POLL)
            return
        try:
            self._desk.statuses.remove_finalizer(key, body)
        except StaleError:
            self._desk.queue.add(key, after=1.0)

    def _forget(self, key: Key) -> None:
        self._waits.cancel(key)
        with self._lock:
            self._blocked.discard(key)
            self._woken.discard(key)
        self._desk.backoff.succeeded(key)
        self._desk.metrics.forget(key.kind, key.namespace, key.name)

    def _is_premature(self, body: Body) -> bool:
        """Whether it is new, and so is its source: whatever could be said now is outdated in a moment."""
        if (body.get("status") or {}).get("conditions"):
            return False
        metadata, reference = body["metadata"], (body.get("spec") or {}).get("sourceRef") or {}
        namespace = reference.get("namespace") or metadata["namespace"]
        found = self._parts.sources.get(Key(OCI_REPOSITORY, namespace, str(reference.get("name"))))
        return found is not None and not (found.get("status") or {}).get("conditions")

    def _revision(self, body: Body) -> str:
        reference = (body.get("spec") or {}).get("sourceRef") or {}
        namespace = reference.get("namespace") or body["metadata"]["namespace"]
        found = self._parts.sources.get(Key(OCI_REPOSITORY, namespace, str(reference.get("name")))) or {}
        return str(((found.get("status") or {}).get("artifact") or {}).get("revision") or "")

    def _tell_cancelled(self, key: Key, body: Body, interrupted: _Pending) -> None:
        text = f"Health checks of revision {interrupted.revision} canceled due to new reconciliation"
        event = ObjectEvent(Severity.INFO, api.HEALTH_CHECK_CANCELED, text, {"revision": self._revision(body)})
        self._desk.tell(key, body, (event,))


def _same(interrupted: _Pending, body: Body, revision: str) -> bool:
    """Whether it waits for the same as before, so that its time goes on running."""
    return (interrupted.generation, interrupted.revision) == (body["metadata"].get("generation"), revision)


def _reason(outcome: Outcome) -> str:
    conditions = outcome.status.get("conditions") or ()
    return next((str(item.get("reason")) for item in conditions if item.get("type") == api.READY), "")
