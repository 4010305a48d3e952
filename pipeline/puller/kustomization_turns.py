"""A Kustomization's turn: reconcile it, wait for health elsewhere, finish it once that is settled."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from pipeline.errors import PipelineError, StaleError
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.kustomization_status import Draft
from pipeline.model.flux.outcome import ObjectEvent, Outcome, Severity
from pipeline.model.manifests import Body
from pipeline.puller.desk import Desk
from pipeline.puller.health_waits import HealthWait, HealthWaits, Verdicts
from pipeline.puller.keys import OCI_REPOSITORY, Key
from pipeline.puller.kustomizations.finalizing import POLL, deletion, finalize
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.reconcile import Waiting, reconcile_kustomization
from pipeline.puller.kustomizations.stops import LED
from pipeline.puller.queue import Turn

_AGAIN = 1.0
"""Seconds until another look at an object that changed while it was being written."""
_SOON, _TOGETHER = 0.5, 3.0
_OVERDUE = 30.0
"""Seconds after a wait's deadline at which its Kustomization has another turn, whatever became of the wait."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A reconciliation whose health is being waited for."""

    waiting: Waiting
    asked: tuple[object, object]
    """The generation that was applied, and the request to reconcile that was answered."""
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

    def settled(self, wait: HealthWait, verdicts: Verdicts) -> None:
        """A wait for health has ended; if it was given up meanwhile, its end says nothing about what follows it."""
        with self._lock:
            pending = self._pending.get(wait.key)
            if pending is None or pending.waiting.wait is not wait:
                return
            self._verdicts[wait.key] = verdicts
        self._desk.queue.add(wait.key)

    def stumbled(self, key: Key, message: str) -> None:
        """A turn ended in a way that nobody thought of: say so in the status.

        Raises:
            PipelineError: it could not be written.
        """
        body = self._parts.kustomizations.get(key)
        if body is not None:
            draft = Draft.of(body, self._parts.clock.now()).failed(api.RECONCILIATION_FAILED, message)
            self._desk.statuses.write(key, draft.status())

    def is_blocked(self, key: Key) -> bool:
        """Whether it waits for something that it depends on."""
        return key in self._blocked

    def source_is_done(self, source: Key) -> None:
        """A source was reconciled: whoever lacked its artifact in the cache may have it now."""
        if self._lacks_artifact(source):
            return
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
            self._pending.pop(key, None)
        if body is None:
            self._forget(key)
        elif pending is not None and verdicts is not None and not woken and self._is_as_it_was(pending, body):
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
            try:
                self._desk.statuses.add_finalizer(key, body)
            except StaleError:
                self._desk.queue.add(key, after=_AGAIN)
                return
            found = self._parts.kustomizations.get(key)
            if found is None:
                return
            body = found
        if (body.get("spec") or {}).get("suspend"):
            self._desk.metrics.object_state(key.kind, key.namespace, key.name, ready="Unknown", suspended=True)
            return
        premature = self._premature(body)
        if premature:
            self._desk.queue.add(key, after=premature)
            return
        began = time.monotonic()
        deadline = None
        if interrupted is not None:
            if self._waits_for_the_same(interrupted, body):
                deadline, began = interrupted.waiting.wait.deadline, interrupted.began
            else:
                self._tell_cancelled(key, body, interrupted)
        with self._lock:
            # From before its dependencies are looked at, so that no change of theirs goes by unnoticed.
            self._blocked.add(key)
        result = reconcile_kustomization(body, self._parts, since=turn.since, deadline=deadline)
        latest = self._parts.kustomizations.get(key) or body
        if isinstance(result, Outcome):
            self._settle(key, latest, result, seconds=time.monotonic() - began)
            return
        self._desk.tell(key, body, result.events)
        with self._lock:
            self._blocked.discard(key)
            self._pending[key] = _Pending(result, _asked(body), began)
        # Should the wait get lost, this brings the object back.
        late = max(0.0, result.wait.deadline - self._parts.clock.now()) + _OVERDUE
        self._desk.queue.add(key, after=late)
        self._waits.add(result.wait)

    def _finish(self, key: Key, body: Body, pending: _Pending, verdicts: Verdicts) -> None:
        self._desk.queue.forget(key)
        with self._lock:
            woken = key in self._woken
        if woken:
            self._desk.queue.add(key)
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
        if not self._lacks_artifact(source):
            return
        with self._lock:
            self._starved[source].add(key)
        self._desk.queue.add(source)

    def _lacks_artifact(self, source: Key) -> bool:
        """Whether what the source has accepted is not in the cache."""
        artifact = SourceArtifact.of(self._parts.sources.get(source) or {})
        return artifact is not None and not self._parts.has_artifact(artifact.digest)

    def _finalize(self, key: Key, body: Body) -> None:
        if api.FINALIZER not in (body["metadata"].get("finalizers") or ()):
            return
        try:
            may_go, events = finalize(body, self._parts)
        except PipelineError as error:
            if error.code == LED:
                raise
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
            self._desk.queue.add(key, after=_AGAIN)
            return
        tell, gone = self._parts.tell_deployed, deletion(body, events, self._parts)
        if tell is not None and gone is not None:
            tell(gone)

    def _forget(self, key: Key) -> None:
        self._waits.cancel(key)
        with self._lock:
            self._blocked.discard(key)
            self._woken.discard(key)
        self._desk.backoff.succeeded(key)
        self._desk.metrics.forget(key.kind, key.namespace, key.name)

    def _premature(self, body: Body) -> float:
        """Seconds to wait where it is new, and so is its source: what could be said now is outdated in a moment."""
        patience, age = self._parts.options.requeue_dependency, self._age(body)
        if (body.get("status") or {}).get("conditions") or age > patience:
            return 0.0
        found = self._source_of(body)
        if found is None:
            # Created together with its source, it may be told of first.
            return _SOON if age < _TOGETHER and self._may_be_served(body) else 0.0
        if (found.get("spec") or {}).get("suspend") or (found.get("status") or {}).get("conditions"):
            return 0.0
        return patience

    def _may_be_served(self, body: Body) -> bool:
        """Whether its source is one that this puller would look for."""
        reference = (body.get("spec") or {}).get("sourceRef") or {}
        is_here = reference.get("namespace") in {None, "", body["metadata"]["namespace"]}
        return reference.get("kind") == OCI_REPOSITORY and (is_here or not self._parts.options.no_cross_namespace_refs)

    def _age(self, body: Body) -> float:
        """Seconds since it was created."""
        try:
            created = datetime.fromisoformat(str(body["metadata"].get("creationTimestamp"))).timestamp()
        except ValueError:
            return float("inf")
        return self._parts.clock.now() - created

    def _source_of(self, body: Body) -> Body | None:
        reference = (body.get("spec") or {}).get("sourceRef") or {}
        namespace = reference.get("namespace") or body["metadata"]["namespace"]
        return self._parts.sources.get(Key(OCI_REPOSITORY, namespace, str(reference.get("name"))))

    def _revision(self, body: Body) -> str:
        artifact = SourceArtifact.of(self._source_of(body) or {})
        return "" if artifact is None else artifact.revision

    def _is_as_it_was(self, pending: _Pending, body: Body) -> bool:
        """Whether what was waited for is what is asked for still; a change may be known before its wake comes."""
        return _asked(body) == pending.asked and self._waits_for_the_same(pending, body)

    def _waits_for_the_same(self, pending: _Pending, body: Body) -> bool:
        """Whether the same revision and generation is waited for, so that its time goes on running."""
        generation = body["metadata"].get("generation")
        return (pending.asked[0], pending.waiting.revision) == (generation, self._revision(body))

    def _tell_cancelled(self, key: Key, body: Body, interrupted: _Pending) -> None:
        text = f"Health checks of revision {interrupted.waiting.revision} canceled due to new reconciliation"
        event = ObjectEvent(Severity.INFO, api.HEALTH_CHECK_CANCELED, text, {"revision": self._revision(body)})
        self._desk.tell(key, body, (event,))


def _asked(body: Body) -> tuple[object, object]:
    metadata = body["metadata"]
    return metadata.get("generation"), (metadata.get("annotations") or {}).get(api.REQUESTED_AT)


def _reason(outcome: Outcome) -> str:
    conditions = outcome.status.get("conditions") or ()
    return next((str(item.get("reason")) for item in conditions if item.get("type") == api.READY), "")
