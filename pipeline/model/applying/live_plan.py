"""A plan against a cluster with everything that is needed to perform it, and everything that stands in its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from pipeline.errors import ClusterError, GuardError, ManifestError, PipelineError, RefusedError, TrustError
from pipeline.model.applying.fingerprint import fingerprint
from pipeline.model.applying.inventory import InventoryEntry
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Change, Plan

_SHOWN = 20
"""So many obstacles are listed; who has more sees the pattern in these."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something cannot be applied, found before anything was written.

    ``error`` is the family it belongs to: :class:`TrustError`, :class:`ManifestError`, :class:`ClusterError` or
    :class:`RefusedError`.
    """

    subject: str
    """The object with its origin, or what else is missing."""
    problem: str
    hint: str = ""
    error: type[PipelineError] = RefusedError


@dataclass(frozen=True, slots=True)
class Decision:
    """One object: what happens to it and what that takes."""

    change: Change
    entry: InventoryEntry
    """What the inventory will say about it; the fingerprint is empty until it is applied, unless it is unchanged."""
    body: Body | None = None
    """What is sent; ``None`` where nothing is."""
    resource_type: ResourceType | None = None
    """``None`` where the kind is not served yet."""
    uid: str = ""
    """The live object that is deleted, or (when created) whose deletion is waited for."""
    force: bool = False
    inherits: bool = False
    """Whether predecessors' fields on the live object become ours before it is applied."""
    is_deferred: bool = False
    """Nothing more is known before the artifact's definitions and namespaces are there."""
    is_kept: bool = True
    """Whether the inventory goes on listing it; false once it is pruned or let go."""
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def object_id(self) -> ObjectId:
        """Which object."""
        return self.change.object_id


@dataclass(frozen=True, slots=True)
class LiveState:
    """Which live object a decision was made about, and how it was then."""

    uid: str
    fingerprint: str

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Self:
        """From the object's metadata."""
        return cls(str(metadata.get("uid", "")), fingerprint(metadata))


@dataclass(frozen=True, slots=True)
class LivePlan:
    """Everything that applying would do to a cluster.

    ``notes`` are lines that the user should see, and ``overridden`` the guards that somebody overrode, each with what
    it would have kept.
    """

    plan: Plan
    decisions: tuple[Decision, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    seen: Mapping[ObjectId, LiveState] = field(default_factory=dict, hash=False)
    """The live objects that are to be configured, recreated or pruned."""


def obstacle_error(obstacles: Sequence[Obstacle], when: str = "found before anything was written") -> PipelineError:
    """One error that names every obstacle; its family is the gravest: trust, manifest, cluster, then guard."""
    families = {obstacle.error for obstacle in obstacles}
    gravest = (TrustError, ManifestError, ClusterError, RefusedError, GuardError)
    family = next(error for error in gravest if error in families)
    hints = list(dict.fromkeys(obstacle.hint for obstacle in obstacles if obstacle.hint))
    lines = [f"{obstacle.subject}: {obstacle.problem}" for obstacle in obstacles[:_SHOWN]]
    if len(lines) == 1:
        text = lines[0]
    else:
        rest = [f"… and {len(obstacles) - _SHOWN} more"] if len(obstacles) > _SHOWN else []
        text = f"{len(obstacles)} problems, {when}:" + "".join(f"\n  - {line}" for line in [*lines, *rest])
    return family(text, hint="\n  ".join(hints) or None)
