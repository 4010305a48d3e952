"""What an object says that nobody decided: written by the API server, its controllers, or the tools on the way."""

from __future__ import annotations

from typing import Any

from pipeline.model.applying.ownership import NAME_LABEL, NAMESPACE_LABEL
from pipeline.model.manifests import Body

SERVER_METADATA = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
"""Fields of metadata that only the API server sets."""

NOISY_ANNOTATIONS = frozenset(
    {
        # Whole copies of the object: of kubectl's client-side apply, kapp, Banzai operators and Rancher.
        "kubectl.kubernetes.io/last-applied-configuration",
        "kapp.k14s.io/original",
        "kapp.k14s.io/original-diff",
        "kapp.k14s.io/original-diff-full",
        "banzaicloud.com/last-applied",
        "objectset.rio.cattle.io/applied",
        # Where kustomize and its functions read the object from.
        "config.kubernetes.io/index",
        "config.kubernetes.io/origin",
        "config.kubernetes.io/path",
        "alpha.config.kubernetes.io/transformations",
        "kustomize.toolkit.fluxcd.io/checksum",
    }
)
"""Annotations that repeat the object or tell how it came to be."""

_NOISY_PREFIXES = ("internal.config.kubernetes.io/",)

OWNER_LABELS = frozenset(
    {
        NAME_LABEL,
        NAMESPACE_LABEL,
        "kustomize.toolkit.fluxcd.io/name",
        "kustomize.toolkit.fluxcd.io/namespace",
    }
)
"""Labels by which gitless and Flux mark what they own."""

OMITTED_WHEN_EMPTY = frozenset(
    {
        "affinity", "annotations", "args", "binaryData", "command", "data", "env", "envFrom", "ephemeralContainers",
        "finalizers", "hostAliases", "imagePullSecrets", "initContainers", "labels", "limits", "matchExpressions",
        "matchLabels", "nodeSelector", "ownerReferences", "ports", "requests", "resources", "securityContext",
        "tolerations", "topologySpreadConstraints", "volumeMounts", "volumes",
    }
)  # fmt: skip
"""Fields that mean the same empty and absent. Only these: ``emptyDir: {}`` or ``podSelector: {}`` say something."""


def drop_noise(body: Body) -> Body:
    """The object without status, server-set metadata, tools' marks, nulls, and empty fields that mean nothing.

    A null means absent wherever the API server decodes a typed object. The body itself stays as it is.
    """
    cleaned = {
        key: _clean_metadata(value) if key == "metadata" and isinstance(value, dict) else _clean(value)
        for key, value in body.items()
        if key != "status"
    }
    return {key: value for key, value in cleaned.items() if not _says_nothing(key, value)}


def _clean_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = _clean({key: value for key, value in metadata.items() if key not in SERVER_METADATA})
    for field, noisy in (("annotations", _is_noisy_annotation), ("labels", OWNER_LABELS.__contains__)):
        entries = cleaned.get(field)
        if isinstance(entries, dict):
            kept = {key: value for key, value in entries.items() if not noisy(key)}
            if kept:
                cleaned[field] = kept
            else:
                del cleaned[field]
    return cleaned


def _is_noisy_annotation(key: str) -> bool:
    return key in NOISY_ANNOTATIONS or key.startswith(_NOISY_PREFIXES)


def _says_nothing(key: str, value: object) -> bool:
    return value is None or (not value and key in OMITTED_WHEN_EMPTY and value in ({}, []))


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        cleaned = {}
        for key, item in value.items():
            kept = _clean(item) if isinstance(item, (dict, list)) else item
            if not _says_nothing(key, kept):
                cleaned[key] = kept
        return cleaned
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
