"""Puts the process together: the one place in the puller that knows every part of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from pipeline import wiring
from pipeline.artifact_cache import ArtifactCache, CacheError
from pipeline.model.artifact.unpacking import Limits
from pipeline.model.comparison.shapes import TriedShapes
from pipeline.model.flux import api
from pipeline.model.flux.governing import read_policy_reference
from pipeline.model.flux.options import PullerOptions
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Environment
from pipeline.puller import memory
from pipeline.puller.backoff import Backoff
from pipeline.puller.deployment_writing import DeploymentWriter
from pipeline.puller.deployments import DeploymentRecorder
from pipeline.puller.desk import Desk
from pipeline.puller.dispatch import Dispatch
from pipeline.puller.health_waits import HealthWait, HealthWaits, Verdicts
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY, Key
from pipeline.puller.kustomization_turns import KustomizationTurns
from pipeline.puller.kustomizations.decryption import decryptors
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.records import Records
from pipeline.puller.kustomizations.stops import led_by_another
from pipeline.puller.kustomizations.targets import Connection, Targets
from pipeline.puller.leadership import Candidacy, Leadership, new_identity
from pipeline.puller.leases import lease_name
from pipeline.puller.metrics import Metrics
from pipeline.puller.process import Components, Process
from pipeline.puller.queue import WorkQueue
from pipeline.puller.recording import EventRecorder
from pipeline.puller.snapshots import Snapshots
from pipeline.puller.source_turns import SourceTurns
from pipeline.puller.sources import reconcile_source, source_dependencies
from pipeline.puller.statuses import Statuses
from pipeline.puller.store import ObjectStore
from pipeline.puller.workers import Workers
from pipeline.reports.log import Log

_KINDS = (OCI_REPOSITORY, KUSTOMIZATION, api.CONFIG_MAPS.kind, api.SECRETS.kind)


def assemble(
    options: PullerOptions,
    cluster: ClusterOptions,
    environment: Environment,
    stream: TextIO,
    *,
    level: Any = "info",  # noqa: ANN401 - one of Log's words
    encoding: Any = "json",  # noqa: ANN401 - the same
) -> Process:
    """The process, ready to run; the API server has been reached.

    Raises:
        ClusterError: it cannot be reached.
        ConfigurationError: the cache cannot be used.
    """
    memory.begin_small()
    return _Assembly(options, cluster, environment, Log(stream, encoding=encoding, level=level)).process()


class _Assembly:
    """The parts that others need, and one method for each that needs them."""

    def __init__(self, options: PullerOptions, cluster: ClusterOptions, environment: Environment, log: Log) -> None:
        self._options = options
        self._environment = environment
        self._log = log
        self._clock = wiring.clock()
        self._metrics = Metrics()
        self._connection = wiring.connection(cluster, environment, log, observe=self._metrics.api_request)
        self._api = self._connection.api()
        self._cache = wiring.artifact_cache(options)
        self._records = Records(Path(options.cache_dir) / "records")
        self._queue = WorkQueue(time.monotonic)
        self._backoff = Backoff()
        self._stores = {kind: ObjectStore(kind) for kind in _KINDS}
        self._snapshots = Snapshots()
        self._host = environment.get("POD_NAME") or socket.gethostname()
        self._process: Process | None = None
        self._turns: KustomizationTurns | None = None
        self._leadership = self._make_leadership()
        self._statuses = Statuses(self._api, self._stores, self._is_leading)
        self._sources = source_dependencies(
            self._api, self._cache, options, environment, log, observe=self._metrics.registry_request
        )
        self._recorder = EventRecorder(
            self._api,
            self._clock,
            log,
            controller="gitless-puller",
            instance=self._host,
            on_drop=self._metrics.events_dropped,
        )
        self._deployments = self._make_deployments() if options.record_cluster else None

    def process(self) -> Process:
        """Everything, connected."""
        waits = HealthWaits(
            self._settled, self._clock, self._log, population=lambda: len(self._stores[KUSTOMIZATION].keys())
        )
        parts = self._parts()
        self._turns = KustomizationTurns(parts, waits, self._desk(self._options.interval_jitter))
        options = self._options
        floor = read_policy_reference(options.trust_policy, options.namespace) if options.trust_policy else None
        dispatch = Dispatch(self._source_turns(self._turns), self._turns, self._desk(0.0), floor=floor)
        _connect(self._stores, dispatch)
        self._process = Process(
            Components(
                api=self._api,
                options=self._options,
                stores=self._stores,
                queue=self._queue,
                workers=Workers(self._queue, dispatch.work, concurrency=self._options.concurrency),
                waits=waits,
                snapshots=self._snapshots,
                recorder=self._recorder,
                metrics=self._metrics,
                leadership=self._leadership,
                log=self._log,
                cache=self._cache,
                clock=self._clock,
                records=self._records,
                deployments=self._deployments,
            )
        )
        return self._process

    def _parts(self) -> Parts:
        options, environment = self._options, self._environment
        return Parts(
            api=self._api,
            sources=self._stores[OCI_REPOSITORY],
            kustomizations=self._stores[KUSTOMIZATION],
            read_artifact=_reader(self._cache, options),
            has_artifact=self._cache.has,
            targets=Targets(self._connection, self._connect_remote, self._api, options),
            records=self._records,
            snapshots=self._snapshots,
            expressions=wiring.expressions(),
            trees=wiring.tree_builder(environment, allow_remote_bases=options.allow_remote_bases),
            decryptor=decryptors(self._api, options, environment),
            save_status=lambda body, status: self._statuses.write(Key.of(KUSTOMIZATION, body), status),
            tell_drift=lambda key, objects: self._metrics.drift(key.kind, key.namespace, key.name, objects),
            is_leading=self._is_leading,
            tried=TriedShapes(),
            options=options,
            reporter=self._log,
            clock=self._clock,
            tell_deployed=self._deployments.note if self._deployments else None,
        )

    def _source_turns(self, users: KustomizationTurns) -> SourceTurns:
        dependencies = self._sources
        return SourceTurns(
            self._stores[OCI_REPOSITORY],
            lambda body: reconcile_source(body, dependencies, force=False),
            users.source_is_done,
            # Sources spread their intervals themselves.
            self._desk(0.0),
        )

    def _desk(self, jitter: float) -> Desk:
        return Desk(
            queue=self._queue,
            statuses=self._statuses,
            recorder=self._recorder,
            metrics=self._metrics,
            backoff=self._backoff,
            log=self._log,
            jitter=jitter,
        )

    def _make_deployments(self) -> DeploymentRecorder:
        writer = DeploymentWriter(
            sources=self._stores[OCI_REPOSITORY],
            deps=self._sources,
            verifier=self._sources.trust.verifier,
            expressions=self._sources.trust.expressions,
        )
        return DeploymentRecorder(writer.write, self._recorder.record, self._log, is_leading=self._is_leading)

    def _make_leadership(self) -> Leadership | None:
        if not self._options.leader_election:
            return None
        candidacy = Candidacy(
            namespace=self._options.namespace,
            name=lease_name(self._options.watch_label_selector),
            identity=new_identity(self._host),
        )
        return Leadership(self._api, self._clock, self._log, candidacy, on_lost=self._lost)

    def _is_leading(self) -> bool:
        return self._leadership is None or self._leadership.is_leader

    def _lost(self) -> None:
        if self._process is not None:
            self._process.fail(led_by_another())

    def _settled(self, wait: HealthWait, verdicts: Verdicts) -> None:
        if self._turns is not None:
            self._turns.settled(wait, verdicts)

    def _connect_remote(self, kubeconfig: bytes, subject: str) -> Connection:
        return wiring.remote_connection(
            kubeconfig, subject, self._environment, self._log, observe=self._metrics.api_request
        )


def _reader(cache: ArtifactCache, options: PullerOptions) -> Callable[[str], Mapping[str, bytes] | None]:
    limits = Limits(max_bytes=options.artifact_max_size)

    def read(digest: str) -> Mapping[str, bytes] | None:
        try:
            return cache.read(digest, limits)
        except CacheError:
            return None

    return read


def _connect(stores: Mapping[str, ObjectStore], dispatch: Dispatch) -> None:
    stores[OCI_REPOSITORY].on_change(dispatch.source_changed)
    stores[KUSTOMIZATION].on_change(dispatch.kustomization_changed)
    for kind in (api.CONFIG_MAPS.kind, api.SECRETS.kind):
        stores[kind].on_change(dispatch.configuration_changed)
