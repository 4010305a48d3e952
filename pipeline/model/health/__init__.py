"""Whether an object has become what its spec asks for, judged from the live object alone."""

from __future__ import annotations

from pipeline.model.health.pods import owned_pods, pod_selector
from pipeline.model.health.rules import WITHOUT_STATUS, health, health_of_missing
from pipeline.model.health.verdict import Health, HealthStatus

__all__ = ["WITHOUT_STATUS", "Health", "HealthStatus", "health", "health_of_missing", "owned_pods", "pod_selector"]
