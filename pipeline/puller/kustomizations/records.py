"""What was applied for each Kustomization, object by object: enough to see that nothing is left to do.

Kept in memory, and in the cache's folder for the next start. It may be lost at any time: then every object is compared
with the API server's help once, as for Flux at every reconciliation.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from pipeline.model.applying.inventory import InventoryEntry
from pipeline.model.manifests import ObjectId

_UID = re.compile(r"[0-9A-Za-z-]{1,64}")
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One Kustomization, as it was applied last.

    Attributes:
        inputs: a hash of everything that the rendering depends on.
        digest: of the rendering.
        identity: which cluster it was applied to, and as whom.
        applied: every object with its fingerprint; those that were skipped have none.
        finished_jobs: Jobs that may have finished and gone.
    """

    inputs: str
    digest: str
    identity: str
    applied: Mapping[ObjectId, InventoryEntry] = field(hash=False)
    finished_jobs: frozenset[ObjectId] = frozenset()


class Records:
    """By the Kustomization's uid. Safe in many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._records: dict[str, Record] = {}
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)

    def get(self, uid: str) -> Record | None:
        """The record, if there is one that can be read."""
        with self._lock:
            found = self._records.get(uid)
        if found is not None or _UID.fullmatch(uid) is None:
            return found
        try:
            loaded = _read(json.loads((self._folder / uid).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        with self._lock:
            return self._records.setdefault(uid, loaded)

    def put(self, uid: str, record: Record) -> None:
        """Remember; not being able to write it down is no failure."""
        with self._lock:
            self._records[uid] = record
        if _UID.fullmatch(uid) is None:
            return
        # A full disk costs the next start a comparison, nothing else.
        temporary = self._folder / f".{uid}"
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(_document(record), separators=(",", ":")))
            temporary.replace(self._folder / uid)

    def forget(self, uid: str) -> None:
        """The Kustomization is gone, or what is recorded is in doubt."""
        with self._lock:
            self._records.pop(uid, None)
        if _UID.fullmatch(uid) is not None:
            with contextlib.suppress(OSError):
                (self._folder / uid).unlink()

    def keep(self, uids: frozenset[str]) -> None:
        """Forget all others, such as those that were deleted while nobody looked."""
        with self._lock:
            self._records = {uid: record for uid, record in self._records.items() if uid in uids}
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder):  # noqa: PTH208 - names are all that is needed
                if name not in uids:
                    self.forget(name)


def _document(record: Record) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "inputs": record.inputs,
        "digest": record.digest,
        "identity": record.identity,
        "applied": [
            [*_id(entry.object_id), entry.api_version, entry.desired_hash, entry.fingerprint]
            for entry in record.applied.values()
        ],
        "finishedJobs": [_id(object_id) for object_id in record.finished_jobs],
    }


def _id(object_id: ObjectId) -> list[str]:
    return [object_id.group, object_id.kind, object_id.namespace, object_id.name]


def _read(document: Mapping[str, Any]) -> Record:
    if document["format"] != _FORMAT:
        raise ValueError
    entries = [InventoryEntry(ObjectId(*item[:4]), *item[4:]) for item in document["applied"]]
    return Record(
        inputs=document["inputs"],
        digest=document["digest"],
        identity=document["identity"],
        applied={entry.object_id: entry for entry in entries},
        finished_jobs=frozenset(ObjectId(*item) for item in document["finishedJobs"]),
    )
