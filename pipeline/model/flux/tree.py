"""What a Kustomization manages, with what the Kustomizations among that manage in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.model.flux.api import KUSTOMIZATIONS, KUSTOMIZE_GROUP
from pipeline.model.flux.inventory import read_inventory
from pipeline.model.health import Health
from pipeline.model.manifests import Body, ObjectId

MAX_DEPTH: Final = 32
"""Levels of Kustomizations that are shown; nobody nests them as deep on purpose."""
_FLUX_GROUPS: Final = "toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One managed object; ``note`` says why a Kustomization's own objects are not shown."""

    object_id: ObjectId
    api_version: str
    children: tuple[TreeNode, ...] = ()
    health: Health | None = None
    note: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        document: dict[str, Any] = {
            "apiVersion": self.api_version,
            "kind": self.object_id.kind,
            "namespace": self.object_id.namespace,
            "name": self.object_id.name,
        }
        if self.health is not None:
            document["health"] = {
                "status": self.health.status.value,
                "reason": self.health.reason,
                "message": self.health.message,
            }
        if self.note:
            document["note"] = self.note
        return document | ({"objects": [child.document() for child in self.children]} if self.children else {})


@dataclass(frozen=True, slots=True)
class Branches:
    """What was read to draw a tree: Kustomizations (``None``: not there), and health where it was asked for."""

    kustomizations: Mapping[ObjectId, Body | None] = field(hash=False)
    health: Mapping[ObjectId, Health] = field(default_factory=dict, hash=False)
    compact: bool = False
    """Whether only objects of Flux's kinds are shown."""


def kustomization_id(namespace: str, name: str) -> ObjectId:
    """The identity of a Kustomization."""
    return ObjectId(KUSTOMIZE_GROUP, KUSTOMIZATIONS.kind, namespace, name)


def is_kustomization(object_id: ObjectId) -> bool:
    """Whether it is one of Flux's, not a ``kustomization.yaml``."""
    return object_id.group == KUSTOMIZE_GROUP and object_id.kind == KUSTOMIZATIONS.kind


def nested(body: Body) -> Iterator[ObjectId]:
    """The Kustomizations that a Kustomization manages in its own cluster."""
    if not is_remote(body):
        yield from (entry.object_id for entry in read_inventory(body) if is_kustomization(entry.object_id))


def is_remote(body: Body) -> bool:
    """Whether its objects are in another cluster."""
    return bool((body.get("spec") or {}).get("kubeConfig"))


def grow(root: ObjectId, branches: Branches) -> TreeNode:
    """The tree; a Kustomization's objects are shown once, where it is first met, so that a cycle ends."""
    return _node(root, KUSTOMIZATIONS.api_version, branches, {root}, 0)


def _node(object_id: ObjectId, api_version: str, branches: Branches, seen: set[ObjectId], depth: int) -> TreeNode:
    health = branches.health.get(object_id)
    body = branches.kustomizations.get(object_id)
    if body is None:
        missing = is_kustomization(object_id) and object_id in branches.kustomizations
        return TreeNode(object_id, api_version, health=health, note="does not exist" if missing else "")
    children: list[TreeNode] = []
    remote = is_remote(body)
    for entry in read_inventory(body):
        child = entry.object_id
        if child == object_id or (branches.compact and _FLUX_GROUPS not in child.group):
            continue
        if remote:
            children.append(TreeNode(child, entry.api_version))
        elif not is_kustomization(child):
            children.append(TreeNode(child, entry.api_version, health=branches.health.get(child)))
        elif child in seen or depth >= MAX_DEPTH:
            note = "shown above" if child in seen else "too deep to be shown"
            children.append(TreeNode(child, entry.api_version, health=branches.health.get(child), note=note))
        else:
            seen.add(child)
            children.append(_node(child, entry.api_version, branches, seen, depth + 1))
    note = "in another cluster" if remote else ""
    return TreeNode(object_id, api_version, tuple(children), health, note)
