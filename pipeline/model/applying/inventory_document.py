"""The inventory as a versioned JSON document, which is how it is stored in the cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ClusterError, ConfigurationError
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.documents.times import format_time, parse_time
from pipeline.model.documents.yaml_writing import canonical_json
from pipeline.model.manifests import ObjectId

VERSION = 1
_TEXTS = {
    "repository": "repository",
    "digest": "digest",
    "source": "source",
    "revision": "revision",
    "writer": "writer",
    "writtenAt": "written_at",
}


def encode(inventory: Inventory) -> bytes:
    """UTF-8 JSON, the same bytes for the same inventory; the resource version is the store's and left out."""
    document: dict[str, Any] = {"version": VERSION, "namespace": inventory.namespace, "name": inventory.name}
    document |= {key: getattr(inventory, attribute) for key, attribute in _TEXTS.items()}
    document["verifiedBy"] = list(inventory.verified_by)
    if inventory.issued_at is not None:
        document["issuedAt"] = format_time(inventory.issued_at)
    if inventory.applied_at is not None:
        document["appliedAt"] = format_time(inventory.applied_at)
    if inventory.overridden:
        document["overridden"] = list(inventory.overridden)
    document["applied"] = _rows(inventory.applied)
    document["pending"] = _rows(inventory.pending)
    return canonical_json(document)


def decode(content: bytes, *, namespace: str, name: str, resource_version: str = "") -> Inventory:
    """Read a stored document.

    Raises:
        ClusterError: it is damaged, of another inventory, or of a version that this gitless does not know.
    """
    label = f"inventory {namespace}/{name}"
    try:
        document = json.loads(content)
        version = document["version"]
        if version != VERSION:
            raise ClusterError(
                f"{label} has format version {version!r}; this gitless knows version {VERSION}",
                hint="use the gitless version that wrote it, or a newer one",
                code="cluster.inventory-version",
            )
        if (document["namespace"], document["name"]) != (namespace, name):
            raise ValueError("another inventory's document")  # noqa: TRY301 - one place says what to do about damage
        return Inventory(
            namespace,
            name,
            applied=_entries(document["applied"]),
            pending=_entries(document["pending"]),
            verified_by=tuple(_text(item) for item in document["verifiedBy"]),
            issued_at=parse_time(_text(document["issuedAt"])) if "issuedAt" in document else None,
            applied_at=parse_time(_text(document["appliedAt"])) if "appliedAt" in document else None,
            overridden=tuple(_text(item) for item in document.get("overridden", ())),
            resource_version=resource_version,
            **_texts(document),
        )
    except (ValueError, KeyError, TypeError, RecursionError, ConfigurationError) as error:
        raise ClusterError(
            f"{label} is damaged: its document cannot be read",
            hint="restore its ConfigMap from a backup; without it, gitless does not know what it may prune",
            code="cluster.inventory-damaged",
        ) from error


def _texts(document: Mapping[str, Any]) -> dict[str, Any]:
    return {attribute: _text(document[key]) for key, attribute in _TEXTS.items()}


def _rows(entries: Mapping[ObjectId, InventoryEntry]) -> list[list[str]]:
    return [
        [key.group, key.kind, key.namespace, key.name, entry.api_version, entry.desired_hash, entry.fingerprint]
        for key, entry in sorted(entries.items())
    ]


def _entries(rows: Any) -> dict[ObjectId, InventoryEntry]:  # noqa: ANN401 - whatever the document holds there
    entries = {}
    for row in rows:
        group, kind, namespace, name, api_version, desired_hash, fingerprint = map(_text, row)
        object_id = ObjectId(group, kind, namespace, name)
        entries[object_id] = InventoryEntry(object_id, api_version, desired_hash, fingerprint)
    return entries


def _text(value: Any) -> str:  # noqa: ANN401 - whatever the document holds there
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
