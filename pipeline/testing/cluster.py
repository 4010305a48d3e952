"""A cluster in memory: enough of the API server's behaviour to hold the stages to their promises.

Server-side apply with field owners, dry-run, immutable fields, namespaces that must exist, definitions that make kinds
served, finalizers, and a hook before every call through which a test fails or kills a run at any step.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from pipeline.errors import ClusterError, FieldConflictError, ImmutableFieldError, RefusedError, StaleError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.cluster import Event, ResourceType
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.ports import Inventories
from pipeline.testing.server_side_apply import Leaves, Path, build, conflicts, fields_v1, leaves_of, merge, paths_of

MANAGER = "gitless"
_CORE = ("ConfigMap", "Secret", "Service", "ServiceAccount", "Pod", "PersistentVolumeClaim")
_WITH_GENERATION = {"Deployment", "StatefulSet", "DaemonSet", "Job", "Ingress", "CustomResourceDefinition"}
_IMMUTABLE: Mapping[str, tuple[Path, ...]] = {
    "Deployment": (("f:spec", "f:selector"),),
    "Job": (("f:spec", "f:template"), ("f:spec", "f:selector")),
    "Service": (("f:spec", "f:clusterIP"),),
}

BUILT_IN = (
    *(ResourceType("v1", kind, f"{kind.lower()}s", namespaced=True) for kind in _CORE),
    ResourceType("v1", "Namespace", "namespaces", namespaced=False),
    *(
        ResourceType("apps/v1", kind, f"{kind.lower()}s", namespaced=True)
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
    ),
    ResourceType("batch/v1", "Job", "jobs", namespaced=True),
    ResourceType("networking.k8s.io/v1", "Ingress", "ingresses", namespaced=True),
    ResourceType("rbac.authorization.k8s.io/v1", "Role", "roles", namespaced=True),
    ResourceType("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False),
    ResourceType("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False),
    ResourceType("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False),
)


@dataclass
class _Stored:
    """One object: its values by path, who owns them, and what the server keeps about it."""

    api_version: str
    object_id: ObjectId
    metadata: dict[str, Any]
    leaves: Leaves = field(default_factory=dict)
    owners: dict[str, frozenset[Path]] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    status: dict[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """As the API server would answer."""
        built = deepcopy(build(self.leaves))
        managed = [
            {
                "manager": manager,
                "operation": "Apply",
                "apiVersion": self.api_version,
                "time": self.times[manager],
                "fieldsType": "FieldsV1",
                "fieldsV1": fields_v1(paths),
            }
            for manager, paths in sorted(self.owners.items())
        ]
        answer = {"apiVersion": self.api_version, "kind": self.object_id.kind, **built}
        answer["metadata"] = {**built.get("metadata", {}), **deepcopy(self.metadata), "managedFields": managed}
        return answer if self.status is None else {**answer, "status": deepcopy(self.status)}


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
        self._objects: dict[ObjectId, _Stored] = {}
        self._inventories: dict[tuple[str, str], Inventory] = {}
        self._elsewhere: Inventories | None = None
        self._counters = [0]
        """One number, in a list so that copies with inventories of their own go on counting it."""
        self._lock = RLock()
        for name in namespaces:
            self._write(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "kube-apiserver", force=True
            )

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """Built in, or defined by a stored CustomResourceDefinition."""
        self._called("resource_type", f"{api_version} {kind}")
        return self._type(api_version, kind)

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
            self._check_version(resource.id, expected)
            answer = self._write(body, self.manager, force=force, dry_run=dry_run)
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
            stored = self._objects.get(object_id)
            if stored is None or stored.metadata["resourceVersion"] != resource_version:
                return None
            stored.owners = {entry["manager"]: paths_of(entry["fieldsV1"]) for entry in managed_fields}
            stored.times = {entry["manager"]: entry["time"] for entry in managed_fields}
            self._touch(stored)
            body = stored.body()
        return {key: body[key] for key in ("apiVersion", "kind", "metadata")}

    def delete(self, resource_type: ResourceType, object_id: ObjectId, *, uid: str, dry_run: bool = False) -> None:
        """Remove, or mark where finalizers hold it."""
        self._called("delete", str(object_id))
        del resource_type
        with self._lock:
            stored = self._objects.get(object_id)
            if stored is None or stored.metadata["uid"] != uid or dry_run:
                return
            if stored.leaves.get(("f:metadata", "f:finalizers")):
                stored.metadata.setdefault("deletionTimestamp", self._time())
                self._touch(stored)
                return
            del self._objects[object_id]
            if object_id.kind == "Namespace":
                for key in [key for key in self._objects if key.namespace == object_id.name]:
                    del self._objects[key]

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
            self._require_namespace(inventory.namespace, str(inventory))
            self._inventories[key] = replace(inventory, resource_version=str(self._count()))
            return self._inventories[key]

    # What tests do to the cluster from outside.

    def apply_as(self, manager: str, body: Body, *, force: bool = True) -> Body:
        """Another manager applies."""
        with self._lock:
            return self._write(body, manager, force=force)

    def set_status(self, object_id: ObjectId, status: Mapping[str, Any]) -> None:
        """A controller reports."""
        stored = self._objects[object_id]
        stored.status = dict(status)
        self._touch(stored)

    def bodies(self) -> dict[ObjectId, Body]:
        """Everything that is stored."""
        return {object_id: stored.body() for object_id, stored in self._objects.items()}

    # How it works.

    def _called(self, operation: str, subject: str) -> None:
        with self._lock:
            self.requests.append((operation, subject))
        self.before(operation, subject)

    def _type(self, api_version: str, kind: str) -> ResourceType | None:
        for known in BUILT_IN:
            if (known.api_version, known.kind) == (api_version, kind):
                return known
        for object_id, stored in list(self._objects.items()):
            if object_id.kind == "CustomResourceDefinition":
                spec = stored.body()["spec"]
                versions = {f"{spec['group']}/{version['name']}" for version in spec["versions"]}
                if spec["names"]["kind"] == kind and api_version in versions:
                    return ResourceType(api_version, kind, spec["names"]["plural"], spec["scope"] == "Namespaced")
        return None

    def _find(self, operation: str, resource_type: ResourceType, namespace: str, name: str) -> _Stored | None:
        object_id = ObjectId(
            resource_type.group, resource_type.kind, namespace if resource_type.namespaced else "", name
        )
        self._called(operation, str(object_id))
        return self._objects.get(object_id)

    def _list(
        self, operation: str, resource_type: ResourceType, namespace: str | None, selector: str | None
    ) -> Iterator[dict[str, Any]]:
        self._called(operation, f"{resource_type.kind} {namespace or '*'}")
        wanted = [requirement.partition("=") for requirement in selector.split(",")] if selector else []
        for object_id, stored in sorted(self._objects.items()):
            if (object_id.group, object_id.kind) != (resource_type.group, resource_type.kind):
                continue
            labels = stored.body()["metadata"].get("labels", {})
            selected = all(key in labels and (not equals or labels[key] == value) for key, equals, value in wanted)
            if namespace in {None, object_id.namespace} and selected:
                yield stored.body()

    def _write(self, body: Body, manager: str, *, force: bool, dry_run: bool = False) -> dict[str, Any]:
        resource = Resource.from_body(body)
        self._check_place(resource)
        stored = self._objects.get(resource.id)
        before = stored or _Stored(resource.api_version, resource.id, {"name": resource.id.name})
        desired = leaves_of(defaulted(body))
        clash = conflicts(desired, before.leaves, before.owners, manager)
        if clash and not force:
            raise FieldConflictError(f"{resource.id}: {len(clash)} fields belong to others", conflicts=tuple(clash))
        leaves, owners = merge(desired, before.leaves, before.owners, manager)
        if stored is not None:
            self._check_immutable(resource.id, before.leaves, leaves)
        after = self._stored_after(before, leaves, owners, manager, is_new=stored is None)
        if not dry_run:
            self._objects[resource.id] = after
        return after.body()

    def _check_version(self, object_id: ObjectId, expected: Mapping[str, Any] | None) -> None:
        stored = self._objects.get(object_id)
        if expected is not None and (stored is None or _version(stored.metadata) != _version(expected)):
            raise StaleError(f"{object_id} has changed since it was read, or is gone")

    def _check_place(self, resource: Resource) -> None:
        found = self._type(resource.api_version, resource.id.kind)
        if found is None:
            raise ClusterError(f"{resource.id}: the cluster does not serve this kind", code="cluster.kind-unknown")
        if found.namespaced:
            self._require_namespace(resource.id.namespace, str(resource.id))

    def _require_namespace(self, namespace: str, subject: str) -> None:
        if ObjectId("", "Namespace", "", namespace) not in self._objects:
            raise ClusterError(f"{subject}: namespace {namespace} does not exist", code="cluster.namespace-missing")

    def _check_immutable(self, object_id: ObjectId, before: Mapping[Path, Any], after: Mapping[Path, Any]) -> None:
        frozen = _IMMUTABLE.get(object_id.kind, ())
        if object_id.kind in {"ConfigMap", "Secret"} and before.get(("f:immutable",)) is True:
            frozen = (("f:data",),)
        for root in frozen:
            if _below(root, before) != _below(root, after):
                name = ".".join(step[2:] for step in root)
                raise ImmutableFieldError(f"{object_id}: {name} is immutable")

    def _stored_after(
        self, before: _Stored, leaves: Leaves, owners: dict[str, frozenset[Path]], manager: str, *, is_new: bool
    ) -> _Stored:
        unchanged = not is_new and leaves == before.leaves and owners == before.owners
        if unchanged:
            return before
        after = replace(before, leaves=leaves, owners=owners, metadata=deepcopy(before.metadata))
        number = self._count()
        if is_new:
            after.metadata["uid"] = f"uid-{number}"
            after.metadata["creationTimestamp"] = self._time()
            if before.object_id.namespace:
                after.metadata["namespace"] = before.object_id.namespace
            after.status = _first_status(before.object_id)
        after.metadata["resourceVersion"] = str(number)
        if before.object_id.kind in _WITH_GENERATION and _spec(leaves) != _spec(before.leaves):
            after.metadata["generation"] = before.metadata.get("generation", 0) + 1
        after.times = {name: before.times.get(name, self._time()) for name in owners} | {manager: self._time()}
        return after

    def _touch(self, stored: _Stored) -> None:
        stored.metadata["resourceVersion"] = str(self._count())

    def _count(self) -> int:
        self._counters[0] += 1
        return self._counters[0]

    def _time(self) -> str:
        now = self._counters[0]
        return f"2026-01-01T{now // 3600 % 24:02}:{now // 60 % 60:02}:{now % 60:02}Z"


def _version(metadata: Mapping[str, Any]) -> tuple[str, str]:
    return metadata["uid"], metadata["resourceVersion"]


def _spec(leaves: Mapping[Path, Any]) -> dict[Path, Any]:
    return {path: value for path, value in leaves.items() if path[0] != "f:metadata"}


def _below(root: Path, leaves: Mapping[Path, Any]) -> dict[Path, Any]:
    return {path: value for path, value in leaves.items() if path[: len(root)] == root}


def _first_status(object_id: ObjectId) -> dict[str, Any] | None:
    if object_id.kind == "Namespace":
        return {"phase": "Active"}
    if object_id.kind == "CustomResourceDefinition":
        return {"conditions": [{"type": "Established", "status": "True"}, {"type": "NamesAccepted", "status": "True"}]}
    return None


def defaulted(body: Body) -> Body:
    """What the server would fill in, for the few kinds where tests look at it."""
    if body["kind"] != "Secret" or "stringData" not in body:
        return body
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in body["stringData"].items()}
    rest = {key: value for key, value in body.items() if key != "stringData"}
    return {**rest, "data": {**body.get("data", {}), **encoded}}
