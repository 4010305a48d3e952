"""The objects of the API server in memory, as its requests change them; whoever calls holds the storage's lock."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId
from pipeline.testing.api_storage import Storage, Stored
from pipeline.testing.api_writing import applied, owners_after_update, spec_of, written
from pipeline.testing.built_in import defaulted

_WITHOUT_STATUS = frozenset(
    {"ConfigMap", "Secret", "ServiceAccount", "Role", "ClusterRole", "Event", "Lease", "StorageClass"}
)


class Objects:
    """Creates, updates, applies and deletes; ``now`` is the time of timestamps, in seconds since the epoch."""

    def __init__(self, storage: Storage, now: Callable[[], float]) -> None:
        self._storage = storage
        self._now = now

    def create(self, resource_type: ResourceType, object_id: ObjectId, body: Body, manager: str) -> Stored:
        """Store what is not there yet."""
        after = self._prepared(resource_type, object_id, None, defaulted(body), "")
        owners = owners_after_update(None, after, manager, "")
        return self._storage.put(object_id, after, resource_type.api_version, owners)

    def update(
        self, resource_type: ResourceType, object_id: ObjectId, wanted: Body, manager: str, subresource: str
    ) -> Stored:
        """Store what changes; the last finalizer of what is being deleted takes it away."""
        before = self._storage.objects[object_id]
        if subresource and not _has_status(resource_type):
            raise ClusterError(f"{object_id}: the cluster does not serve this kind", code="cluster.kind-unknown")
        after = self._prepared(resource_type, object_id, before, defaulted(wanted), subresource)
        if after == before.body:
            return before
        if "deletionTimestamp" in after["metadata"] and not after["metadata"].get("finalizers"):
            self._remove(object_id)
            return replace(before, body=after)
        owners = owners_after_update(before, after, manager, subresource)
        return self._storage.put(object_id, after, resource_type.api_version, owners)

    def apply(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        body: Body,
        manager: str,
        *,
        force: bool,
        dry_run: bool,
    ) -> Stored:
        """Server-side apply; what it would store, for a dry run."""
        before = self._storage.objects.get(object_id)
        merged_body, owners = applied(object_id, before, defaulted(body), manager, force=force)
        after = self._prepared(resource_type, object_id, before, merged_body, "")
        if before is not None and after == before.body and owners == before.owners:
            return before
        if dry_run:
            after["metadata"].setdefault("resourceVersion", "")
            return Stored(after, resource_type.api_version, owners)
        return self._storage.put(object_id, after, resource_type.api_version, owners)

    def delete(self, object_id: ObjectId) -> None:
        """Take away what is there, or mark it where finalizers hold it."""
        stored = self._storage.objects[object_id]
        if not stored.body["metadata"].get("finalizers"):
            self._remove(object_id)
        elif "deletionTimestamp" not in stored.body["metadata"]:
            body = deepcopy(dict(stored.body))
            body["metadata"] |= {"deletionTimestamp": self._time(), "deletionGracePeriodSeconds": 0}
            if "generation" in body["metadata"]:
                body["metadata"]["generation"] += 1
            self._storage.put(object_id, body, stored.api_version, stored.owners)

    def _prepared(
        self, resource_type: ResourceType, object_id: ObjectId, before: Stored | None, wanted: Body, subresource: str
    ) -> dict[str, Any]:
        after = written(before, wanted, subresource=subresource, has_status=_has_status(resource_type))
        metadata = after["metadata"]
        if before is not None:
            metadata["resourceVersion"] = before.version
            return after
        if object_id.namespace and ObjectId("", "Namespace", "", object_id.namespace) not in self._storage.objects:
            raise ClusterError(
                f"{object_id}: namespace {object_id.namespace} does not exist", code="cluster.namespace-missing"
            )
        metadata.pop("resourceVersion", None)
        metadata |= {"uid": f"uid-{self._storage.version + 1}", "creationTimestamp": self._time()}
        metadata |= {"namespace": object_id.namespace} if object_id.namespace else {}
        if _has_status(resource_type) and spec_of(after):
            metadata["generation"] = 1
        return after

    def _remove(self, object_id: ObjectId) -> None:
        self._storage.remove(object_id)
        if object_id.kind == "Namespace":
            for inner in [key for key in self._storage.objects if key.namespace == object_id.name]:
                self._storage.remove(inner)

    def _time(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _has_status(resource_type: ResourceType) -> bool:
    return resource_type.kind not in _WITHOUT_STATUS
