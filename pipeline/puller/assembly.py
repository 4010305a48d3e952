"""Puts the process together: the one place in the puller that knows every part of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from pipeline import wiring
from pipeline.artifact_cache import ArtifactCache, CacheError
from pipeline.errors import RefusedError
from pipeline.model.artifact.unpacking import Limits
from pipeline.model.comparison.shapes import TriedShapes
from pipeline.model.flux import api
from pipeline.model.flux.options import PullerOptions
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import ApiServer, Environment
from pipeline.puller.backoff import Backoff
from pipeline.puller.desk import Desk
from pipeline.puller.dispatch import Dispatch
from pipeline.puller.health_waits import HealthWaits
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY, Key
from pipeline.puller.kustomization_turns import KustomizationTurns
from pipeline.puller.kustomizations.decryption import decryptors
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.records import Records
from pipeline.puller.kustomizations.targets import Targets
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
    log = Log(stream, encoding=encoding, level=level)
    metrics = Metrics()
    connection = wiring.connection(cluster, environment, log, observe=metrics.api_request)
    api_server = connection.api()
    cache = wiring.artifact_cache(options)
    queue = WorkQueue(time.monotonic)
    stores = {kind: ObjectStore(kind) for kind in _KINDS}
    statuses = Statuses(api_server, stores, lambda: leadership is None or leadership.is_leader)
    clock = wiring.clock()
    identity = environment.get("POD_NAME") or socket.gethostname()
    processes: list[Process] = []
    recorder = EventRecorder(
        api_server, clock, log, controller="gitless-puller", instance=identity, on_drop=metrics.events_dropped
    )
    lost = RefusedError("the lease was lost: another puller leads now", code="refused.led")
    leadership = _leadership(api_server, options, identity, log, lambda: processes[0].fail(lost))
    desk = Desk(
        queue=queue, statuses=statuses, recorder=recorder, metrics=metrics, backoff=Backoff(), log=log, jitter=0.0
    )
    snapshots = Snapshots()
    parts = Parts(
        api=api_server,
        sources=stores[OCI_REPOSITORY],
        kustomizations=stores[KUSTOMIZATION],
        read_artifact=_reader(cache, options),
        has_artifact=cache.has,
        targets=Targets(
            connection,
            lambda text, subject: wiring.remote_connection(
                text, subject, environment, log, observe=metrics.api_request
            ),
            api_server,
            options,
        ),
        records=Records(Path(options.cache_dir) / "records"),
        snapshots=snapshots,
        expressions=wiring.expressions(),
        trees=wiring.tree_builder(environment, allow_remote_bases=options.allow_remote_bases),
        decryptor=decryptors(api_server, options, environment),
        save_status=lambda body, status: statuses.write(Key.of(KUSTOMIZATION, body), status),
        tell_drift=lambda key, objects: metrics.drift(key.kind, key.namespace, key.name, objects),
        is_leading=lambda: leadership is None or leadership.is_leader,
        tried=TriedShapes(),
        options=options,
        reporter=log,
        clock=clock,
    )
    turns: list[KustomizationTurns] = []
    waits = HealthWaits(
        lambda wait, verdicts: turns[0].settled(wait, verdicts),  # noqa: PLW0108 - there is none yet
        clock,
        log,
        population=lambda: len(stores[KUSTOMIZATION].keys()),
    )
    kustomizations = KustomizationTurns(parts, waits, _with_jitter(desk, options))
    turns.append(kustomizations)
    dependencies = source_dependencies(api_server, cache, options, environment, log, observe=metrics.registry_request)
    sources = SourceTurns(
        stores[OCI_REPOSITORY],
        lambda body: reconcile_source(body, dependencies, force=False),
        kustomizations.source_is_done,
        desk,
    )
    dispatch = Dispatch(sources, kustomizations, desk)
    _connect(stores, dispatch)
    process = Process(
        Components(
            api=api_server,
            options=options,
            stores=stores,
            queue=queue,
            workers=Workers(queue, dispatch.work, concurrency=options.concurrency),
            waits=waits,
            snapshots=snapshots,
            recorder=recorder,
            metrics=metrics,
            leadership=leadership,
            log=log,
            cache=cache,
            clock=clock,
            records=parts.records,
        )
    )
    processes.append(process)
    return process


def _leadership(
    api_server: ApiServer, options: PullerOptions, host: str, log: Log, on_lost: Callable[[], None]
) -> Leadership | None:
    if not options.leader_election:
        return None
    candidacy = Candidacy(
        namespace=options.namespace,
        name=lease_name(options.watch_label_selector),
        identity=new_identity(host),
    )
    return Leadership(api_server, wiring.clock(), log, candidacy, on_lost=on_lost)


def _reader(cache: ArtifactCache, options: PullerOptions) -> Callable[[str], Mapping[str, bytes] | None]:
    limits = Limits(max_bytes=options.artifact_max_size)

    def read(digest: str) -> Mapping[str, bytes] | None:
        try:
            return cache.read(digest, limits)
        except CacheError:
            return None

    return read


def _with_jitter(desk: Desk, options: PullerOptions) -> Desk:
    """Sources spread their intervals themselves."""
    return replace(desk, jitter=options.interval_jitter)


def _connect(stores: Mapping[str, ObjectStore], dispatch: Dispatch) -> None:
    stores[OCI_REPOSITORY].on_change(dispatch.source_changed)
    stores[KUSTOMIZATION].on_change(dispatch.kustomization_changed)
    for kind in (api.CONFIG_MAPS.kind, api.SECRETS.kind):
        stores[kind].on_change(dispatch.configuration_changed)
