"""Objects as one would write them into a file: what was asked for, without what the cluster made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline.model.flux.api import REQUESTED_AT
from pipeline.model.manifests import Body

_MOMENTARY: Final = frozenset({REQUESTED_AT, "kubectl.kubernetes.io/last-applied-configuration"})
"""Annotations that say what somebody did once; the second one also repeats whole Secrets."""
_SECRET_REFERENCES: Final = ("secretRef", "certSecretRef", "proxySecretRef")


def exported(body: Body) -> dict[str, Any]:
    """Without status, managed fields and whatever else the server keeps; ``kind`` as in a manifest."""
    metadata = body["metadata"]
    labels = metadata.get("labels") or {}
    annotations = {key: text for key, text in (metadata.get("annotations") or {}).items() if key not in _MOMENTARY}
    kept: dict[str, Any] = {"name": metadata["name"]}
    if metadata.get("namespace"):
        kept["namespace"] = metadata["namespace"]
    if labels:
        kept["labels"] = dict(labels)
    if annotations:
        kept["annotations"] = annotations
    rest = {key: value for key, value in body.items() if key not in {"apiVersion", "kind", "metadata", "status"}}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": kept, **rest}


def credentials_of(body: Body) -> tuple[str, ...]:
    """Names of the Secrets, in its own namespace, with which a source logs in, proves itself and passes proxies."""
    spec = body.get("spec")
    found = (spec.get(key) for key in _SECRET_REFERENCES) if isinstance(spec, Mapping) else ()
    names = (str(reference.get("name") or "") for reference in found if isinstance(reference, Mapping))
    return tuple(dict.fromkeys(name for name in names if name))
