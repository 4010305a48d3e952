"""What goes with an object of Flux's when it is deleted (kustomize-controller's finalizer, and the puller's)."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.flux.api import FINALIZER
from pipeline.model.flux.inventory import read_inventory
from pipeline.model.flux.kustomization import DeletionPolicy
from pipeline.model.flux.tree import is_kustomization, is_remote
from pipeline.model.manifests import Body, ObjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """Of deleting a Kustomization.

    Attributes:
        prunes: whether the objects that it applied are deleted too.
        why: the spec's reason for that, such as ``prune is true``.
        objects: what it applied.
        remote: whether those are in another cluster.
        is_guarded: whether its finalizer is there; without it nobody prunes.
    """

    prunes: bool
    why: str
    objects: tuple[ObjectId, ...]
    remote: bool = False
    is_guarded: bool = True

    @property
    def kustomizations(self) -> tuple[ObjectId, ...]:
        """Those of the objects that are Kustomizations, and may prune in turn."""
        return tuple(item for item in self.objects if is_kustomization(item))


def consequences_of_deleting(kustomization: Body) -> Consequences:
    """What its spec asks for; a policy that is not known counts as the default, and a missing ``prune`` as false."""
    spec = kustomization.get("spec") or {}
    applied = tuple(entry.object_id for entry in read_inventory(kustomization))
    prunes, why = _decide(str(spec.get("deletionPolicy") or ""), prune=spec.get("prune") is True)
    if spec.get("suspend") is True:
        prunes, why = False, "it is suspended"
    finalizers = (kustomization.get("metadata") or {}).get("finalizers") or ()
    return Consequences(
        prunes=prunes, why=why, objects=applied, remote=is_remote(kustomization), is_guarded=FINALIZER in finalizers
    )


def _decide(policy: str, *, prune: bool) -> tuple[bool, str]:
    if policy in {DeletionPolicy.DELETE, DeletionPolicy.WAIT_FOR_TERMINATION}:
        return True, f"deletionPolicy is {policy}"
    if policy == DeletionPolicy.ORPHAN:
        return False, f"deletionPolicy is {policy}"
    return prune, f"prune is {str(prune).lower()}"
