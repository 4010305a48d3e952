"""The process: everything put together, from the first list to the last turn."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event, current_thread, main_thread

from pipeline.artifact_cache import ArtifactCache
from pipeline.errors import PipelineError, RefusedError
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.options import PullerOptions
from pipeline.ports import ApiServer, Clock
from pipeline.puller import memory
from pipeline.puller.deployments import DeploymentRecorder
from pipeline.puller.endpoints import Endpoints, checks, pages
from pipeline.puller.health_waits import HealthWaits
from pipeline.puller.informer import Informer
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY
from pipeline.puller.kustomizations.records import Records
from pipeline.puller.leadership import Leadership
from pipeline.puller.leases import lease_name
from pipeline.puller.metrics import CONTENT_TYPE, Metrics
from pipeline.puller.queue import WorkQueue
from pipeline.puller.recording import EventRecorder
from pipeline.puller.rivals import find_rivals, verdict
from pipeline.puller.snapshots import Snapshots
from pipeline.puller.store import ObjectStore
from pipeline.puller.workers import Workers
from pipeline.reports.log import Log

_HOUSEKEEPING = 1.0
_RIVALS_EVERY = 60.0
_FAREWELL = 20.0
"""Seconds that turns under way are given once the process is to end; a pod has 30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What the process is made of."""

    api: ApiServer
    options: PullerOptions
    stores: Mapping[str, ObjectStore]
    queue: WorkQueue
    workers: Workers
    waits: HealthWaits
    snapshots: Snapshots
    recorder: EventRecorder
    metrics: Metrics
    leadership: Leadership | None
    log: Log
    cache: ArtifactCache
    clock: Clock
    records: Records
    deployments: DeploymentRecorder | None = None


class Process:
    """One puller, from :meth:`run` to :meth:`stop`."""

    def __init__(self, components: Components) -> None:
        self._with = components
        self._options = components.options
        self._log = components.log
        self._stop = Event()
        self._error: PipelineError | None = None
        self._informers = self._make_informers()
        self._is_working = False

    def run(self) -> None:
        """Serve until told to stop.

        Raises:
            RefusedError: other controllers serve the same objects, or the leadership was lost.
            ConfigurationError: an address cannot be listened on.
        """
        if current_thread() is main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stop())
        endpoints = Endpoints(
            {
                self._options.metrics_address: pages(metrics=self._with.metrics.chunks, content_type=CONTENT_TYPE),
                self._options.health_address: checks(alive=self._alive, ready=self._ready),
            }
        )
        endpoints.start()
        try:
            self._work()
        finally:
            self._end()
            endpoints.stop()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def fail(self, error: PipelineError) -> None:
        """End soon, with that error."""
        self._error = self._error or error
        self._stop.set()

    def _work(self) -> None:
        self._check_rivals()
        if self._with.leadership is not None:
            self._log.info("waiting to lead")
            if not self._with.leadership.acquire(self._stop):
                return
            self._with.metrics.leader(lease_name(self._options.watch_label_selector), is_leader=True)
            self._log.info("leading")
            self._check_rivals()
        self._with.recorder.start()
        if self._with.deployments is not None:
            self._with.deployments.start()
        self._with.waits.start()
        for informer in self._informers:
            informer.start()
        self._wait_for_lists()
        memory.settle()
        self._with.workers.start()
        self._is_working = True
        self._tidy()
        next_check = time.monotonic() + _RIVALS_EVERY
        while not self._stop.wait(_HOUSEKEEPING):
            self._keep_house()
            if time.monotonic() >= next_check:
                next_check = time.monotonic() + _RIVALS_EVERY
                self._tidy()
                try:
                    self._check_rivals()
                except RefusedError as error:
                    self.fail(error)

    def _keep_house(self) -> None:
        self._with.workers.look_after()
        self._with.snapshots.expire()
        self._with.metrics.queue(self._with.queue.depth)
        self._with.metrics.workers(self._with.workers.active, of=self._options.concurrency)
        self._with.metrics.cache(self._with.cache.size)

    def _tidy(self) -> None:
        """Keep what is in use, and nothing of what is gone."""
        memory.give_back()
        sources, kustomizations = self._with.stores[OCI_REPOSITORY], self._with.stores[KUSTOMIZATION]
        artifacts = (SourceArtifact.of(sources.get(key) or {}) for key in sources.keys())  # noqa: SIM118 - no mapping
        self._with.cache.keep(artifact.digest for artifact in artifacts if artifact is not None)
        bodies = (kustomizations.get(key) for key in kustomizations.keys())  # noqa: SIM118 - the same
        self._with.records.keep(frozenset(str(body["metadata"].get("uid")) for body in bodies if body is not None))

    def _wait_for_lists(self) -> None:
        """Nothing is reconciled before all is known: what looks missing may only not be listed yet."""
        while not all(informer.is_synced for informer in self._informers):
            if self._stop.wait(0.02):
                return

    def _end(self) -> None:
        self._stop.set()
        for informer in self._informers:
            informer.stop()
        # Who no longer leads has nothing to finish: another is at it already.
        if not self._with.workers.stop(timeout=_FAREWELL if self._error is None else 0.0):
            self._log.warn("ending while objects are still being reconciled; the next start goes on from there")
        self._with.waits.stop()
        if self._with.deployments is not None:
            self._with.deployments.stop()
        self._with.recorder.stop()
        if self._with.leadership is not None:
            self._with.leadership.release()

    def _alive(self) -> str:
        dead = [str(informer) for informer in self._informers if self._is_working and not informer.is_alive]
        return f"no longer watched: {', '.join(dead)}" if dead else ""

    def _ready(self) -> str:
        if self._stop.is_set():
            return "ending"
        if self._with.leadership is not None and not self._with.leadership.is_leader:
            return ""  # A standby is ready to take over.
        return "" if self._is_working else "objects are being listed"

    def _check_rivals(self) -> None:
        """Make sure that nobody else serves the same objects.

        Raises:
            RefusedError: somebody does.
        """
        selector = self._options.watch_label_selector
        try:
            found = verdict(
                find_rivals(
                    self._with.api,
                    (self._options.namespace,),
                    self._with.clock,
                    ours=(self._options.namespace, lease_name(selector)),
                    our_selector=selector,
                ),
                selector,
                our_namespace="" if self._options.watch_all_namespaces else self._options.namespace,
            )
        except PipelineError as error:
            self._log.warn(f"whether other controllers are at work cannot be told: {error.message}")
            return
        if found.is_fight:
            raise RefusedError(found.message, hint=found.hint, code="refused.rivals")
        if found.message:
            self._log.warn(found.message)

    def _make_informers(self) -> list[Informer]:
        namespace = None if self._options.watch_all_namespaces else self._options.namespace
        selector = self._options.watch_label_selector or None
        watched = f"{api.WATCH_LABEL}={api.WATCH_VALUE}"
        kinds = (
            (api.OCI_REPOSITORIES, OCI_REPOSITORY, selector, False),
            (api.KUSTOMIZATIONS, KUSTOMIZATION, selector, False),
            (api.CONFIG_MAPS, api.CONFIG_MAPS.kind, watched, True),
            (api.SECRETS, api.SECRETS.kind, watched, True),
        )
        return [
            Informer(
                self._with.api,
                resource_type,
                self._with.stores[kind],
                self._log,
                namespace=namespace,
                selector=wanted,
                metadata_only=metadata_only,
            )
            for resource_type, kind, wanted, metadata_only in kinds
        ]
