"""An API server in memory: single objects, their versions, and watches.

Optimistic locking, merge patches, the status subresource, generations, finalizers, server-side apply (simplified),
watches with bookmarks that expire, field and label selectors; and a hook before every call through which a test lets it
fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.errors import ClusterError, ExistsError, StaleError
from pipeline.model.cluster import Listing, ResourceType
from pipeline.model.flux.api import EVENTS, KUSTOMIZATIONS, LEASES, OCI_REPOSITORIES
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.testing.api_objects import Objects
from pipeline.testing.api_selecting import selection
from pipeline.testing.api_storage import MemoryLines, MemoryWatch, Storage, Stored
from pipeline.testing.api_writing import merged
from pipeline.testing.built_in import BUILT_IN

_ALWAYS = float(3600)
_NAMESPACES = ResourceType("v1", "Namespace", "namespaces", namespaced=False)


class MemoryApiServer:
    """Implements ``ports.ApiServer``; ``before`` is called ahead of every call with its name and subject.

    Attributes:
        before: may raise, to let a call fail.
        requests: what was called, with its subject.
        allowed: what ``may`` answers, from verb, type and namespace.
    """

    context = "memory"
    default_namespace = "default"

    def __init__(
        self,
        *,
        namespaces: Sequence[str] = ("default",),
        types: Sequence[ResourceType] = (),
        version: str = "v1.37.2",
        now: Callable[[], float] = lambda: 1_800_000_000.0,
    ) -> None:
        """``types`` are served beside those built in; ``now`` is the time of timestamps, in seconds since the epoch."""
        self.before: Callable[[str, str], None] = lambda _operation, _subject: None
        self.requests: list[tuple[str, str]] = []
        self.allowed: Callable[[str, ResourceType, str], bool] = lambda _verb, _type, _namespace: True
        self._version = version
        self._types = [*BUILT_IN, EVENTS, LEASES, OCI_REPOSITORIES, KUSTOMIZATIONS, *types]
        self._storage = Storage()
        self._objects = Objects(self._storage, now)
        self._lock = self._storage.changed
        self._watches: list[MemoryWatch] = []
        self._logs: dict[tuple[str, str, str], list[str]] = {}
        for name in namespaces:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self._objects.create(_NAMESPACES, ObjectId("", "Namespace", "", name), body, "kube-apiserver")

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
            return _seen(resource_type, self._objects.create(resource_type, object_id, body, manager))

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
            after = self._objects.update(resource_type, object_id, body, manager, subresource)
            return _seen(resource_type, after)

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
            after = self._objects.update(resource_type, object_id, wanted, manager, subresource)
            return _seen(resource_type, after)

    def apply(
        self, resource_type: ResourceType, body: Body, *, manager: str, force: bool, dry_run: bool = False
    ) -> Body:
        """Merge under the manager."""
        object_id = self._id_of(resource_type, body)
        self._called("dry-run" if dry_run else "apply", str(object_id))
        with self._lock:
            after = self._objects.apply(resource_type, object_id, body, manager, force=force, dry_run=dry_run)
            return _seen(resource_type, after)

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
            self._objects.delete(object_id)
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


def _is_of(object_id: ObjectId, resource_type: ResourceType) -> bool:
    return (object_id.group, object_id.kind) == (resource_type.group, resource_type.kind)


def _subject(resource_type: ResourceType, namespace: str | None) -> str:
    return f"{resource_type.kind} {namespace or '*'}"


def _seen(resource_type: ResourceType, stored: Stored, *, metadata_only: bool = False) -> Body:
    answer = stored.answer() | {"apiVersion": resource_type.api_version, "kind": resource_type.kind}
    return {key: answer[key] for key in ("apiVersion", "kind", "metadata")} if metadata_only else answer
