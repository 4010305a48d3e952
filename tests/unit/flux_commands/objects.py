"""OCIRepositories and Kustomizations in every state that a test needs."""

from __future__ import annotations

from typing import Any

from pipeline.model.flux.views import KustomizationView, SourceView, view_kustomization, view_source

OURS, BEFORE, AFTER = (f"sha256:{letter * 64}" for letter in "abc")
URL = "oci://registry.example/acme/shop"


def condition(kind: str, status: str, reason: str = "", message: str = "", generation: int = 1) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": generation,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


READY = condition("Ready", "True", "ReconciliationSucceeded", "Applied revision")
UNKNOWN = condition("Ready", "Unknown", "Progressing", "Reconciliation in progress")


def failed(reason: str, message: str = "it broke", generation: int = 1) -> list[dict[str, Any]]:
    """As Flux leaves an object that it will try again."""
    return [
        condition("Reconciling", "True", "ProgressingWithRetry", "Building manifests", generation),
        condition("Ready", "False", reason, message, generation),
    ]


def source(
    digest: str = OURS,
    *conditions: dict[str, Any],
    name: str = "shop",
    namespace: str = "apps",
    spec: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    artifact = {
        "revision": f"main@{digest}",
        "digest": digest,
        "size": 1,
        "path": "shop.tar.gz",
        "url": "http://source/shop.tar.gz",
        "lastUpdateTime": "2026-01-01T00:00:00Z",
    }
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": name, "namespace": namespace, "generation": 1, **(metadata or {})},
        "spec": {"url": URL, "interval": "1m", "ref": {"tag": "main"}, **(spec or {})},
        "status": {
            "observedGeneration": 1,
            "conditions": list(conditions) or [condition("Ready", "True", "Succeeded", "stored artifact")],
            **({"artifact": artifact} if digest else {}),
            **(status or {}),
        },
    }


def kustomization(
    applied: str = OURS,
    attempted: str | None = None,
    conditions: list[dict[str, Any]] | None = None,
    *,
    name: str = "shop",
    namespace: str = "apps",
    generation: int = 1,
    observed: int = 1,
    spec: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    revisions = {
        "lastAppliedRevision": f"main@{applied}" if applied else "",
        "lastAttemptedRevision": f"main@{attempted or applied}" if attempted or applied else "",
    }
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": namespace, "generation": generation, **(metadata or {})},
        "spec": {
            "interval": "10m",
            "prune": True,
            "wait": True,
            "sourceRef": {"kind": "OCIRepository", "name": "shop"},
            **(spec or {}),
        },
        "status": {
            "observedGeneration": observed,
            "conditions": [READY] if conditions is None else conditions,
            **{key: value for key, value in revisions.items() if value},
            **(status or {}),
        },
    }


def source_view(*arguments: Any, **fields: Any) -> SourceView:  # noqa: ANN401 - those of source
    return view_source(source(*arguments, **fields))


def kustomization_view(*arguments: Any, **fields: Any) -> KustomizationView:  # noqa: ANN401 - the same
    return view_kustomization(kustomization(*arguments, **fields))
