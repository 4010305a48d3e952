"""An API server in memory: single objects, their versions, and watches.

Optimistic locking, merge patches, the status subresource, generations, finalizers, server-side apply (simplified),
watches with bookmarks that expire, field and label selectors; and a hook before every call through which a test lets it
fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import ClusterError, ExistsError, StaleError
from pipeline.model.cluster import Listing, ResourceType
from pipeline.model.flux.api import EVENTS, KUSTOMIZATIONS, LEASES, OCI_REPOSITORIES
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.testing.api_selecting import selection
from pipeline.testing.api_storage import MemoryLines, MemoryWatch, Storage, Stored
from pipeline.testing.api_writing import applied, merged, owners_after_update, spec_of, written
from pipeline.testing.cluster import BUILT_IN, defaulted

_ALWAYS = float(3600)
_WITHOUT_STATUS = frozenset(
    {"ConfigMap", "Secret", "ServiceAccount", "Role", "ClusterRole", "Event", "Lease", "StorageClass"}
)


class MemoryApiServer:
    """Implements ``ports.ApiServer``; ``before`` is called ahead of every call with its name and subject.

    Attributes:
        before: may raise, to let a call fail.
        requests: what was called, with its subject.
        allowed: what ``may`` answers, from verb, type and namespace.
        now: seconds since the epoch for timestamps.
    """

    context = "memory"
    default_namespace = "default"

    def __init__(
        self, *, namespaces: Sequence[str] = ("default",), types: Sequence[ResourceType] = (), version: str = "v1.37.2"
    ) -> None:
        self.before: Callable[[str, str], None] = lambda _operation, _subject: None
        self.requests: list[tuple[str, str]] = []
        self.allowed: Callable[[str, ResourceType, str], bool] = lambda _verb, _type, _namespace: True
        self.now: Callable[[], float] = lambda: 1_800_000_000.0
        self._version = version
        self._types = [*BUILT_IN, EVENTS, LEASES, OCI_REPOSITORIES, KUSTOMIZATIONS, *types]
        self._storage = Storage()
        self._lock = self._storage.changed
        self._watches: list[MemoryWatch] = []
        self._logs: dict[tuple[str, str, str], list[str]] = {}
        for name in namespaces:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self._create(ResourceType("v1", "Namespace", "namespaces", namespaced=False), body, "kube-apiserver")

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """Built in, given, or defined by a stored CustomResourceDefinition."""
        self._called("resource_type", f"{api_version} {kind}")
        known = [found for found in self._types if (found.api_version, found.kind) == (api_version, kind)]
        return next(iter([*known, *self._defined(api_version, kind)]), None)

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        """The stored object."""
        object_id = self._id(resource_type, namespace, name)
        self._called("read", str(object_id))
        with self._lock:
            stored = self._storage.objects.get(object_id)
        return None if stored is None else _seen(resource_type, stored)

    def list(
        self,
        resource_type: ResourceType,
        namespace: str | None,
        selector: str | None = None,
        *,
        metadata_only: bool = False,
        fields: str | None = None,
    ) -> Listing:
        """The stored objects of the type."""
        self._called("list", _subject(resource_type, namespace))
        matches = selection(resource_type, namespace, selector, fields)
        with self._lock:
            found = [stored for key, stored in sorted(self._storage.objects.items()) if _is_of(key, resource_type)]
            version = str(self._storage.version)
        items = [_seen(resource_type, stored, metadata_only=metadata_only) for stored in found if matches(stored.body)]
        return Listing(tuple(items), version)

    def watch(
        self,
        resource_type: ResourceType,
        namespace: str | None,
        selector: str | None = None,
        *,
        resource_version: str,
        metadata_only: bool = False,
        seconds: float = 300.0,
        fields: str | None = None,
    ) -> MemoryWatch:
        """The changes after that version, with a bookmark at the end and whenever ``bookmark`` is called."""
        matches = selection(resource_type, namespace, selector, fields)
        watch = MemoryWatch(self._storage, resource_type, matches, resource_version, seconds)
        watch.begin = lambda: self._called("watch", _subject(resource_type, namespace))
        watch.view = lambda stored: _seen(resource_type, stored, metadata_only=metadata_only)
        with self._lock:
            self._watches.append(watch)
        return watch

    def create(self, resource_type: ResourceType, body: Body, *, manager: str) -> Body:
        """Create."""
        object_id = self._id_of(resource_type, body)
        self._called("create", str(object_id))
        with self._lock:
            if object_id in self._storage.objects:
                raise ExistsError(f"{object_id} exists already")
            return _seen(resource_type, self._create(resource_type, body, manager))

    def replace(self, resource_type: ResourceType, body: Body, *, manager: str, subresource: str = "") -> Body:
        """Replace what has that version."""
        object_id = self._id_of(resource_type, body)
        self._called("replace", str(object_id))
        version = body["metadata"].get("resourceVersion")
        if not version:
            raise ClusterError(f"{object_id}: only what was read can be replaced", code="cluster.invalid")
        with self._lock:
            before = self._storage.objects.get(object_id)
            if before is None or version != before.version:
                raise StaleError(f"{object_id} has changed since it was read, or is gone")
            return _seen(resource_type, self._update(resource_type, before, body, manager, subresource))

    def merge_patch(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        patch: Mapping[str, Any],
        *,
        manager: str,
        subresource: str = "",
    ) -> Body | None:
        """Merge into what is there."""
        self._called("merge_patch", str(object_id))
        with self._lock:
            before = self._storage.objects.get(object_id)
            if before is None:
                return None
            version = (patch.get("metadata") or {}).get("resourceVersion")
            if version and version != before.version:
                raise StaleError(f"{object_id} has changed since it was read, or is gone")
            wanted = merged(before.body, patch)
            return _seen(resource_type, self._update(resource_type, before, wanted, manager, subresource))

    def apply(
        self, resource_type: ResourceType, body: Body, *, manager: str, force: bool, dry_run: bool = False
    ) -> Body:
        """Merge under the manager."""
        object_id = self._id_of(resource_type, body)
        self._called("dry-run" if dry_run else "apply", str(object_id))
        with self._lock:
            before = self._storage.objects.get(object_id)
            merged_body, owners = applied(object_id, before, defaulted(body), manager, force=force)
            after = self._prepared(resource_type, object_id, before, merged_body, "")
            if before is not None and after == before.body and owners == before.owners:
                return _seen(resource_type, before)
            if dry_run:
                after["metadata"].setdefault("resourceVersion", "")
                return _seen(resource_type, Stored(after, resource_type.api_version, owners))
            return _seen(resource_type, self._storage.put(object_id, after, resource_type.api_version, owners))

    def delete(
        self, resource_type: ResourceType, object_id: ObjectId, *, uid: str = "", propagation: str = "Background"
    ) -> bool:
        """Remove, or mark where finalizers hold it."""
        self._called("delete", str(object_id))
        del resource_type, propagation
        with self._lock:
            stored = self._storage.objects.get(object_id)
            if stored is None or (uid and stored.body["metadata"]["uid"] != uid):
                return False
            if not stored.body["metadata"].get("finalizers"):
                self._remove(object_id)
            elif "deletionTimestamp" not in stored.body["metadata"]:
                body = deepcopy(dict(stored.body))
                body["metadata"] |= {"deletionTimestamp": self._time(), "deletionGracePeriodSeconds": 0}
                if "generation" in body["metadata"]:
                    body["metadata"]["generation"] += 1
                self._storage.put(object_id, body, stored.api_version, stored.owners)
            return True

    def log_lines(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: float | None = None,
    ) -> MemoryLines:
        """What ``log`` was given; ``since`` means nothing here."""
        del since
        self._called("log_lines", f"{namespace}/{pod}/{container}")
        lines = self._logs.setdefault((namespace, pod, container), [])
        position = len(lines) - min(tail, len(lines)) if tail is not None else 0
        return MemoryLines(self._lock, lines, position, _ALWAYS if follow else 0.0)

    def may(self, verb: str, resource_type: ResourceType, namespace: str = "") -> bool:
        """What ``allowed`` says."""
        self._called("may", f"{verb} {resource_type.plural}")
        return self.allowed(verb, resource_type, namespace)

    def version(self) -> str:
        """Made up."""
        self._called("version", "")
        return self._version

    # What tests do to it from outside.

    def log(self, namespace: str, pod: str, container: str, *lines: str) -> None:
        """A container writes."""
        with self._lock:
            self._logs.setdefault((namespace, pod, container), []).extend(lines)
            self._lock.notify_all()

    def bookmark(self) -> None:
        """Tell every watch where it is."""
        with self._lock:
            for watch in self._watches:
                watch.bookmark()
            self._lock.notify_all()

    def expire(self) -> None:
        """Forget what happened: watches from before now have expired; those that are open go on."""
        with self._lock:
            self._storage.version += 1
            self._storage.oldest = self._storage.version

    def break_watches(self, error: ClusterError) -> None:
        """Let every open watch break off."""
        with self._lock:
            for watch in self._watches:
                watch.error = error
            self._watches.clear()
            self._lock.notify_all()

    # How it works; the lock is held.

    def _called(self, operation: str, subject: str) -> None:
        self.requests.append((operation, subject))
        self.before(operation, subject)

    def _defined(self, api_version: str, kind: str) -> Sequence[ResourceType]:
        with self._lock:
            definitions = [
                stored.body["spec"]
                for object_id, stored in self._storage.objects.items()
                if object_id.kind == "CustomResourceDefinition"
            ]
        return [
            ResourceType(api_version, kind, spec["names"]["plural"], spec["scope"] == "Namespaced")
            for spec in definitions
            if spec["names"]["kind"] == kind
            and api_version in {f"{spec['group']}/{version['name']}" for version in spec["versions"]}
        ]

    def _id(self, resource_type: ResourceType, namespace: str, name: str) -> ObjectId:
        place = (namespace or self.default_namespace) if resource_type.namespaced else ""
        return ObjectId(resource_type.group, resource_type.kind, place, name)

    def _id_of(self, resource_type: ResourceType, body: Body) -> ObjectId:
        object_id = Resource.from_body(body).id
        return self._id(resource_type, object_id.namespace, object_id.name)

    def _create(self, resource_type: ResourceType, body: Body, manager: str) -> Stored:
        object_id = self._id_of(resource_type, body)
        after = self._prepared(resource_type, object_id, None, defaulted(body), "")
        owners = owners_after_update(None, after, manager, "")
        return self._storage.put(object_id, after, resource_type.api_version, owners)

    def _update(
        self, resource_type: ResourceType, before: Stored, wanted: Body, manager: str, subresource: str
    ) -> Stored:
        object_id = self._id_of(resource_type, before.body)
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
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _has_status(resource_type: ResourceType) -> bool:
    return resource_type.kind not in _WITHOUT_STATUS


def _is_of(object_id: ObjectId, resource_type: ResourceType) -> bool:
    return (object_id.group, object_id.kind) == (resource_type.group, resource_type.kind)


def _subject(resource_type: ResourceType, namespace: str | None) -> str:
    return f"{resource_type.kind} {namespace or '*'}"


def _seen(resource_type: ResourceType, stored: Stored, *, metadata_only: bool = False) -> Body:
    answer = stored.answer() | {"apiVersion": resource_type.api_version, "kind": resource_type.kind}
    return {key: answer[key] for key in ("apiVersion", "kind", "metadata")} if metadata_only else answer
