"""Inventories as ConfigMaps: found by label, readable by annotation, saved under an optimistic lock."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.clusters.kubernetes.failures import failure
from pipeline.clusters.kubernetes.requests import MANAGER, METADATA_LIST, PAGE_SIZE, Request, object_path, to_json
from pipeline.clusters.kubernetes.requests import collection_path as path_of
from pipeline.clusters.kubernetes.transport import Transport
from pipeline.errors import ClusterError, PipelineError, RefusedError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.inventory_document import decode, encode
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import ObjectId

PREFIX = "gitless-inventory-"
LABEL = "gitless.dev/inventory"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_PLAIN = "inventory.json"
_PACKED = "inventory.json.gz"
_PLAIN_LIMIT = 256 * 1024
_LIMIT = 1024 * 1024 - 4096
"""Bytes; a ConfigMap may hold 1 MiB."""
_UNPACKED_LIMIT = 256 * 1024 * 1024
_CONFIG_MAP = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)


class InventoryStore:
    """Loads and saves; every call asks the cluster."""

    def __init__(self, transport: Transport, *, manager: str = MANAGER) -> None:
        self._transport = transport
        self._manager = manager

    def names(self, default_namespace: str) -> Sequence[tuple[str, str]]:
        """Namespace and name of every inventory; of the default namespace alone where more may not be seen."""
        try:
            return sorted(self._names(None))
        except ClusterError as error:
            if error.code != "cluster.denied":
                raise
        return sorted(self._names(default_namespace))

    def load(self, namespace: str, name: str) -> Inventory | None:
        """As last saved.

        Raises:
            ClusterError: it cannot be read, or is damaged.
        """
        stored = self._read(namespace, name)
        return None if stored is None else _inventory(stored, namespace, name)

    def save(self, inventory: Inventory) -> Inventory:
        """Save unless somebody else did since it was loaded.

        Raises:
            RefusedError: somebody did.
            ClusterError: it is too large, its namespace is missing, or it may not be written.
        """
        config_map = config_map_of(inventory)
        object_id = ObjectId("", "ConfigMap", inventory.namespace, PREFIX + inventory.name)
        # A PUT of what is stored already is no write to the API server: the resource version stays.
        query = {"fieldManager": self._manager}
        if not inventory.resource_version:
            path = path_of(_CONFIG_MAP, inventory.namespace)
            request = Request("POST", path, str(inventory), query, to_json(config_map), object_id=object_id)
        else:
            config_map["metadata"]["resourceVersion"] = inventory.resource_version
            path = object_path(_CONFIG_MAP, inventory.namespace, object_id.name)
            request = Request("PUT", path, str(inventory), query, to_json(config_map), object_id=object_id)
        return self._write(request, inventory, config_map)

    def _write(self, request: Request, inventory: Inventory, config_map: Mapping[str, Any]) -> Inventory:
        response = self._transport.send(request)
        if response.status in {200, 201}:
            return replace(inventory, resource_version=response.object()["metadata"]["resourceVersion"])
        if response.status == 409 or (response.status == 404 and request.method == "PUT"):  # noqa: PLR2004 - RFC 9110
            stored = self._read(inventory.namespace, inventory.name)
            if stored is not None and _is_stored(config_map, stored):
                # Ours: the answer to an earlier try was lost.
                return replace(inventory, resource_version=stored["metadata"]["resourceVersion"])
            raise _refusal(inventory, stored)
        raise failure(request, response.status, response.content)

    def _read(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        path = object_path(_CONFIG_MAP, namespace, PREFIX + name)
        object_id = ObjectId("", "ConfigMap", namespace, PREFIX + name)
        request = Request("GET", path, f"inventory {namespace}/{name}", object_id=object_id)
        response = self._transport.send(request)
        if response.status == 404:  # noqa: PLR2004 - RFC 9110
            return None
        if response.status != 200:  # noqa: PLR2004 - RFC 9110
            raise failure(request, response.status, response.content)
        stored: Mapping[str, Any] = response.object()
        return stored

    def _names(self, namespace: str | None) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        query = {"labelSelector": f"{_MANAGED_BY}=gitless,{LABEL}", "limit": str(PAGE_SIZE)}
        while True:
            path = path_of(_CONFIG_MAP, namespace)
            page = self._transport.object(Request("GET", path, "inventories", query, accept=METADATA_LIST))
            for item in page.get("items") or ():
                metadata = item["metadata"]
                name = metadata["labels"][LABEL]
                if metadata["name"] == PREFIX + name:
                    found.append((metadata["namespace"], name))
            query = {**query, "continue": (page.get("metadata") or {}).get("continue") or ""}
            if not query["continue"]:
                return found


def config_map_of(inventory: Inventory) -> dict[str, Any]:
    """How the inventory is stored: as JSON, or packed where that is too large.

    Raises:
        ClusterError: even packed it is too large.
    """
    content = encode(inventory)
    facts = {
        "gitless.dev/digest": inventory.digest,
        "gitless.dev/revision": inventory.revision,
        "gitless.dev/objects": str(len(inventory.known)),
    }
    config_map: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": PREFIX + inventory.name,
            "namespace": inventory.namespace,
            "labels": {_MANAGED_BY: "gitless", LABEL: inventory.name},
            "annotations": {key: value for key, value in facts.items() if value},
        },
    }
    if len(content) <= _PLAIN_LIMIT:
        return config_map | {"data": {_PLAIN: content.decode()}}
    packed = gzip.compress(content, mtime=0)
    if len(packed) > _LIMIT:
        raise ClusterError(
            f"{inventory} with {len(inventory.known)} objects is too large for a ConfigMap",
            hint="split the manifests into several inventories",
            code="cluster.too-large",
        )
    return config_map | {"binaryData": {_PACKED: base64.b64encode(packed).decode()}}


def _inventory(stored: Mapping[str, Any], namespace: str, name: str) -> Inventory:
    content = _document(stored)
    return decode(content, namespace=namespace, name=name, resource_version=_version(stored))


def _document(stored: Mapping[str, Any]) -> bytes:
    """The document; nothing where it cannot be unpacked, which ``decode`` calls damaged."""
    plain = (stored.get("data") or {}).get(_PLAIN)
    if plain is not None:
        return str(plain).encode()
    packed = (stored.get("binaryData") or {}).get(_PACKED, "")
    try:
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        content = unpacking.decompress(base64.b64decode(packed, validate=True), _UNPACKED_LIMIT)
    except (zlib.error, binascii.Error, ValueError):
        return b""
    return content if unpacking.eof else b""


def _is_stored(config_map: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    wanted = config_map["metadata"]
    live = stored["metadata"]
    return all(config_map.get(key) == stored.get(key) for key in ("data", "binaryData")) and all(
        wanted[key].items() <= (live.get(key) or {}).items() for key in ("labels", "annotations")
    )


def _version(stored: Mapping[str, Any] | None) -> str:
    return "" if stored is None else str(stored["metadata"]["resourceVersion"])


def _refusal(inventory: Inventory, stored: Mapping[str, Any] | None) -> PipelineError:
    if stored is None:
        return RefusedError(f"{inventory} was deleted meanwhile", hint="run it again", code="refused.concurrent")
    other = _inventory(stored, inventory.namespace, inventory.name)
    who = re.sub(r"\s+", " ", other.writer)[:100] or "somebody else"
    when = f" at {other.written_at}" if other.written_at else ""
    return RefusedError(
        f"{inventory} was saved by {who}{when} meanwhile",
        hint="run it again once the other run has ended",
        code="refused.concurrent",
    )
