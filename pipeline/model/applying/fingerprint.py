"""One short value that changes whenever anything but an object's status changes.

The API server rewrites ``managedFields`` with every write that changes something: who, when, and which fields. Leaving
out the entries of the status subresource, and what they alone own, leaves out what controllers report.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.model.documents.yaml_writing import canonical_json

_KEPT = ("uid", "generation", "labels", "finalizers", "ownerReferences", "deletionTimestamp")


def fingerprint(metadata: Mapping[str, Any]) -> str:
    """SHA-256 (hexadecimal) of an object's metadata without what status writes change.

    Kinds without ``generation`` (ConfigMap, Secret, Role) have no other trace of a change of values by the same manager
    within one second, so there the resource version counts too, unless status writes change it (ResourceQuota).
    """
    entries = metadata.get("managedFields") or ()
    ours = [entry for entry in entries if entry.get("subresource") != "status"]
    seen: dict[str, Any] = {key: metadata.get(key) for key in _KEPT}
    seen["annotations"] = _owned(metadata.get("annotations") or {}, ours)
    seen["managedFields"] = ours
    if "generation" not in metadata and len(ours) == len(entries):
        seen["resourceVersion"] = metadata.get("resourceVersion")
    return hashlib.sha256(canonical_json(seen)).hexdigest()


def _owned(annotations: Mapping[str, str], entries: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Without those that come with a status (Deployment's revision) or from the server itself (DaemonSet's)."""
    if not annotations or not entries:
        return annotations
    owned: set[str] = set()
    for entry in entries:
        fields = ((entry.get("fieldsV1") or {}).get("f:metadata") or {}).get("f:annotations")
        if fields is not None:
            owned |= fields.keys()
    return {key: value for key, value in annotations.items() if f"f:{key}" in owned}
