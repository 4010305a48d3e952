"""A deploy record: what a cluster applied, when, and what became of it; never a Secret's value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.manifests import ObjectId


class Deployed(StrEnum):
    """What became of an apply."""

    APPLIED = "applied"
    """Everything is applied; nobody looked at health."""
    HEALTHY = "healthy"
    FAILED = "failed"
    DELETED = "deleted"
    """The Kustomization is gone, and with it what it applied, but for the objects that the record still has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRecord:
    """One apply of one artifact to one cluster.

    Attributes:
        cluster: the name that the deployment chose for its cluster.
        repository: of the artifact.
        digest: of the artifact.
        inventory: what was applied under which name, such as ``inventory shop/shop`` or ``Kustomization apps/shop``.
        path: the folder of the artifact that a Kustomization takes; empty: all of it.
        time: when it ended, seconds since the epoch.
        result: what became of it.
        message: a line about it, without secrets; empty where the result says all.
        source: where the manifests came from.
        revision: of the source.
        verified_by: whose signatures were accepted.
        overrides: guards that somebody overrode for it.
        objects: every object with the hash of what was desired (SHA-256 of canonical JSON); empty for Secrets and
            whatever else could give one away (:mod:`pipeline.model.deployments.composing`). No objects at all where
            the apply itself failed: nobody knows then what of it is in the cluster.
    """

    cluster: str
    repository: str
    digest: str
    inventory: str
    time: float
    result: Deployed
    message: str = ""
    source: str = ""
    revision: str = ""
    verified_by: tuple[str, ...] = ()
    path: str = ""
    overrides: tuple[str, ...] = ()
    objects: Mapping[ObjectId, str] = field(default_factory=dict, hash=False)

    @property
    def is_complete(self) -> bool:
        """Whether ``objects`` are what the cluster has: everything was applied, healthy or not, and pruned."""
        return self.result is not Deployed.FAILED or bool(self.objects)

    @property
    def is_deleted(self) -> bool:
        """Whether there is no longer anything that applies the artifact there."""
        return self.result is Deployed.DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEvent:
    """What one record says about one object, compared with the record before it."""

    time: float
    digest: str
    revision: str
    change: str
    """``created``, ``changed``, ``deleted`` or ``unchanged``; ``unknown`` where a hash is withheld.

    In the oldest record that is kept every object is ``unchanged``: it was there then, and nobody knows since when.
    """
