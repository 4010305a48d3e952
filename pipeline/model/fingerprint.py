"""One short value that changes whenever anything but an object's status changes.

The API server rewrites ``managedFields`` with every write that changes something: who, when, and which fields. Leaving
out the entries of the status subresource leaves out what controllers report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_KEPT = ("uid", "generation", "labels", "annotations", "finalizers", "ownerReferences", "deletionTimestamp")


def fingerprint(metadata: Mapping[str, Any]) -> str:
    """SHA-256 (hexadecimal) of an object's metadata without what status writes change.

    Kinds without ``generation`` (ConfigMap, Secret, Role) have no other trace of a change of values by the same manager
    within one second, so there the resource version counts too.
    """
    seen: dict[str, Any] = {key: metadata.get(key) for key in _KEPT}
    entries = metadata.get("managedFields") or ()
    seen["managedFields"] = [entry for entry in entries if entry.get("subresource") != "status"]
    if "generation" not in metadata:
        seen["resourceVersion"] = metadata.get("resourceVersion")
    canonical = json.dumps(seen, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
