"""The body that is sent for an object: ours by its labels, and without what only the server may say."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from pipeline.model.documents.yaml_writing import canonical_json
from pipeline.model.manifests import Body, ObjectId, Resource

# Set by the server; an exported manifest has them, and applying them would be refused or mean another object.
_SERVER_METADATA = frozenset(
    {"creationTimestamp", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"}
)

MAX_DATA_BYTES = 1024 * 1024
"""What the values of a ConfigMap or Secret may have together (kubernetes: ``MaxSecretSize``, also for ConfigMaps)."""


def desired_resource(resource: Resource, namespace: str, labels: Mapping[str, str]) -> Resource:
    """The resource as it is sent: in its namespace (empty for cluster-wide kinds), with the labels added."""
    metadata = {key: value for key, value in resource.body["metadata"].items() if key not in _SERVER_METADATA}
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    if namespace:
        metadata["namespace"] = namespace
    body: dict[str, Any] = {key: value for key, value in resource.body.items() if key != "status"}
    body["metadata"] = metadata
    if resource.id.kind == "Secret" and not resource.id.group:
        body = _with_encoded_data(body)
    identity = ObjectId(resource.id.group, resource.id.kind, namespace, resource.id.name)
    return Resource(identity, resource.api_version, body, resource.origin)


def _with_encoded_data(body: dict[str, Any]) -> dict[str, Any]:
    """``stringData`` moved into ``data``: as ``stringData``, a key once applied would never be removed again."""
    texts = body.get("stringData")
    if not isinstance(texts, Mapping) or not all(isinstance(text, str) for text in texts.values()):
        return body
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    rest = {key: value for key, value in body.items() if key != "stringData"}
    return {**rest, "data": {**(body.get("data") or {}), **encoded}}


def desired_hash(body: Body) -> str:
    """SHA-256 (hexadecimal) of the body as canonical JSON."""
    return hashlib.sha256(canonical_json(body)).hexdigest()


def kept_hash(object_id: ObjectId, desired: str, uid: str) -> str:
    """What an inventory keeps of a desired hash, for the live object with that ``uid``.

    The hash of a whole Secret lets whoever reads inventories try a dictionary for its values. Mixed with the uid, which
    is random and told only to who may read Secrets, it does not; without a uid nothing is kept of it.
    """
    if object_id.group or object_id.kind != "Secret":
        return desired
    return hashlib.sha256(f"{uid}/{desired}".encode()).hexdigest() if uid else ""


def data_bytes(resource: Resource) -> int:
    """How many bytes the server counts against :data:`MAX_DATA_BYTES`; 0 for kinds without that limit."""
    if resource.id.group or resource.id.kind not in {"ConfigMap", "Secret"}:
        return 0
    data = resource.body.get("data") or {}
    binary = resource.body.get("binaryData") or {}
    if resource.id.kind == "Secret":
        data, binary = {}, data
    return sum(len(str(text).encode()) for text in data.values()) + sum(
        len(str(text)) * 3 // 4 - str(text).count("=") for text in binary.values()
    )
