"""From changes to turns, and from turns to whoever takes them; what goes wrong with one object stops no other."""

from __future__ import annotations

import contextlib
import time
import traceback

from pipeline.errors import PipelineError
from pipeline.model.flux.governing import PolicyReference
from pipeline.model.manifests import Body
from pipeline.puller import triggers
from pipeline.puller.desk import Desk
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY, Key
from pipeline.puller.kustomization_turns import KustomizationTurns
from pipeline.puller.kustomizations.stops import LED
from pipeline.puller.queue import Turn
from pipeline.puller.references import References, references_of
from pipeline.puller.source_turns import SourceTurns


class Dispatch:
    """Handlers of the stores on one side, the workers' work on the other."""

    def __init__(
        self,
        sources: SourceTurns,
        kustomizations: KustomizationTurns,
        desk: Desk,
        *,
        floor: PolicyReference | None = None,
    ) -> None:
        """``floor``: the trust policy that every source is held to."""
        self._floor = floor
        self._sources = sources
        self._kustomizations = kustomizations
        self._desk = desk
        self._references = References()

    def source_changed(self, key: Key, before: Body | None, after: Body | None) -> None:
        """An OCIRepository is new, has changed, or is gone."""
        self._refer(key, before, after)
        if after is None or triggers.concerns_itself(before, after):
            self._desk.queue.add(key)
        if after is not None and triggers.has_new_artifact(before, after):
            for user in self._references.to(key):
                self._kustomizations.wake(user)

    def kustomization_changed(self, key: Key, before: Body | None, after: Body | None) -> None:
        """A Kustomization is new, has changed, or is gone."""
        self._refer(key, before, after)
        if after is None or triggers.concerns_itself(before, after):
            self._kustomizations.wake(key)
        if after is not None and triggers.has_new_status(before, after):
            for dependant in self._references.to(key):
                if self._kustomizations.is_blocked(dependant):
                    self._kustomizations.wake(dependant)

    def configuration_changed(self, key: Key, before: Body | None, after: Body | None) -> None:
        """A ConfigMap or Secret that asks to be watched."""
        del before, after
        for user in self._references.to(key):
            if user.kind == KUSTOMIZATION:
                self._kustomizations.wake(user)
            else:
                self._desk.queue.add(user)

    def work(self, turn: Turn) -> None:
        """Take one turn; never raises."""
        key = turn.key
        self._desk.metrics.queued_for(max(0.0, time.monotonic() - turn.since))
        try:
            (self._sources.take if key.kind == OCI_REPOSITORY else self._kustomizations.take)(turn)
        except PipelineError as error:
            self._say(key, error.message)
            if error.code == LED:
                # Not to be tried again by this process.
                return
            self._desk.queue.add(key, after=self._desk.backoff.failed(key))
        except Exception as error:  # noqa: BLE001 - a bug that one object meets must not stop the others
            trace = "".join(traceback.format_exception(error)[-4:])
            self._say(key, f"a bug in gitless: {type(error).__name__}: {error}", trace=trace)
            self._desk.queue.add(key, after=self._desk.backoff.failed(key))
            if key.kind == KUSTOMIZATION:
                # Not even this may end the thread.
                with contextlib.suppress(Exception):
                    self._kustomizations.stumbled(key, f"a bug in gitless ({type(error).__name__}), see its log")

    def _refer(self, key: Key, before: Body | None, after: Body | None) -> None:
        if after is None:
            self._references.put(key, ())
        elif before is None or triggers.refers_anew(before, after):
            self._references.put(key, references_of(key, after, floor=self._floor))

    def _say(self, key: Key, message: str, **fields: str) -> None:
        self._desk.log.about(key.kind, key.namespace, key.name).error(message, **fields)
