"""An OCIRepository's turn."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.errors import StaleError
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.outcome import Outcome
from pipeline.model.manifests import Body
from pipeline.puller.desk import Desk
from pipeline.puller.keys import Key
from pipeline.puller.queue import Turn
from pipeline.puller.store import ObjectStore


class SourceTurns:
    """Reconciles sources; ``done`` is told of each, for whoever waits for its artifact."""

    def __init__(
        self, store: ObjectStore, reconcile: Callable[[Body], Outcome], done: Callable[[Key], None], desk: Desk
    ) -> None:
        self._store = store
        self._reconcile = reconcile
        self._done = done
        self._desk = desk

    def take(self, turn: Turn) -> None:
        """Reconcile it.

        Raises:
            ClusterError: its status could not be written.
        """
        key = turn.key
        body = self._store.get(key)
        if body is None:
            self._desk.backoff.succeeded(key)
            self._desk.metrics.forget(key.kind, key.namespace, key.name)
            return
        if body["metadata"].get("deletionTimestamp"):
            self._let_go(key, body)
            return
        if (body.get("spec") or {}).get("suspend"):
            self._desk.metrics.object_state(key.kind, key.namespace, key.name, ready="Unknown", suspended=True)
            return
        began = time.monotonic()
        outcome = self._reconcile(body)
        self._desk.settle(key, body, outcome, seconds=time.monotonic() - began)
        artifact = SourceArtifact.of({"status": outcome.status})
        if artifact is not None:
            self._desk.metrics.artifact(key.namespace, key.name, artifact.size)
        self._done(key)

    def _let_go(self, key: Key, body: Body) -> None:
        """Nothing of it is kept but what the cache evicts by itself; Flux's controllers leave a finalizer."""
        if api.FINALIZER in (body["metadata"].get("finalizers") or ()):
            try:
                self._desk.statuses.remove_finalizer(key, body)
            except StaleError:
                self._desk.queue.add(key, after=1.0)
