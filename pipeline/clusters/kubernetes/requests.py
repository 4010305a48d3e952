"""What is asked of the API server, computed without asking."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId

MANAGER = "gitless"
"""Field manager of who names no other."""
PAGE_SIZE = 500
_PODS = ResourceType("v1", "Pod", "pods", namespaced=True)
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
METADATA_LIST = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"


@dataclass(frozen=True, slots=True)
class Request:
    """One call; ``subject`` is what error messages speak of, and ``object_id`` the object where there is one."""

    method: str
    path: str
    subject: str
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    content_type: str = JSON
    accept: str = JSON
    object_id: ObjectId | None = None
    is_guarded: bool = False
    """Whether it names the version of the object that it is for, so that another version is meant to be refused."""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def collection_path(resource_type: ResourceType, namespace: str | None) -> str:
    """Where objects of a type are listed."""
    version = resource_type.api_version
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if resource_type.namespaced and namespace:
        return f"{root}/namespaces/{_segment(namespace)}/{resource_type.plural}"
    return f"{root}/{resource_type.plural}"


def object_path(resource_type: ResourceType, namespace: str, name: str) -> str:
    """Where one object is."""
    return f"{collection_path(resource_type, namespace)}/{_segment(name)}"


def list_request(
    resource_type: ResourceType, namespace: str | None, selector: str | None, fields: str | None, accept: str
) -> Request:
    """All objects of a type, by label and field selectors where there are any; no namespace: all."""
    place = f" in namespace {namespace}" if resource_type.namespaced and namespace else ""
    query = {"labelSelector": selector, "fieldSelector": fields}
    return Request(
        "GET",
        collection_path(resource_type, namespace),
        f"list of {resource_type.plural}{place}",
        {key: value for key, value in query.items() if value},
        accept=accept,
    )


def apply_request(
    body: Body,
    resource_type: ResourceType,
    object_id: ObjectId,
    *,
    dry_run: bool,
    force: bool,
    metadata_only: bool,
    manager: str = MANAGER,
    expected: Mapping[str, Any] | None = None,
) -> Request:
    """Server-side apply; JSON is YAML, and far cheaper to write.

    ``expected`` is metadata of the object's version to change. It takes the uid as well: to the API server a version
    alone says nothing where there is no object.
    """
    if expected is not None:
        version = {key: expected[key] for key in ("uid", "resourceVersion")}
        body = {**body, "metadata": {**body["metadata"], **version}}
    query = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true" if force else "false"}
    if dry_run:
        query["dryRun"] = "All"
    return Request(
        "PATCH",
        object_path(resource_type, object_id.namespace, object_id.name),
        str(object_id),
        query,
        to_json(body),
        APPLY,
        METADATA if metadata_only else JSON,
        object_id,
        is_guarded=expected is not None,
    )


def managed_fields_request(
    resource_type: ResourceType,
    object_id: ObjectId,
    managed_fields: Sequence[Mapping[str, Any]],
    *,
    resource_version: str,
    manager: str = MANAGER,
) -> Request:
    """Replace who owns which fields of exactly this version of the object (Kubernetes: "Server-Side Apply")."""
    patch = [
        {"op": "replace", "path": "/metadata/managedFields", "value": list(managed_fields)},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version},
    ]
    return Request(
        "PATCH",
        object_path(resource_type, object_id.namespace, object_id.name),
        str(object_id),
        {"fieldManager": manager},
        json.dumps(patch, separators=(",", ":"), ensure_ascii=False).encode(),
        JSON_PATCH,
        METADATA,
        object_id,
    )


def delete_request(
    resource_type: ResourceType, object_id: ObjectId, *, uid: str, dry_run: bool, propagation: str = "Background"
) -> Request:
    """Delete exactly the object with that uid, or whichever it is for an empty one; what it owns goes later."""
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    if uid:
        options["preconditions"] = {"uid": uid}
    if dry_run:
        options["dryRun"] = ["All"]
    path = object_path(resource_type, object_id.namespace, object_id.name)
    return Request("DELETE", path, str(object_id), content=to_json(options), object_id=object_id)


def log_request(
    namespace: str, pod: str, container: str, *, follow: bool, tail: int | None, since: float | None
) -> Request:
    """The log of a container; the server counts in whole seconds, from one on."""
    query = {"container": container}
    if follow:
        query["follow"] = "true"
    if tail is not None:
        query["tailLines"] = str(tail)
    if since is not None:
        query["sinceSeconds"] = str(max(1, math.ceil(since)))
    path = f"{object_path(_PODS, namespace, pod)}/log"
    return Request("GET", path, f"log of {namespace}/{pod}", query, accept="*/*")


def access_review_request(verb: str, resource_type: ResourceType, namespace: str) -> Request:
    """Ask whether we may (SelfSubjectAccessReview, authorization.k8s.io/v1); no namespace: in all of them."""
    version = resource_type.api_version.rpartition("/")[2]
    attributes = {"verb": verb, "group": resource_type.group, "version": version, "resource": resource_type.plural}
    if resource_type.namespaced and namespace:
        attributes["namespace"] = namespace
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    return Request("POST", path, f"permission to {verb} {resource_type.plural}", content=to_json(body))


def to_json(body: Body) -> bytes:
    """Compact UTF-8."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=dict).encode()


def _segment(text: str) -> str:
    # What no object's name may be (apimachinery: IsValidPathSegmentName); dots would lead out of the path.
    if text in {"", ".", ".."} or "/" in text or "%" in text:
        raise ClusterError(f"'{text}' is not a name that an object or namespace can have", code="cluster.invalid")
    return quote(text, safe="")
