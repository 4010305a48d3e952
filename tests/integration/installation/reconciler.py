"""Stands in for the puller: whatever is asked for becomes ready in its generation, at a digest of the test's choice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.manifests import ObjectId
from pipeline.ports import ApiServer
from tests.flux_objects import TIME

Status = Callable[[dict[str, Any]], dict[str, Any]]


class Reconciler:
    """Writes the status of all objects of both kinds in one namespace until it is stopped."""

    def __init__(self, api: ApiServer, namespace: str) -> None:
        self.revision = "production@sha256:" + "0" * 64
        self.failing = ""
        """A message: every object is stalled with it."""
        self._api = api
        self._namespace = namespace
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.2):
            for kind in (OCI_REPOSITORIES, KUSTOMIZATIONS):
                try:
                    self._reconcile(kind)
                except ClusterError:
                    continue

    def _reconcile(self, kind: ResourceType) -> None:
        for body in self._api.list(kind, self._namespace).items:
            status = self._status(kind, body["metadata"]["generation"])
            object_id = ObjectId(kind.group, kind.kind, self._namespace, body["metadata"]["name"])
            if body.get("status") != status:
                self._api.merge_patch(kind, object_id, {"status": status}, manager="test", subresource="status")

    def _status(self, kind: ResourceType, generation: int) -> dict[str, Any]:
        condition = {
            "type": "Stalled" if self.failing else "Ready",
            "status": "True",
            "reason": "URLInvalid" if self.failing else "Succeeded",
            "message": self.failing or "done",
            "lastTransitionTime": TIME,
            "observedGeneration": generation,
        }
        status: dict[str, Any] = {"conditions": [condition], "observedGeneration": generation}
        if self.failing:
            return status
        if kind == KUSTOMIZATIONS:
            return status | {"lastAppliedRevision": self.revision}
        artifact = {
            "revision": self.revision,
            "digest": self.revision.rpartition("@")[2],
            "path": "shop",
            "url": "http://nowhere.test",
            "lastUpdateTime": TIME,
        }
        return status | {"artifact": artifact}
