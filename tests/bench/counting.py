"""Requests, as the API server and the puller themselves count them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.platform.access import Access


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals since the processes began; of the puller they are 0 where it does not tell."""

    served: float = 0.0
    """What the API server has answered, whoever asked."""
    asked: float = 0.0
    """What the puller has asked of the API server."""
    pulled: float = 0.0
    """What the puller has asked of the registry."""
    reconciled: float = 0.0
    """Reconciliations that have ended."""

    def __sub__(self, before: Counts) -> Counts:
        return Counts(
            self.served - before.served,
            self.asked - before.asked,
            self.pulled - before.pulled,
            self.reconciled - before.reconciled,
        )


def counts(access: Access, metrics: str) -> Counts:
    """Now; ``metrics`` is the puller's own text."""
    return Counts(
        total(str(access.get("/metrics")), "apiserver_request_total"),
        total(metrics, "rest_client_requests_total"),
        total(metrics, "gitless_registry_requests_total"),
        total(metrics, "controller_runtime_reconcile_total"),
    )


def total(text: str, name: str) -> float:
    """The sum of a metric over all its labels, in Prometheus' text format."""
    lines = (line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} ")))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
