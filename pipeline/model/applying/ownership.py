"""Who an object belongs to: the labels we put on, and the marks by which other tools' objects are recognised.

Marks of others, from their documentation and sources: Flux (``kustomize.toolkit.fluxcd.io/name`` and
``helm.toolkit.fluxcd.io/name``, flux pkg/ssa), Helm (``meta.helm.sh/release-name``), Argo CD
(``argocd.argoproj.io/tracking-id`` and ``…/instance``), kapp (``kapp.k14s.io/app``), kubectl's ApplySets
(``applyset.kubernetes.io/part-of``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.applying.inventory import Inventory, InventoryKind
from pipeline.model.flux.api import OWNER_NAME_LABEL, OWNER_NAMESPACE_LABEL

NAME_LABEL = "gitless.dev/inventory-name"
NAMESPACE_LABEL = "gitless.dev/inventory-namespace"

# Tool, where the mark is, its key, and the key of the namespace that completes the owner's name.
_MARKS = (
    ("Flux Kustomization", "labels", OWNER_NAME_LABEL, OWNER_NAMESPACE_LABEL),
    ("Flux HelmRelease", "labels", "helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace"),
    ("Argo CD application", "annotations", "argocd.argoproj.io/tracking-id", ""),
    ("Argo CD application", "labels", "argocd.argoproj.io/instance", ""),
    ("Helm release", "annotations", "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"),
    ("kapp application", "labels", "kapp.k14s.io/app", ""),
    ("kubectl ApplySet", "labels", "applyset.kubernetes.io/part-of", ""),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """A tool's own object that claims other objects."""

    tool: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.tool} {self.namespace}/{self.name}" if self.namespace else f"{self.tool} {self.name}"


def owner_labels(inventory: Inventory) -> Mapping[str, str]:
    """The labels that every object of the inventory carries."""
    if inventory.kind is InventoryKind.KUSTOMIZATION:
        return {OWNER_NAME_LABEL: inventory.name, OWNER_NAMESPACE_LABEL: inventory.namespace}
    return {NAME_LABEL: inventory.name, NAMESPACE_LABEL: inventory.namespace}


def owner_selector(inventory: Inventory) -> str:
    """The label selector that finds exactly the inventory's objects."""
    return ",".join(f"{key}={value}" for key, value in owner_labels(inventory).items())


def is_owned_by(metadata: Mapping[str, Any], inventory: Inventory) -> bool:
    """Whether the object still carries our labels; only then may it be pruned."""
    labels = metadata.get("labels") or {}
    return all(labels.get(key) == value for key, value in owner_labels(inventory).items())


def foreign_owner(metadata: Mapping[str, Any], inventory: Inventory) -> Owner | None:
    """Who else the object belongs to, or ``None`` where it is ours or nobody's.

    Our own labels win over others' marks: they stay behind on objects that were taken over.
    """
    if is_owned_by(metadata, inventory):
        return None
    labels = metadata.get("labels") or {}
    if labels.get(NAME_LABEL):
        return Owner("gitless inventory", labels[NAME_LABEL], labels.get(NAMESPACE_LABEL, ""))
    for tool, place, key, namespace_key in _MARKS:
        marks = metadata.get(place) or {}
        if marks.get(key):
            # A tracking id is NAME:GROUP/KIND:NAMESPACE/NAME; the application's name says enough.
            name = marks[key].partition(":")[0] if key.endswith("tracking-id") else marks[key]
            return Owner(tool, name, marks.get(namespace_key, ""))
    return None
