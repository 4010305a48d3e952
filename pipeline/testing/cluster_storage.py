"""What the cluster in memory keeps: objects, who owns their fields, and which writes it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.errors import ClusterError, FieldConflictError, ImmutableFieldError, StaleError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.testing.built_in import BUILT_IN, defaulted
from pipeline.testing.server_side_apply import Leaves, Path, build, conflicts, fields_v1, leaves_of, merge

_WITH_GENERATION = {"Deployment", "StatefulSet", "DaemonSet", "Job", "Ingress", "CustomResourceDefinition"}
_IMMUTABLE: Mapping[str, tuple[Path, ...]] = {
    "Deployment": (("f:spec", "f:selector"),),
    "Job": (("f:spec", "f:template"), ("f:spec", "f:selector")),
    "Service": (("f:spec", "f:clusterIP"),),
}


@dataclass
class StoredObject:
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


class ClusterStorage:
    """Objects by their ids; whoever writes sees to it that nobody else does."""

    def __init__(self) -> None:
        self.objects: dict[ObjectId, StoredObject] = {}
        self._version = 0

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """Built in, or defined by a stored CustomResourceDefinition."""
        for known in BUILT_IN:
            if (known.api_version, known.kind) == (api_version, kind):
                return known
        for object_id, stored in list(self.objects.items()):
            if object_id.kind == "CustomResourceDefinition":
                spec = stored.body()["spec"]
                versions = {f"{spec['group']}/{version['name']}" for version in spec["versions"]}
                if spec["names"]["kind"] == kind and api_version in versions:
                    return ResourceType(api_version, kind, spec["names"]["plural"], spec["scope"] == "Namespaced")
        return None

    def write(self, body: Body, manager: str, *, force: bool, dry_run: bool = False) -> dict[str, Any]:
        """Merge under the manager; the object as it is then, or would be.

        Raises:
            FieldConflictError: other managers own fields.
            ImmutableFieldError: a field changes that must not.
            ClusterError: the kind is not served, or its namespace is not there.
        """
        resource = Resource.from_body(body)
        self._check_place(resource)
        stored = self.objects.get(resource.id)
        before = stored or StoredObject(resource.api_version, resource.id, {"name": resource.id.name})
        desired = leaves_of(defaulted(body))
        clash = conflicts(desired, before.leaves, before.owners, manager)
        if clash and not force:
            raise FieldConflictError(f"{resource.id}: {len(clash)} fields belong to others", conflicts=tuple(clash))
        leaves, owners = merge(desired, before.leaves, before.owners, manager)
        if stored is not None:
            self._check_immutable(resource.id, before.leaves, leaves)
        after = self._stored_after(before, leaves, owners, manager, is_new=stored is None)
        if not dry_run:
            self.objects[resource.id] = after
        return after.body()

    def delete(self, object_id: ObjectId, uid: str) -> None:
        """Remove the object with that uid, or mark it where finalizers hold it; what is in a namespace goes with it."""
        stored = self.objects.get(object_id)
        if stored is None or stored.metadata["uid"] != uid:
            return
        if stored.leaves.get(("f:metadata", "f:finalizers")):
            stored.metadata.setdefault("deletionTimestamp", self._time())
            self.touch(stored)
            return
        del self.objects[object_id]
        if object_id.kind == "Namespace":
            for key in [key for key in self.objects if key.namespace == object_id.name]:
                del self.objects[key]

    def require_version(self, object_id: ObjectId, expected: Mapping[str, Any] | None) -> None:
        """See that the object still has the uid and version of this metadata, where any is given.

        Raises:
            StaleError: it has not.
        """
        stored = self.objects.get(object_id)
        if expected is not None and (stored is None or _version(stored.metadata) != _version(expected)):
            raise StaleError(f"{object_id} has changed since it was read, or is gone")

    def require_namespace(self, namespace: str, subject: str) -> None:
        """See that the namespace is there.

        Raises:
            ClusterError: it is not.
        """
        if ObjectId("", "Namespace", "", namespace) not in self.objects:
            raise ClusterError(f"{subject}: namespace {namespace} does not exist", code="cluster.namespace-missing")

    def touch(self, stored: StoredObject) -> None:
        """Give it the next version."""
        stored.metadata["resourceVersion"] = str(self.count())

    def count(self) -> int:
        """The next version."""
        self._version += 1
        return self._version

    def _check_place(self, resource: Resource) -> None:
        found = self.resource_type(resource.api_version, resource.id.kind)
        if found is None:
            raise ClusterError(f"{resource.id}: the cluster does not serve this kind", code="cluster.kind-unknown")
        if found.namespaced:
            self.require_namespace(resource.id.namespace, str(resource.id))

    def _check_immutable(self, object_id: ObjectId, before: Mapping[Path, Any], after: Mapping[Path, Any]) -> None:
        frozen = _IMMUTABLE.get(object_id.kind, ())
        if object_id.kind in {"ConfigMap", "Secret"} and before.get(("f:immutable",)) is True:
            frozen = (("f:data",),)
        for root in frozen:
            if _below(root, before) != _below(root, after):
                name = ".".join(step[2:] for step in root)
                raise ImmutableFieldError(f"{object_id}: {name} is immutable")

    def _stored_after(
        self, before: StoredObject, leaves: Leaves, owners: dict[str, frozenset[Path]], manager: str, *, is_new: bool
    ) -> StoredObject:
        unchanged = not is_new and leaves == before.leaves and owners == before.owners
        if unchanged:
            return before
        after = replace(before, leaves=leaves, owners=owners, metadata=deepcopy(before.metadata))
        number = self.count()
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

    def _time(self) -> str:
        now = self._version
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
