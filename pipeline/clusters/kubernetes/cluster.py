"""``ports.Cluster`` over the API server's REST interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.clusters.kubernetes.answers import identified
from pipeline.clusters.kubernetes.discovery import Discovery
from pipeline.clusters.kubernetes.failures import failure, kind_unknown, needs_no_deletion
from pipeline.clusters.kubernetes.inventory_store import InventoryStore
from pipeline.clusters.kubernetes.listing import iterate_list
from pipeline.clusters.kubernetes.requests import (
    JSON,
    MANAGER,
    METADATA_LIST,
    PAGE_SIZE,
    Request,
    apply_request,
    collection_path,
    delete_request,
    list_request,
    managed_fields_request,
    object_path,
)
from pipeline.clusters.kubernetes.transport import Transport
from pipeline.errors import ClusterError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.cluster import Event, ResourceType
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.ports import Inventories

_NOT_FOUND = 404
_CONFLICT = 409
_LOG_BYTES = 1024 * 1024
_SETTLING_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_DEFINITIONS = frozenset({"CustomResourceDefinition", "APIService"})


class KubernetesCluster:
    """One API server under one identity; every call is safe in many threads."""

    def __init__(
        self,
        transport: Transport,
        discovery: Discovery,
        *,
        context: str,
        default_namespace: str,
        manager: str = MANAGER,
        inventories: Inventories | None = None,
    ) -> None:
        self.context = context
        self.default_namespace = default_namespace
        self.manager = manager
        self._transport = transport
        self._discovery = discovery
        self._inventories = inventories or InventoryStore(transport, manager=manager)

    def with_inventories(self, inventories: Inventories) -> KubernetesCluster:
        """The same cluster, with its inventories kept elsewhere."""
        return KubernetesCluster(
            self._transport,
            self._discovery,
            context=self.context,
            default_namespace=self.default_namespace,
            manager=self.manager,
            inventories=inventories,
        )

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """How the kind is served, or ``None`` where it is not; looks again after a definition was applied."""
        return self._discovery.find(api_version, kind)

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        """The live object, or ``None``."""
        object_id = ObjectId(
            resource_type.group, resource_type.kind, namespace if resource_type.namespaced else "", name
        )
        request = Request("GET", object_path(resource_type, namespace, name), str(object_id), object_id=object_id)
        response = self._transport.send(request)
        if response.status == _NOT_FOUND:
            return None
        if response.status != 200:  # noqa: PLR2004 - RFC 9110
            raise failure(request, response.status, response.content)
        body: Body = response.object()
        return body

    def list_metadata(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """Metadata alone of all objects of a type, page by page; no namespace: all of them."""
        request = list_request(resource_type, namespace, selector, None, METADATA_LIST)
        return iterate_list(self._transport.send, request, resource_type, metadata_only=True)

    def list_objects(
        self, resource_type: ResourceType, namespace: str | None, selector: str | None = None
    ) -> Iterator[Body]:
        """Whole objects of a type, page by page; no namespace: all of them."""
        request = list_request(resource_type, namespace, selector, None, JSON)
        return iterate_list(self._transport.send, request, resource_type, metadata_only=False)

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

        A namespaced object that names no namespace goes into the default namespace.

        Raises:
            StaleError: it has another version than ``expected``, or is gone.
            FieldConflictError: other managers own fields; they are named.
            ImmutableFieldError: the object must be recreated for this change.
            ClusterError: anything else, with the object named.
        """
        object_id = Resource.from_body(body).id
        resource_type = self._discovery.find(body["apiVersion"], object_id.kind)
        if resource_type is None:
            raise kind_unknown(str(object_id))
        if resource_type.namespaced and not object_id.namespace:
            object_id = ObjectId(object_id.group, object_id.kind, self.default_namespace, object_id.name)
        request = apply_request(
            body,
            resource_type,
            object_id,
            dry_run=dry_run,
            force=force,
            metadata_only=metadata_only,
            manager=self.manager,
            expected=expected,
        )
        try:
            answer = self._applied(request)
        except ClusterError as error:
            if error.code == "cluster.kind-unknown":
                self._discovery.forget(resource_type.api_version, resource_type.kind)
            raise
        if object_id.kind in _DEFINITIONS and not dry_run:
            self._discovery.definitions_changed()
        return identified(resource_type, answer, metadata_only=metadata_only)

    def set_managed_fields(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        managed_fields: Sequence[Mapping[str, Any]],
        *,
        resource_version: str,
    ) -> Body | None:
        """Replace who owns which fields; ``None`` where the object has changed since that version, or is gone."""
        request = managed_fields_request(
            resource_type, object_id, managed_fields, resource_version=resource_version, manager=self.manager
        )
        response = self._transport.send(request)
        if response.status in {_NOT_FOUND, _CONFLICT}:
            return None
        if response.status != 200:  # noqa: PLR2004 - RFC 9110
            raise failure(request, response.status, response.content)
        return identified(resource_type, response.object(), metadata_only=True)

    def delete(self, resource_type: ResourceType, object_id: ObjectId, *, uid: str, dry_run: bool = False) -> None:
        """Delete exactly that object (by uid) with background propagation; not being there is fine."""
        request = delete_request(resource_type, object_id, uid=uid, dry_run=dry_run)
        response = self._transport.send(request)
        if response.status < 300:  # noqa: PLR2004 - RFC 9110: success
            # A login page's 200 has deleted nothing.
            response.json()
            return
        if response.status == _NOT_FOUND:
            return
        if response.status == _CONFLICT and needs_no_deletion(response.content):
            return
        raise failure(request, response.status, response.content)

    def events(self, object_id: ObjectId, uid: str) -> Sequence[Event]:
        """Events about the object, newest last; none where they may not be seen.

        Events about cluster-wide objects are kept in the namespace ``default``.
        """
        namespace = object_id.namespace or "default"
        events = ResourceType("v1", "Event", "events", namespaced=True)
        query = {"fieldSelector": f"involvedObject.uid={uid}", "limit": str(PAGE_SIZE)}
        request = Request("GET", collection_path(events, namespace), f"events of {object_id}", query)
        response = self._transport.send(request)
        if response.status != 200:  # noqa: PLR2004 - RFC 9110
            return ()
        found = [_event(item) for item in response.object().get("items") or ()]
        return tuple(sorted(found, key=lambda event: event.last_seen))

    def logs(self, namespace: str, pod: str, container: str, *, lines: int, previous: bool = False) -> Sequence[str]:
        """Last log lines of a container; empty where there are none to be had."""
        pods = ResourceType("v1", "Pod", "pods", namespaced=True)
        query = {"container": container, "tailLines": str(lines), "limitBytes": str(_LOG_BYTES)}
        if previous:
            query["previous"] = "true"
        path = f"{object_path(pods, namespace, pod)}/log"
        request = Request("GET", path, f"log of {namespace}/{pod}", query, accept="*/*")
        try:
            response = self._transport.send(request, tries=1)
        except ClusterError:
            return ()
        if response.status != 200:  # noqa: PLR2004 - RFC 9110
            return ()
        return tuple(response.content.decode(errors="replace").splitlines()[-lines:])

    def list_inventories(self) -> Sequence[tuple[str, str]]:
        """Namespace and name of every inventory that may be seen, sorted."""
        return self._inventories.names(self.default_namespace)

    def load_inventory(self, namespace: str, name: str) -> Inventory | None:
        """The inventory as last saved, or ``None``."""
        return self._inventories.load(namespace, name)

    def save_inventory(self, inventory: Inventory) -> Inventory:
        """Save if nobody else saved since it was loaded; returns it with its new resource version.

        Raises:
            RefusedError: somebody else did.
        """
        return self._inventories.save(inventory)

    def _applied(self, request: Request) -> dict[str, Any]:
        # A definition is established before the last API server and its last handler know the new kind.
        for seconds in _SETTLING_PAUSES:
            try:
                return self._transport.object(request)
            except ClusterError as error:
                if error.code != "cluster.kind-unknown" or not self._discovery.is_settling:
                    raise
            self._transport.pause(seconds)
        return self._transport.object(request)


def _event(item: Mapping[str, Any]) -> Event:
    series = item.get("series") or {}
    times = (
        series.get("lastObservedTime"),
        item.get("lastTimestamp"),
        item.get("eventTime"),
        item["metadata"].get("creationTimestamp"),
    )
    return Event(
        str(item.get("type") or "Normal"),
        str(item.get("reason") or ""),
        str(item.get("message") or "").strip(),
        int(series.get("count") or item.get("count") or 1),
        next((str(time) for time in times if time), ""),
    )
