"""The record, kept in the cluster, of what gitless applied and what it is about to apply.

The intention (``pending``) is saved before the first write, so that a run that dies at any point leaves a record from
which the next one can repair and prune.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.errors import UsageError
from pipeline.model.manifests import ObjectId

# RFC 1123 label: fits into a label value, and with our prefix into an object's name.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,51}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """One object: its version, and how it looked when it was last known to be as desired."""

    object_id: ObjectId
    api_version: str
    desired_hash: str = ""
    """SHA-256 of the canonical desired body, as ``kept_hash`` keeps it."""
    fingerprint: str = ""
    """Of the live object right after applying; changes whenever anything but its status changes."""


class InventoryKind(StrEnum):
    """What keeps the record, which decides the labels of what is in it."""

    PIPELINE = "inventory"
    """A ConfigMap that ``gitless apply`` writes."""
    KUSTOMIZATION = "Kustomization"
    """The status of Flux's Kustomization."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything applied under one name in one namespace."""

    namespace: str
    name: str
    applied: Mapping[ObjectId, InventoryEntry] = field(default_factory=dict, hash=False)
    pending: Mapping[ObjectId, InventoryEntry] = field(default_factory=dict, hash=False)
    repository: str = ""
    digest: str = ""
    source: str = ""
    revision: str = ""
    verified_by: tuple[str, ...] = ()
    """The signers that were accepted; empty means verification was skipped on request."""
    issued_at: float | None = None
    """When the artifact was first signed, in seconds since the epoch; ``None`` where nobody says."""
    applied_at: float | None = None
    """When the apply began that brought this digest, the same way; ``None`` where an older gitless saved it."""
    overridden: tuple[str, ...] = ()
    """The guards that were overridden for what is applied, each with what it would have kept."""
    resource_version: str = ""
    writer: str = ""
    """Who saved it last, such as ``user@host`` or a CI job's address."""
    written_at: str = ""
    """When it was saved last: RFC 3339, UTC."""
    kind: InventoryKind = InventoryKind.PIPELINE

    @property
    def known(self) -> Mapping[ObjectId, InventoryEntry]:
        """Everything that may be in the cluster because of us: what is applied and what was about to be."""
        return {**self.pending, **self.applied}

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


def check_inventory_name(name: str) -> str:
    """Return the name if it can name an inventory: it becomes a label value and part of an object's name.

    Raises:
        UsageError: it cannot.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"'{name}' cannot name an inventory; expected up to 53 lower-case letters, digits or '-',"
            " beginning and ending with a letter or digit"
        )
    return name


def inventory_name(what: str) -> str:
    """A name for what is applied: the last part of the repository or folder, made to fit.

    Raises:
        UsageError: nothing of it can be used.
    """
    path = what.removeprefix("oci://").removeprefix("oci-layout:").partition("@")[0]
    last = path.rstrip("/").rpartition("/")[2].partition(":")[0]
    name = (
        re.sub(r"[^a-z0-9]+", "-", last.removesuffix(".yaml").removesuffix(".yml").lower()).strip("-")[:53].strip("-")
    )
    if not name:
        raise UsageError(f"'{what}' gives the inventory no name", hint="name it with --inventory")
    return name
