"""What a plan would touch beyond the objects that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.manifests import ObjectId


@dataclass(frozen=True, slots=True)
class Touched:
    """An object that feels a change, and why, in a few words for people."""

    object_id: ObjectId
    reason: str

    def document(self) -> dict[str, str]:
        """As JSON."""
        return {"object": str(self.object_id), "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """How far a plan reaches.

    Attributes:
        objects: how many objects are created, configured, recreated or pruned.
        namespaces: in which namespaces, sorted; cluster-wide objects count in none.
        kinds: how many objects of each kind (``Deployment.apps``).
        restarts: workloads whose Pods are replaced.
        endpoints_lost: Services that lose some or all of the Pods behind them.
        data_lost: objects whose deletion takes data with it: claims, volumes, definitions, Namespaces.
    """

    objects: int = 0
    namespaces: tuple[str, ...] = ()
    kinds: Mapping[str, int] = field(default_factory=dict, hash=False)
    restarts: tuple[Touched, ...] = ()
    endpoints_lost: tuple[Touched, ...] = ()
    data_lost: tuple[Touched, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "objects": self.objects,
            "namespaces": list(self.namespaces),
            "kinds": dict(self.kinds),
            "restarts": [item.document() for item in self.restarts],
            "endpointsLost": [item.document() for item in self.endpoints_lost],
            "dataLost": [item.document() for item in self.data_lost],
        }
