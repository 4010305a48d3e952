"""What ``gitless trace`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.errors import VerificationError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.ownership import Owner
from pipeline.model.flux.lineage import KustomizationStep
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import header


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryStep:
    """The gitless inventory that an object's labels name; ``inventory`` is ``None`` where there is none."""

    namespace: str
    name: str
    inventory: Inventory | None
    lists: bool

    def document(self) -> dict[str, Any]:
        """As JSON."""
        found = self.inventory
        return {
            "namespace": self.namespace,
            "name": self.name,
            "found": found is not None,
            "listsObject": self.lists,
            "repository": found.repository if found else "",
            "digest": found.digest if found else "",
            "source": found.source if found else "",
            "revision": found.revision if found else "",
            "verifiedBy": list(found.verified_by) if found else [],
            "writer": found.writer if found else "",
            "writtenAt": found.written_at if found else "",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceResult:
    """From the object up.

    Attributes:
        through: the objects that made it, such as a pod's ReplicaSet and Deployment, the nearest first.
        kustomizations: the Kustomization that applies it, the one that applies that, and so on.
        inventory: the gitless inventory, where a pipeline applies it.
        other_owner: another tool whose marks it carries.
    """

    kind: ClassVar[str] = "TraceResult"

    cluster: str
    object_id: ObjectId
    through: tuple[ObjectId, ...] = ()
    kustomizations: tuple[KustomizationStep, ...] = ()
    inventory: InventoryStep | None = None
    other_owner: Owner | None = None

    @property
    def is_managed(self) -> bool:
        """Whether something that still exists applies it: a Kustomization or a gitless inventory."""
        by_kustomization = bool(self.kustomizations) and self.kustomizations[0].found
        return by_kustomization or (self.inventory is not None and self.inventory.inventory is not None)

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        owner = self.other_owner
        return {
            **header(self.kind),
            "cluster": self.cluster,
            "object": _object(self.object_id),
            "managed": self.is_managed,
            "through": [_object(item) for item in self.through],
            "kustomizations": [step.document() for step in self.kustomizations],
            "inventory": None if self.inventory is None else self.inventory.document(),
            "otherOwner": None
            if owner is None
            else {"tool": owner.tool, "namespace": owner.namespace, "name": owner.name},
        }


def require_managed(result: TraceResult) -> None:
    """Fail for an object that nothing of ours applies.

    Raises:
        VerificationError: it is so; what its marks say is in the message.
    """
    if result.is_managed:
        return
    code = "verification.unmanaged"
    if result.kustomizations:
        step = result.kustomizations[0]
        raise VerificationError(
            f"{result.object_id} carries the labels of Kustomization {step.namespace}/{step.name},"
            " which does not exist",
            hint="nobody applies or prunes it any more: delete it, or apply it anew",
            code=code,
        )
    if result.inventory is not None:
        raise VerificationError(
            f"{result.object_id} carries the labels of inventory {result.inventory.namespace}/{result.inventory.name},"
            " which does not exist",
            hint="nobody applies or prunes it any more: delete it, or apply it anew",
            code=code,
        )
    if result.other_owner is not None:
        raise VerificationError(f"{result.object_id} is managed by {result.other_owner}", code=code)
    raise VerificationError(f"{result.object_id} is managed by no Kustomization and no inventory", code=code)


def _object(object_id: ObjectId) -> dict[str, str]:
    return {
        "group": object_id.group,
        "kind": object_id.kind,
        "namespace": object_id.namespace,
        "name": object_id.name,
    }
