"""A cluster, seen through what planning, applying and verifying need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pipeline.model.applying.inventory import Inventory
from pipeline.model.cluster import Event, ResourceType
from pipeline.model.manifests import Body, ObjectId


class Inventories(Protocol):
    """Where inventories are kept."""

    def names(self, default_namespace: str) -> Sequence[tuple[str, str]]:
        """Namespace and name of every inventory that may be seen, sorted."""
        ...

    def load(self, namespace: str, name: str) -> Inventory | None:
        """The inventory as last saved, or ``None``."""
        ...

    def save(self, inventory: Inventory) -> Inventory:
        """Save if nobody else saved since it was loaded; returns it with its new resource version.

        Raises:
            RefusedError: somebody else did.
        """
        ...


class Cluster(Protocol):
    """An API server, seen through what planning, applying and verifying need. Every call is safe in many threads."""

    context: str
    """How the user names this cluster, for messages."""
    default_namespace: str
    """Where objects and inventories go that name no namespace: the one asked for, or the context's."""
    manager: str
    """The field manager under which objects are applied."""

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """How the kind is served, or ``None`` where it is not; looks again after a definition was applied."""
        ...

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        """The live object, or ``None``."""
        ...

    def list_metadata(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """Metadata alone (PartialObjectMetadata) of all objects of a type, page by page; no namespace: all of them."""
        ...

    def list_objects(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """Whole objects of a type, page by page; no namespace: all of them."""
        ...

    def apply(
        self,
        body: Body,
        *,
        dry_run: bool = False,
        force: bool = False,
        metadata_only: bool = False,
        expected: Mapping[str, Any] | None = None,
    ) -> Body:
        """Server-side apply under our field manager; returns the object as the server would store or stored it.

        ``metadata_only`` asks for apiVersion, kind and metadata alone, which is much less to send and to read. With
        ``expected``, the metadata of the live object as it was read, only that very version of it is changed.

        Raises:
            StaleError: it has another version by now, or is gone.
            FieldConflictError: other managers own fields; they are named.
            ImmutableFieldError: the object must be recreated for this change.
            ClusterError: anything else, with the object named.
        """
        ...

    def set_managed_fields(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        managed_fields: Sequence[Mapping[str, Any]],
        *,
        resource_version: str,
    ) -> Body | None:
        """Replace who owns which fields; no value changes.

        Returns apiVersion, kind and metadata; ``None`` where the object has changed since that version, or is gone.
        """
        ...

    def delete(self, resource_type: ResourceType, object_id: ObjectId, *, uid: str, dry_run: bool = False) -> None:
        """Delete exactly that object (by uid) with background propagation; not being there is fine."""
        ...

    def events(self, object_id: ObjectId, uid: str) -> Sequence[Event]:
        """Events about the object, newest last."""
        ...

    def logs(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool = False) -> Sequence[str]:
        """Last log lines of a container; empty where there are none to be had."""
        ...

    def with_inventories(self, inventories: Inventories) -> Cluster:
        """The same cluster, with its inventories kept elsewhere."""
        ...

    def list_inventories(self) -> Sequence[tuple[str, str]]:
        """Namespace and name of every inventory that may be seen, sorted."""
        ...

    def load_inventory(self, namespace: str, name: str) -> Inventory | None:
        """The inventory as last saved, or ``None``."""
        ...

    def save_inventory(self, inventory: Inventory) -> Inventory:
        """Save if nobody else saved since it was loaded; returns it with its new resource version.

        Raises:
            RefusedError: somebody else did.
        """
        ...
