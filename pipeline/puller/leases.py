"""A Lease of coordination.k8s.io/v1 as leader election uses it.

Source: Kubernetes' client-go, ``tools/leaderelection/resourcelock``; names: fluxcd ``pkg/runtime/leaderelection``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.model.flux.api import LEASES
from pipeline.model.manifests import Body

PULLER_LEASE = "gitless-puller-leader-election"
_MICROSECONDS = "%Y-%m-%dT%H:%M:%S.%fZ"


def lease_name(label_selector: str = "", *, base: str = PULLER_LEASE) -> str:
    """The Lease of a shard: a controller that looks at everything has the base name, each other one its selector's."""
    if not label_selector:
        return base
    return f"{base}-{hashlib.sha256(label_selector.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """Who leads, for how long, since when.

    Attributes:
        holder: identity; empty: nobody.
        seconds: after so long without a renewal, others may take it.
        acquired: when the holder took it, as the API writes time with microseconds.
        renewed: when the holder last said that it is still there, by its own clock.
        transitions: how often it has changed hands.
    """

    holder: str
    seconds: float
    acquired: str
    renewed: str
    transitions: int

    @classmethod
    def of(cls, lease: Body) -> LeaseRecord:
        """Of a live Lease; what is missing or of another type reads as nothing."""
        spec = lease.get("spec")
        spec = spec if isinstance(spec, Mapping) else {}
        return cls(
            str(spec.get("holderIdentity") or ""),
            float(_number(spec.get("leaseDurationSeconds"))),
            str(spec.get("acquireTime") or ""),
            str(spec.get("renewTime") or ""),
            _number(spec.get("leaseTransitions")),
        )

    def spec(self) -> dict[str, Any]:
        """As the API has it, which counts in whole seconds, from one on."""
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": max(1, round(self.seconds)),
            "acquireTime": self.acquired,
            "renewTime": self.renewed,
            "leaseTransitions": self.transitions,
        }

    def is_recent(self, now: float) -> bool:
        """Whether somebody has it and renewed it within twice its time; ``now`` in seconds since the epoch."""
        try:
            renewed = datetime.fromisoformat(self.renewed)
        except ValueError:
            return False
        if renewed.tzinfo is None:
            return False
        return bool(self.holder) and now - renewed.timestamp() < 2 * self.seconds


def lease_body(namespace: str, name: str, record: LeaseRecord) -> dict[str, Any]:
    """A new Lease."""
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": record.spec(),
    }


def written_time(now: float) -> str:
    """Seconds since the epoch as the API's MicroTime."""
    return datetime.fromtimestamp(now, UTC).strftime(_MICROSECONDS)


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
