"""The record, kept in the cluster, of what gitless applied and what it is about to apply.

The intention (``pending``) is saved before the first write, so that a run that dies at any point leaves a record from
which the next one can repair and prune.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.manifests import ObjectId


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """One object: its version, and how it looked when it was last known to be as desired."""

    object_id: ObjectId
    api_version: str
    desired_hash: str = ""
    """SHA-256 of the canonical desired body."""
    fingerprint: str = ""
    """Of the live object right after applying; changes whenever anything but its status changes."""


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
    resource_version: str = ""
