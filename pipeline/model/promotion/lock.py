"""Locks: a tag that was rolled back stays where it is until somebody releases it, and so does what follows it.

A lock is an artifact in the same repository under a tag of its own, ``gitless-lock.TAG``: that is no semantic version,
so that nobody who follows a range of versions ever takes it for a release. Everything about it is in the manifest's
annotations, so that one request finds out that there is none, and one more reads it. Releasing writes it anew with who
did that: a registry that deletes nothing can be released, and what was rolled back stays known.

It is not signed. Whoever may write to the repository could move the tag itself.

Format: OCI image specification 1.1, "Guidelines for Artifact Usage" (an empty configuration, an empty layer).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline.errors import ConfigurationError, RefusedError, UsageError
from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    OCI_MANIFEST,
    Blob,
    ParsedManifest,
    StoredManifest,
    parse_manifest,
)
from pipeline.model.artifact.reference import Repository, is_digest
from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time, parse_time
from pipeline.model.trust.storage import EMPTY_CONFIG

LOCK_TYPE: Final = "application/vnd.gitless.dev.tag-lock.v1+json"
LOCKED: Final = "refused.locked"
_PREFIX: Final = "gitless-lock."
_LONGEST_TAG: Final = 128
_LONGEST_REASON: Final = 1000
_WIDTH = 300
_NAME = "dev.gitless.lock."


@dataclass(frozen=True, slots=True, kw_only=True)
class TagLock:
    """One lock, in force or released.

    Attributes:
        tag: the tag that it holds.
        digest: where it holds it; empty where the lock cannot be read, which counts as locked.
        previous: what the tag pointed at before; empty where there was nothing.
        reason: why, in the words of who locked it.
        by: who locked it: a CI job's address, or ``user@host``.
        at: when, in seconds since the epoch.
        released_by: who released it; empty while it is in force.
        released_at: when.
    """

    tag: str
    digest: str
    previous: str = ""
    reason: str = ""
    by: str = ""
    at: float = 0.0
    released_by: str = ""
    released_at: float = 0.0

    @property
    def is_in_force(self) -> bool:
        """Whether the tag must not move."""
        return not self.released_by

    def released(self, by: str, at: float) -> TagLock:
        """The same, no longer in force."""
        return replace(self, released_by=by, released_at=at)

    def told(self) -> str:
        """Where, since when, by whom and why, on one line that is safe to print."""
        if not self.digest:
            return f"by something that is no lock of ours: {printable(self.reason, _WIDTH)}"
        since = f"at {self.digest} since {format_time(int(self.at))} by {printable(self.by, _WIDTH)}"
        return f"{since}: {printable(self.reason, _WIDTH)}"

    def document(self) -> dict[str, Any]:
        """How results tell of it."""
        return {
            "tag": self.tag,
            "digest": self.digest,
            "previousDigest": self.previous or None,
            "reason": self.reason,
            "by": self.by,
            "at": format_time(self.at),
            "inForce": self.is_in_force,
            "releasedBy": self.released_by or None,
            "releasedAt": format_time(self.released_at) if self.released_by else None,
        }


def lock_tag(tag: str) -> str:
    """The tag under which the lock of a tag is kept."""
    return f"{_PREFIX}{tag}"


def is_lock_tag(tag: str) -> bool:
    """Whether locks are kept under such a tag."""
    return tag.startswith(_PREFIX)


def can_be_locked(tag: str) -> bool:
    """Whether there can be a lock of the tag: very long ones leave no room for its name, and locks have none."""
    return len(lock_tag(tag)) <= _LONGEST_TAG and not is_lock_tag(tag)


def check_lockable(tag: str, reason: str) -> str:
    """The reason, trimmed, if a lock for it can be made.

    Raises:
        UsageError: the tag is too long, or there is no reason, or too much of one.
    """
    if not can_be_locked(tag):
        longest = _LONGEST_TAG - len(_PREFIX)
        raise UsageError(f"the tag '{tag}' cannot be locked; expected up to {longest} characters, and no lock itself")
    reason = reason.strip()
    if not printable(reason, _LONGEST_REASON) or len(reason) > _LONGEST_REASON:
        raise UsageError(f"--reason needs 1 to {_LONGEST_REASON} characters: whoever meets the lock must know why")
    return reason


def write_lock(lock: TagLock) -> Blob:
    """The manifest of a lock."""
    annotations = {
        ANNOTATION_CREATED: format_time(lock.at),
        f"{_NAME}tag": lock.tag,
        f"{_NAME}digest": lock.digest,
        f"{_NAME}previous": lock.previous,
        f"{_NAME}reason": lock.reason,
        f"{_NAME}by": lock.by,
    }
    if lock.released_by:
        annotations |= {f"{_NAME}released-by": lock.released_by, f"{_NAME}released-at": format_time(lock.released_at)}
    part = EMPTY_CONFIG.descriptor.document()
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": LOCK_TYPE,
        "config": part,
        "layers": [part],
        "annotations": annotations,
    }
    return Blob(OCI_MANIFEST, json.dumps(document, separators=(",", ":")).encode("utf-8"))


def read_lock(stored: StoredManifest, tag: str) -> TagLock:
    """The lock of a tag. Whatever else is in its place counts as a lock that cannot be read.

    Raises:
        RegistryError: it is no manifest at all.
    """
    parsed = parse_manifest(stored)
    said = parsed.annotations
    digest, previous = said.get(f"{_NAME}digest", ""), said.get(f"{_NAME}previous", "")
    problem = _problem(parsed, tag)
    if problem:
        return unreadable(tag, problem)
    return TagLock(
        tag=tag,
        digest=digest,
        previous=previous if is_digest(previous) else "",
        reason=said.get(f"{_NAME}reason", ""),
        by=said.get(f"{_NAME}by", "") or "somebody",
        at=_time(said.get(ANNOTATION_CREATED, "")),
        released_by=said.get(f"{_NAME}released-by", ""),
        released_at=_time(said.get(f"{_NAME}released-at", "")),
    )


def unreadable(tag: str, why: str) -> TagLock:
    """What stands in the place of a lock, and makes no sense: the tag is held, for nobody knows by whom."""
    return TagLock(tag=tag, digest="", reason=why)


def locked_error(lock: TagLock, repository: Repository) -> RefusedError:
    """The refusal to move a locked tag."""
    return RefusedError(
        f"the tag {lock.tag} of {repository} is locked {lock.told()}",
        hint=f"once that is settled: gitless rollback {repository}:{lock.tag} --release",
        code=LOCKED,
    )


def _problem(parsed: ParsedManifest, tag: str) -> str:
    if parsed.artifact_type != LOCK_TYPE:
        return f"expected an artifact of the type {LOCK_TYPE}"
    if parsed.annotations.get(f"{_NAME}tag") != tag:
        return "it is the lock of another tag"
    if not is_digest(parsed.annotations.get(f"{_NAME}digest", "")):
        return "it names no digest"
    return ""


def _time(text: str) -> float:
    try:
        return parse_time(text)
    except ConfigurationError:
        return 0.0
