"""``ports.ApiServer`` over the API server's REST interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pipeline.clusters.kubernetes.answers import Response, identified
from pipeline.clusters.kubernetes.discovery import Discovery
from pipeline.clusters.kubernetes.failures import failure, needs_no_deletion, status_of
from pipeline.clusters.kubernetes.lines import LineStream
from pipeline.clusters.kubernetes.listing import read_list
from pipeline.clusters.kubernetes.requests import (
    JSON,
    MERGE_PATCH,
    METADATA,
    METADATA_LIST,
    Request,
    access_review_request,
    apply_request,
    collection_path,
    delete_request,
    list_request,
    log_request,
    object_path,
    to_json,
)
from pipeline.clusters.kubernetes.transport import Transport
from pipeline.clusters.kubernetes.watching import open_watch, watch_query
from pipeline.errors import ClusterError, ExistsError, StaleError
from pipeline.model.cluster import Listing, ResourceType, WatchEvent
from pipeline.model.manifests import Body, ObjectId, Resource

_SUCCESS = range(200, 300)
_NOT_FOUND = 404
_CONFLICT = 409
_PATCH_TRIES = 3
_LOG_SECONDS = 120.0


class KubernetesApi:
    """One API server under one identity; every call is safe in many threads."""

    def __init__(self, transport: Transport, discovery: Discovery, *, context: str, default_namespace: str) -> None:
        self.context = context
        self.default_namespace = default_namespace
        self._transport = transport
        self._discovery = discovery

    def resource_type(self, api_version: str, kind: str) -> ResourceType | None:
        """How the kind is served, or ``None``; one that was not a moment ago is looked for again."""
        return self._discovery.find(api_version, kind)

    def read(self, resource_type: ResourceType, namespace: str, name: str) -> Body | None:
        """The live object, or ``None``."""
        object_id = self._id(resource_type, namespace, name)
        request = Request("GET", object_path(resource_type, namespace, name), str(object_id), object_id=object_id)
        response = self._sent(resource_type, request)
        if response.status == _NOT_FOUND:
            return None
        return self._body(resource_type, request, response)

    def list(
        self,
        resource_type: ResourceType,
        namespace: str | None,
        selector: str | None = None,
        *,
        metadata_only: bool = False,
        fields: str | None = None,
    ) -> Listing:
        """All objects of a type with the version to watch from; no namespace: all; ``fields``: a field selector.

        Raises:
            ClusterError: it cannot be had; ``cluster.kind-unknown`` where the type is not served any more.
        """
        request = list_request(resource_type, namespace, selector, fields, METADATA_LIST if metadata_only else JSON)
        return read_list(partial(self._sent, resource_type), request, resource_type, metadata_only=metadata_only)

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
    ) -> LineStream[WatchEvent]:
        """What changes from that version on, bookmarks included; it begins, and fails, with the first event.

        Raises:
            WatchExpiredError: the version is too old (410): list again.
            ClusterError: it could not begin, or broke off; resume from the last version that was seen.
        """
        request = list_request(resource_type, namespace, selector, fields, METADATA if metadata_only else JSON)
        query = {**request.query, **watch_query(resource_version, seconds)}
        request = replace(request, query=query, subject=request.subject.replace("list of", "watch of", 1))
        return open_watch(self._transport, request, resource_type, seconds=seconds, metadata_only=metadata_only)

    def create(self, resource_type: ResourceType, body: Body, *, manager: str) -> Body:
        """Create; where an answer is lost, what is there already may be our own.

        Raises:
            ExistsError: there is one of that name.
        """
        object_id = self._id_of(resource_type, body)
        request = Request(
            "POST",
            collection_path(resource_type, object_id.namespace),
            str(object_id),
            {"fieldManager": manager},
            to_json(body),
            object_id=object_id,
        )
        response = self._sent(resource_type, request)
        if response.status == _CONFLICT and status_of(response.content).get("reason") == "AlreadyExists":
            raise ExistsError(f"{object_id} exists already")
        return self._body(resource_type, request, response)

    def replace(self, resource_type: ResourceType, body: Body, *, manager: str, subresource: str = "") -> Body:
        """Replace the object as it was read; ``metadata.resourceVersion`` guards it.

        Raises:
            StaleError: it has changed, or is gone.
            ClusterError: the body names no version, or anything else went wrong.
        """
        object_id = self._id_of(resource_type, body)
        if not body["metadata"].get("resourceVersion"):
            raise ClusterError(f"{object_id}: only what was read can be replaced", code="cluster.invalid")
        request = Request(
            "PUT",
            _path(resource_type, object_id, subresource),
            str(object_id),
            {"fieldManager": manager},
            to_json(body),
            object_id=object_id,
        )
        response = self._sent(resource_type, request)
        if response.status in {_NOT_FOUND, _CONFLICT}:
            raise _stale(object_id)
        return self._body(resource_type, request, response)

    def merge_patch(
        self,
        resource_type: ResourceType,
        object_id: ObjectId,
        patch: Mapping[str, Any],
        *,
        manager: str,
        subresource: str = "",
    ) -> Body | None:
        """JSON merge patch (RFC 7386); ``None`` where the object is gone. A version in the patch's metadata guards it.

        Raises:
            StaleError: it has another version than the patch names.
        """
        path = _path(resource_type, object_id, subresource)
        query = {"fieldManager": manager}
        request = Request("PATCH", path, str(object_id), query, to_json(patch), MERGE_PATCH, object_id=object_id)
        is_guarded = bool((patch.get("metadata") or {}).get("resourceVersion"))
        response = self._sent(resource_type, request)
        for _ in range(_PATCH_TRIES):
            # Without a version, a conflict only says that others wrote faster than the server could patch.
            if response.status != _CONFLICT or is_guarded:
                break
            response = self._sent(resource_type, request)
        if response.status == _NOT_FOUND:
            return None
        if response.status == _CONFLICT:
            raise _stale(object_id)
        return self._body(resource_type, request, response)

    def apply(
        self, resource_type: ResourceType, body: Body, *, manager: str, force: bool, dry_run: bool = False
    ) -> Body:
        """Server-side apply under any manager.

        Raises:
            FieldConflictError: other managers own fields; they are named.
            ImmutableFieldError: the object must be recreated for this change.
        """
        object_id = self._id_of(resource_type, body)
        request = apply_request(
            body, resource_type, object_id, dry_run=dry_run, force=force, metadata_only=False, manager=manager
        )
        response = self._sent(resource_type, request)
        return self._body(resource_type, request, response)

    def delete(
        self, resource_type: ResourceType, object_id: ObjectId, *, uid: str = "", propagation: str = "Background"
    ) -> bool:
        """Delete it, or exactly the one with that uid; returns whether it was there."""
        request = delete_request(resource_type, object_id, uid=uid, dry_run=False, propagation=propagation)
        response = self._sent(resource_type, request)
        if response.status in _SUCCESS:
            # A login page's 200 has deleted nothing.
            response.json()
            return True
        if response.status == _NOT_FOUND:
            return False
        if response.status == _CONFLICT and needs_no_deletion(response.content):
            return "precondition" not in str(status_of(response.content).get("message"))
        raise failure(request, response.status, response.content)

    def log_lines(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: float | None = None,
    ) -> LineStream[str]:
        """Lines of a container's log; ``since`` in seconds before now; ``follow`` goes on as they come.

        It begins, and fails, with the first line. A log that is followed may be silent for as long as it likes.
        """
        request = log_request(namespace, pod, container, follow=follow, tail=tail, since=since)

        def text_of(line: bytes) -> str:
            return line.decode(errors="replace")

        return LineStream(self._transport, request, text_of, seconds=None if follow else _LOG_SECONDS)

    def may(self, verb: str, resource_type: ResourceType, namespace: str = "") -> bool:
        """Whether we are allowed to (SelfSubjectAccessReview)."""
        answer = self._transport.object(access_review_request(verb, resource_type, namespace))
        return bool((answer.get("status") or {}).get("allowed"))

    def version(self) -> str:
        """The server's version, such as ``v1.37.2``."""
        request = Request("GET", "/version", f"version of {self._transport.place}")
        response = self._transport.send(request)
        if response.status not in _SUCCESS:
            raise failure(request, response.status, response.content)
        return str(response.json().get("gitVersion") or "unknown")

    def _id(self, resource_type: ResourceType, namespace: str, name: str) -> ObjectId:
        place = (namespace or self.default_namespace) if resource_type.namespaced else ""
        return ObjectId(resource_type.group, resource_type.kind, place, name)

    def _id_of(self, resource_type: ResourceType, body: Body) -> ObjectId:
        object_id = Resource.from_body(body).id
        return self._id(resource_type, object_id.namespace, object_id.name)

    def _sent(self, resource_type: ResourceType, request: Request) -> Response:
        """The answer; where not an object is missing but its kind, the kind is looked for again the next time."""
        response = self._transport.send(request)
        if response.status == _NOT_FOUND and not (status_of(response.content).get("details") or {}).get("name"):
            self._discovery.forget(resource_type.api_version, resource_type.kind)
        return response

    def _body(self, resource_type: ResourceType, request: Request, response: Response) -> Body:
        if response.status not in _SUCCESS:
            raise failure(request, response.status, response.content)
        return identified(resource_type, response.object(), metadata_only=False)


def _path(resource_type: ResourceType, object_id: ObjectId, subresource: str) -> str:
    path = object_path(resource_type, object_id.namespace, object_id.name)
    return f"{path}/{subresource}" if subresource else path


def _stale(object_id: ObjectId) -> StaleError:
    return StaleError(f"{object_id} has changed since it was read, or is gone", hint="read it again")
