"""Whether the status of an OCIRepository or Kustomization tells of a failure that waiting alone does not cure.

Flux keeps ``Reconciling`` with the reason ``ProgressingWithRetry`` on everything that failed and will be tried again,
so that condition is no sign of an attempt under way; what Ready says is (pkg/runtime ``reconcile/result.go``,
kustomize-controller ``kustomization_controller.go``).
"""

from __future__ import annotations

from pipeline.model.flux.api import (
    ARTIFACT_FAILED,
    ARTIFACT_OUTDATED,
    DEPENDENCY_NOT_READY,
    HEALTH_CHECK_CANCELED,
    PROGRESSING,
    PROGRESSING_WITH_RETRY,
    READY,
    RECONCILING,
    STALLED,
)
from pipeline.model.flux.conditions import Condition
from pipeline.model.flux.views import AnyView, KustomizationView, SourceView, digest_of

_NEW_REVISION = "NewRevision"
_TRANSITIONAL = frozenset(
    {PROGRESSING, PROGRESSING_WITH_RETRY, DEPENDENCY_NOT_READY, HEALTH_CHECK_CANCELED, _NEW_REVISION}
)
_REFUSALS = frozenset({"VerificationError", "OCIArtifactLayerOperationFailed"})
"""Reasons of a source for which the same bytes will never do; registries and networks may recover."""
_SHORTLY = "retrying in"
"""In kustomize-controller's messages where the source has its artifact only in a moment."""


def failure(item: AnyView) -> Condition | None:
    """The condition that tells of a failure of the spec as it is now; ``None`` where nothing has, or not for good."""
    stalled, ready = item.conditions.get(STALLED), item.conditions.get(READY)
    if stalled is not None and stalled.is_true and _speaks_of_now(item, stalled):
        return stalled
    if ready is None or ready.status != "False" or not _speaks_of_now(item, ready):
        return None
    shortly = ready.reason == ARTIFACT_FAILED and _SHORTLY in ready.message
    return None if ready.reason in _TRANSITIONAL or shortly else ready


def is_stalled(item: AnyView) -> bool:
    """Whether nothing more will happen until the object is changed."""
    stalled = item.conditions.get(STALLED)
    return stalled is not None and stalled.is_true and _speaks_of_now(item, stalled)


def attempted(item: KustomizationView, digest: str) -> bool:
    """Whether the Kustomization's last attempt was of that digest.

    Where fetching or finding the path fails, the last attempt is only named in Reconciling's message.
    """
    if digest_of(item.attempted) == digest:
        return True
    reconciling = item.conditions.get(RECONCILING)
    return reconciling is not None and digest in reconciling.message


def refused(item: SourceView, digest: str) -> bool:
    """Whether the source looked at that very digest, and will not have it."""
    failed = failure(item)
    if failed is None or failed.reason not in _REFUSALS:
        return False
    return any(
        digest in condition.message
        for condition in item.conditions
        if condition.type in {READY, RECONCILING, ARTIFACT_OUTDATED}
    )


def describe(item: AnyView) -> str:
    """What the object is at, for people: Ready's reason and message, or what Reconciling says while Ready is open."""
    ready, reconciling = item.conditions.get(READY), item.conditions.get(RECONCILING)
    told = ready
    if (ready is None or ready.status == "Unknown") and reconciling is not None and reconciling.message:
        told = reconciling
    return explain(told) if told else item.message


def explain(condition: Condition) -> str:
    """Reason and message of a condition, on one line."""
    message = " ".join(condition.message.split())
    return f"{condition.reason}: {message}" if condition.reason and message else message or condition.reason


def _speaks_of_now(item: AnyView, condition: Condition) -> bool:
    # Conditions without a generation of their own are believed: not every controller writes it.
    return condition.observed_generation in {0, item.generation}
