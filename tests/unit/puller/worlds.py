"""The puller in memory, without threads: objects of Flux's, a cluster for what they apply, and turns on demand."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline import wiring
from pipeline.model.comparison.shapes import TriedShapes
from pipeline.model.flux import api
from pipeline.model.flux.options import PullerOptions
from pipeline.model.flux.outcome import Outcome
from pipeline.model.manifests import Body, ObjectId
from pipeline.ports import Cluster
from pipeline.puller.backoff import Backoff
from pipeline.puller.deployments import Deployment
from pipeline.puller.desk import Desk
from pipeline.puller.dispatch import Dispatch
from pipeline.puller.health_waits import HealthWait, HealthWaits, Verdicts
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY, Key
from pipeline.puller.kustomization_turns import KustomizationTurns
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.records import Records
from pipeline.puller.kustomizations.targets import Connection, Targets
from pipeline.puller.metrics import Metrics
from pipeline.puller.queue import Turn, WorkQueue
from pipeline.puller.recording import EventRecorder
from pipeline.puller.snapshots import Snapshots
from pipeline.puller.source_turns import SourceTurns
from pipeline.puller.statuses import Statuses
from pipeline.puller.store import ObjectStore
from pipeline.reports.console import JsonLog
from pipeline.reports.log import Log
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock
from pipeline.testing.cluster import MemoryCluster

NAMESPACE = "shop"
_KINDS = {KUSTOMIZATION: api.KUSTOMIZATIONS, OCI_REPOSITORY: api.OCI_REPOSITORIES}


def config_map(name: str, value: str = "1", *, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A ConfigMap in the namespace."""
    place = {"name": name, "namespace": NAMESPACE, **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "data": {"key": value}}


def deployment(name: str, image: str = "web:1") -> dict[str, Any]:
    """A Deployment in the namespace."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


class _Home:
    """Implements ``targets.Connection``: the cluster in memory, whoever asks."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self._cluster = cluster
        self.users: list[str] = []

    def cluster(self, *, manager: str) -> Cluster:
        assert manager == self._cluster.manager
        return self._cluster

    def impersonating(self, user: str) -> _Home:
        self.users.append(user)
        return self


class World:
    """One puller; ``options`` as of the process, ``home`` instead of the cluster in memory."""

    def __init__(
        self,
        folder: Path,
        *,
        home: Connection | None = None,
        **options: Any,  # noqa: ANN401 - of several types
    ) -> None:
        self.folder = folder
        self.clock = MemoryClock()
        self.api = MemoryApiServer(namespaces=("default", NAMESPACE, "other"), now=self.clock.now)
        self.cluster = MemoryCluster(namespaces=("default", NAMESPACE, "other"), manager=api.APPLY_MANAGER)
        self.memory = _Home(self.cluster)
        self.home: Connection = home or self.memory
        self.artifacts: dict[str, Mapping[str, bytes]] = {}
        self.options = PullerOptions(**{"leader_election": False, "record_cluster": "prod", **options})
        self.is_leading = True
        self.seconds = 1000.0
        self.drifted: dict[Key, int] = {}
        self.pulled: list[Key] = []
        self.deployed: list[Deployment] = []
        """What was handed over to be recorded."""
        self.hidden: dict[Key, dict[str, Mapping[str, bytes]]] = {}
        """Artifacts that a source's turn brings back."""
        self._numbers = itertools.count(1)
        self.restart()

    def restart(self) -> None:
        """Another process: what it remembers is in the cluster and on disk."""
        self.stores = {kind: ObjectStore(kind) for kind in (*_KINDS, "ConfigMap", "Secret")}
        self.out = io.StringIO()
        log = Log(self.out)
        statuses = Statuses(self.api, self.stores, lambda: self.is_leading)
        recorder = EventRecorder(self.api, self.clock, log, controller="gitless", instance="test")
        self.told: list[tuple[str, str, str]] = []
        queue = WorkQueue(self.now)
        self.desk = Desk(
            queue=queue,
            statuses=statuses,
            recorder=recorder,
            metrics=Metrics(),
            backoff=Backoff(),
            log=log,
            jitter=0.0,
        )
        self.snapshots = Snapshots()
        self.parts = Parts(
            api=self.api,
            sources=self.stores[OCI_REPOSITORY],
            kustomizations=self.stores[KUSTOMIZATION],
            read_artifact=self.artifacts.get,
            has_artifact=self.artifacts.__contains__,
            targets=Targets(self.home, self._remote, self.api, self.options),
            records=Records(self.folder),
            snapshots=self.snapshots,
            expressions=wiring.expressions(),
            trees=wiring.tree_builder(os.environ, allow_remote_bases=False),
            decryptor=lambda spec, namespace: None,
            save_status=lambda body, status: statuses.write(Key.of(KUSTOMIZATION, body), status),
            tell_drift=self.drifted.__setitem__,
            is_leading=lambda: self.is_leading,
            tried=TriedShapes(),
            options=self.options,
            reporter=log,
            clock=self.clock,
            tell_deployed=self.deployed.append,
        )
        self.waits = HealthWaits(self._settled, self.clock, log)
        self.turns = KustomizationTurns(self.parts, self.waits, self.desk)
        self.sources = SourceTurns(self.stores[OCI_REPOSITORY], self._pull, self.turns.source_is_done, self.desk)
        self.dispatch = Dispatch(self.sources, self.turns, self.desk)
        self.stores[OCI_REPOSITORY].on_change(self.dispatch.source_changed)
        self.stores[KUSTOMIZATION].on_change(self.dispatch.kustomization_changed)
        for kind in ("ConfigMap", "Secret"):
            self.stores[kind].on_change(self.dispatch.configuration_changed)
        self.sync()

    @staticmethod
    def _remote(kubeconfig: bytes, subject: str) -> Connection:
        return wiring.remote_connection(kubeconfig, subject, {}, JsonLog(io.StringIO(), verbose=False))

    def _settled(self, wait: HealthWait, verdicts: Verdicts) -> None:
        self.turns.settled(wait, verdicts)

    def now(self) -> float:
        """The queue's clock; the time of snapshots is real, and later than this."""
        return self.seconds

    def _pull(self, body: Body) -> Outcome:
        """What reconciling a source would be: the artifact that was published."""
        key = Key.of(OCI_REPOSITORY, body)
        self.pulled.append(key)
        self.artifacts |= self.hidden.pop(key, {})
        return Outcome(status=body.get("status") or {}, requeue_after=3600.0)

    # What users do

    def publish(self, *bodies: Body, name: str = "app", files: Mapping[str, bytes] | None = None) -> str:
        """A source has a new artifact; returns its revision."""
        content = {f"{index}.yaml": yaml.safe_dump(body).encode() for index, body in enumerate(bodies)}
        number = next(self._numbers)
        digest = "sha256:" + hashlib.sha256(str(number).encode()).hexdigest()
        self.artifacts[digest] = content if files is None else files
        revision = f"v{number}@{digest}"
        artifact = {
            "revision": revision,
            "digest": digest,
            "size": 1,
            "url": "",
            "path": "",
            "lastUpdateTime": "2026-01-01T00:00:00Z",
            "metadata": {"org.opencontainers.image.revision": f"main@sha1:{number}"},
        }
        ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": ""}
        body = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": OCI_REPOSITORY,
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"url": f"oci://registry.test/{name}", "interval": "1h"},
        }
        if self.api.read(api.OCI_REPOSITORIES, NAMESPACE, name) is None:
            self.api.create(api.OCI_REPOSITORIES, body, manager="test")
        status = {"artifact": artifact, "conditions": [ready]}
        object_id = Key(OCI_REPOSITORY, NAMESPACE, name).object_id
        self.api.merge_patch(api.OCI_REPOSITORIES, object_id, {"status": status}, manager="test", subresource="status")
        self.sync()
        return revision

    def kustomization(
        self,
        name: str = "app",
        *,
        annotations: Mapping[str, str] | None = None,
        **spec: Any,  # noqa: ANN401 - any JSON
    ) -> Body:
        """Create one, or change its spec or annotations."""
        whole = {
            "interval": "10m",
            "retryInterval": "1m",
            "timeout": "2m",
            "prune": True,
            "sourceRef": {"kind": OCI_REPOSITORY, "name": "app"},
            **spec,
        }
        metadata = {"name": name, "namespace": NAMESPACE, "annotations": dict(annotations or {})}
        body = {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": KUSTOMIZATION,
            "metadata": metadata,
            "spec": whole,
        }
        if self.api.read(api.KUSTOMIZATIONS, NAMESPACE, name) is None:
            self.api.create(api.KUSTOMIZATIONS, body, manager="test")
        else:
            patch = {"spec": whole, "metadata": {"annotations": dict(annotations) if annotations else None}}
            self.api.merge_patch(api.KUSTOMIZATIONS, self.key(name).object_id, patch, manager="test")
        self.sync()
        return self.get(name)

    def request(self, name: str = "app", token: str = "now") -> None:
        """Ask for a reconciliation."""
        patch = {"metadata": {"annotations": {api.REQUESTED_AT: token}}}
        self.api.merge_patch(api.KUSTOMIZATIONS, self.key(name).object_id, patch, manager="test")
        self.sync()

    def delete(self, name: str = "app") -> None:
        """Ask for its deletion."""
        self.api.delete(api.KUSTOMIZATIONS, self.key(name).object_id)
        self.sync()

    # What the process does

    def sync(self) -> None:
        """What the watches would bring."""
        for kind, resource_type in _KINDS.items():
            self.stores[kind].replace_all(self.api.list(resource_type, None).items)

    def work(self, *, looks: int = 5) -> None:
        """Take all turns that are due, and look at health so many times in between."""
        for _ in range(looks):
            while (turn := self.take()) is not None:
                del turn
            if not len(self.waits):
                return
            self.waits.look_once()
        while self.take() is not None:
            pass

    def take(self) -> Turn | None:
        """One turn."""
        turn = self.desk.queue.next(0.0)
        if turn is not None:
            # Snapshots compare with the real clock.
            self.dispatch.work(Turn(turn.key, time.monotonic()))
            self.desk.queue.done(turn.key)
        return turn

    def later(self, seconds: float) -> None:
        """Let the time pass, for clocks and queue alike."""
        self.seconds += seconds
        self.clock.sleep(seconds)

    # What came of it

    @staticmethod
    def key(name: str = "app") -> Key:
        """Of a Kustomization."""
        return Key(KUSTOMIZATION, NAMESPACE, name)

    def get(self, name: str = "app") -> dict[str, Any]:
        """The Kustomization as it is stored."""
        found = self.api.read(api.KUSTOMIZATIONS, NAMESPACE, name)
        assert found is not None
        return dict(found)

    def exists(self, name: str = "app") -> bool:
        """Whether it is still there."""
        return self.api.read(api.KUSTOMIZATIONS, NAMESPACE, name) is not None

    def status(self, name: str = "app") -> dict[str, Any]:
        """Its status."""
        return dict(self.get(name).get("status") or {})

    def conditions(self, name: str = "app") -> dict[str, tuple[str, str]]:
        """Status and reason by type."""
        found = self.status(name).get("conditions") or ()
        return {item["type"]: (item["status"], item["reason"]) for item in found}

    def message(self, condition: str = "Ready", name: str = "app") -> str:
        """What a condition says."""
        found = self.status(name).get("conditions") or ()
        return next((str(item["message"]) for item in found if item["type"] == condition), "")

    def listed(self, name: str = "app") -> list[str]:
        """The ids of the inventory."""
        inventory = self.status(name).get("inventory") or {}
        return [entry["id"] for entry in inventory.get("entries") or ()]

    def live(self, kind: str = "ConfigMap") -> list[str]:
        """Names of the objects of a kind in the cluster."""
        return sorted(key.name for key in self.cluster.bodies() if key.kind == kind)

    def object(self, kind: str, name: str) -> Body:
        """One object in the cluster."""
        return next(body for key, body in self.cluster.bodies().items() if (key.kind, key.name) == (kind, name))

    def heal(self, name: str, *, is_healthy: bool = True) -> None:
        """A Deployment is rolled out, or fails for good."""
        condition = (
            {"type": "Available", "status": "True"}
            if is_healthy
            else {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "no"}
        )
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
        generation = self.object("Deployment", name)["metadata"]["generation"]
        status = {"observedGeneration": generation, "conditions": [condition], **(counts if is_healthy else {})}
        self.cluster.set_status(ObjectId("apps", "Deployment", NAMESPACE, name), status)

    def events(self) -> list[tuple[str, str]]:
        """Reason and message of what was logged as told, in order."""
        import json

        lines = [json.loads(line) for line in self.out.getvalue().splitlines()]
        return [(line["reason"], line["msg"]) for line in lines if "reason" in line]
