"""A cluster in memory: enough of the API server's behaviour to hold the stages to their promises.

Server-side apply with field owners, dry-run, immutable fields, namespaces that must exist, definitions that make kinds
served, finalizers, and a hook before every call through which a test fails or kills a run at any step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from threading import RLock
from typing import Any

from pipeline.errors import RefusedError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.cluster import Event, ResourceType
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.ports import Inventories
from pipeline.testing.cluster_storage import ClusterStorage, StoredObject
from pipeline.testing.server_side_apply import paths_of

MANAGER = "gitless"


class MemoryCluster:
    """Implements ``ports.Cluster``; ``before`` is called ahead of every call with its name and subject."""

    context = "memory"
    default_namespace = "default"

    def __init__(self, *, namespaces: Sequence[str] = ("default",), manager: str = MANAGER) -> None:
        self.manager = manager
        self.before: Callable[[str, str], None] = lambda _operation, _subject: None
        self.requests: list[tuple[str, str]] = []
        self.events_by_uid: dict[str, list[Event]] = {}
        self.log_lines: dict[tuple[str, str, str], list[str]] = {}
        self._storage = ClusterStorage()
        self._inventories: dict[tuple[str, str], Inventory] = {}
        self._elsewhere: Inventories | None = None
        self._lock = RLock()
        for name in namespaces:
            self._storage.write(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "kube-apiserver", force=True
            )

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """Built in, or defined by a stored CustomResourceDefinition."""
        self._called("resource_type", f"{api_version} {kind}")
        return self._storage.resource_type(api_version, kind)

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        """The stored object."""
        stored = self._find("read", resource_type, namespace, name)
        return None if stored is None else stored.body()

    def list_metadata(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """Metadata of the stored objects of the type."""
        for body in self._list("list_metadata", resource_type, namespace, selector):
            yield {key: body[key] for key in ("apiVersion", "kind", "metadata")}

    def list_objects(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """The stored objects of the type."""
        yield from self._list("list_objects", resource_type, namespace, selector)

    def apply(
        self,
        body: Body,
        *,
        dry_run: bool = False,
        force: bool = False,
        metadata_only: bool = False,
        expected: Mapping[str, Any] | None = None,
    ) -> Body:
        """Merge under our manager."""
        resource = Resource.from_body(body)
        self._called("dry-run" if dry_run else "apply", str(resource.id))
        with self._lock:
            self._storage.require_version(resource.id, expected)
            answer = self._storage.write(body, self.manager, force=force, dry_run=dry_run)
        return {key: answer[key] for key in ("apiVersion", "kind", "metadata")} if metadata_only else answer

    def set_managed_fields(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        managed_fields: Sequence[Mapping[str, Any]],
        *,
        resource_version: str,
    ) -> Body | None:
        """Take the owners over, unless the object has changed."""
        self._called("set_managed_fields", str(object_id))
        del resource_type
        with self._lock:
            stored = self._storage.objects.get(object_id)
            if stored is None or stored.metadata["resourceVersion"] != resource_version:
                return None
            stored.owners = {entry["manager"]: paths_of(entry["fieldsV1"]) for entry in managed_fields}
            stored.times = {entry["manager"]: entry["time"] for entry in managed_fields}
            self._storage.touch(stored)
            body = stored.body()
        return {key: body[key] for key in ("apiVersion", "kind", "metadata")}

    def delete(self, resource_type: ResourceType, object_id: ObjectId, *, uid: str, dry_run: bool = False) -> None:
        """Remove, or mark where finalizers hold it."""
        self._called("delete", str(object_id))
        del resource_type
        with self._lock:
            if not dry_run:
                self._storage.delete(object_id, uid)

    def events(self, object_id: ObjectId, uid: str) -> Sequence[Event]:
        """What the test put into ``events_by_uid``."""
        self._called("events", str(object_id))
        return tuple(self.events_by_uid.get(uid, ()))

    def logs(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool = False) -> Sequence[str]:
        """What the test put into ``log_lines``."""
        self._called("logs", f"{namespace}/{pod}/{container}")
        del previous
        return tuple(self.log_lines.get((namespace, pod, container), ())[-lines:])

    def with_inventories(self, inventories: Inventories) -> MemoryCluster:
        """The same objects, with the inventories kept elsewhere."""
        other = copy(self)
        other._elsewhere = inventories  # noqa: SLF001 - our own kind
        return other

    def list_inventories(self) -> Sequence[tuple[str, str]]:
        """Every saved inventory."""
        return sorted(self._inventories)

    def load_inventory(self, namespace: str, name: str) -> Inventory | None:
        """As last saved."""
        self._called("load_inventory", f"{namespace}/{name}")
        if self._elsewhere is not None:
            return self._elsewhere.load(namespace, name)
        return self._inventories.get((namespace, name))

    def save_inventory(self, inventory: Inventory) -> Inventory:
        """Save unless somebody else did since it was loaded; what is the same is not written again."""
        key = (inventory.namespace, inventory.name)
        self._called("save_inventory", f"{inventory.namespace}/{inventory.name}")
        if self._elsewhere is not None:
            return self._elsewhere.save(inventory)
        with self._lock:
            stored = self._inventories.get(key)
            if (stored.resource_version if stored else "") != inventory.resource_version:
                raise RefusedError(
                    f"{inventory} was changed by {stored.writer if stored else 'a deletion'} meanwhile",
                    hint="run it again once the other run has ended",
                    code="refused.concurrent",
                )
            if stored == inventory:
                return stored
            self._storage.require_namespace(inventory.namespace, str(inventory))
            self._inventories[key] = replace(inventory, resource_version=str(self._storage.count()))
            return self._inventories[key]

    # What tests do to the cluster from outside.

    def apply_as(self, manager: str, body: Body, *, force: bool = True) -> Body:
        """Another manager applies."""
        with self._lock:
            return self._storage.write(body, manager, force=force)

    def set_status(self, object_id: ObjectId, status: Mapping[str, Any]) -> None:
        """A controller reports."""
        stored = self._storage.objects[object_id]
        stored.status = dict(status)
        self._storage.touch(stored)

    def set_owner(self, object_id: ObjectId, reference: Mapping[str, Any]) -> None:
        """A controller takes the object for its own, by other means than server-side apply."""
        self._storage.objects[object_id].metadata["ownerReferences"] = [dict(reference)]

    def bodies(self) -> dict[ObjectId, Body]:
        """Everything that is stored."""
        return {object_id: stored.body() for object_id, stored in self._storage.objects.items()}

    # How it works.

    def _called(self, operation: str, subject: str) -> None:
        with self._lock:
            self.requests.append((operation, subject))
        self.before(operation, subject)

    def _find(self, operation: str, resource_type: ResourceType, namespace: str, name: str) -> StoredObject | None:
        object_id = ObjectId(
            resource_type.group, resource_type.kind, namespace if resource_type.namespaced else "", name
        )
        self._called(operation, str(object_id))
        return self._storage.objects.get(object_id)

    def _list(
        self, operation: str, resource_type: ResourceType, namespace: str | None, selector: str | None
    ) -> Iterator[dict[str, Any]]:
        self._called(operation, f"{resource_type.kind} {namespace or '*'}")
        wanted = [requirement.partition("=") for requirement in selector.split(",")] if selector else []
        for object_id, stored in sorted(self._storage.objects.items()):
            if (object_id.group, object_id.kind) != (resource_type.group, resource_type.kind):
                continue
            labels = stored.body()["metadata"].get("labels", {})
            selected = all(key in labels and (not equals or labels[key] == value) for key, equals, value in wanted)
            if namespace in {None, object_id.namespace} and selected:
                yield stored.body()
