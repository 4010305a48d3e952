"""The signed statement of a rollback: for who follows a tag and takes nothing older than what it has.

A lock is not signed, and neither is a tag; whoever could write both would offer an old artifact as a rollback. So the
statement says, in an attestation of the artifact that the tag goes back to, from which one and to which one, and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.artifact.reference import is_digest
from pipeline.model.documents.times import format_time
from pipeline.model.outcome import API_VERSION
from pipeline.model.promotion.lock import TagLock

KIND = "Rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackStatement:
    """What somebody signed: from ``previous`` back to the digest that the statement is about."""

    previous: str
    tag: str = ""
    reason: str = ""


def rollback_document(lock: TagLock) -> dict[str, Any]:
    """The predicate."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "tag": lock.tag,
        "from": {"digest": lock.previous},
        "to": {"digest": lock.digest},
        "reason": lock.reason,
        "by": lock.by,
        "time": format_time(lock.at),
    }


def read_rollback(predicate: Mapping[str, Any], digest: str) -> RollbackStatement | None:
    """What it says about going back to this digest; ``None`` where it says nothing that we know."""
    if (predicate.get("apiVersion"), predicate.get("kind")) != (API_VERSION, KIND):
        return None
    ends = []
    for key in ("from", "to"):
        end = predicate.get(key)
        found = end.get("digest") if isinstance(end, dict) else None
        ends.append(found if isinstance(found, str) and is_digest(found) else "")
    if not ends[0] or ends[1] != digest:
        return None
    tag, reason = predicate.get("tag"), predicate.get("reason")
    return RollbackStatement(
        previous=ends[0],
        tag=tag if isinstance(tag, str) else "",
        reason=reason if isinstance(reason, str) else "",
    )
