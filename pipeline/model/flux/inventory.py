"""``status.inventory`` of a Kustomization: which objects it applied, and will prune once its source lacks them.

Format: kustomize-controller ``api/v1/inventory_types.go``; ids: fluxcd/cli-utils ``pkg/object/objmetadata.go``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.documents.untyped import mapping_at
from pipeline.model.manifests import Body, ObjectId


@dataclass(frozen=True, slots=True, order=True)
class InventoryEntry:
    """One object, with the version of its API group (``v1``, not ``apps/v1``) under which it was applied."""

    object_id: ObjectId
    version: str

    @property
    def api_version(self) -> str:
        """Group and version, as manifests have them."""
        return f"{self.object_id.group}/{self.version}" if self.object_id.group else self.version

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        return {"id": self.object_id.inventory_id, "v": self.version}


def parse_inventory_id(text: str) -> ObjectId:
    """Read ``<namespace>_<name>_<group>_<Kind>``; ``__`` in the name stands for ``:``.

    Raises:
        ConfigurationError: it has another form.
    """
    namespace, found_name, rest = text.partition("_")
    named, found_group, last = rest.rpartition("_")
    name, found_kind, group = named.rpartition("_")
    if not (found_name and found_group and found_kind and name and last):
        raise ConfigurationError(
            f"'{text[:100]}' is no inventory id; expected <namespace>_<name>_<group>_<Kind>",
            code="configuration.inventory-id",
        )
    return ObjectId(group, last, namespace, name.replace("__", ":"))


def read_inventory(body: Body) -> tuple[InventoryEntry, ...]:
    """The entries of a Kustomization's status, in their order; those that make no sense are left out."""
    inventory = mapping_at(mapping_at(body.get("status")).get("inventory"))
    entries = inventory.get("entries")
    found = (_read(entry) for entry in entries) if isinstance(entries, list) else ()
    return tuple(entry for entry in found if entry is not None)


def inventory_document(entries: Iterable[InventoryEntry]) -> dict[str, Any]:
    """``status.inventory`` as it is stored, in the given order."""
    return {"entries": [entry.document() for entry in entries]}


def _read(entry: object) -> InventoryEntry | None:
    fields = mapping_at(entry)
    text, version = fields.get("id"), fields.get("v")
    if not isinstance(text, str) or not isinstance(version, str):
        return None
    try:
        return InventoryEntry(parse_inventory_id(text), version)
    except ConfigurationError:
        return None
