"""The locks of tags: looked at wherever a tag is about to move, written by a rollback, and released."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError, UsageError
from pipeline.model.promotion.lock import (
    TagLock,
    can_be_locked,
    is_lock_tag,
    lock_tag,
    locked_error,
    read_lock,
    unreadable,
    write_lock,
)
from pipeline.model.trust.storage import EMPTY_CONFIG
from pipeline.ports import Registry


def lock_of(tag: str, registry: Registry) -> TagLock | None:
    """The lock of a tag, in force or released; ``None`` where there never was one, which costs one request.

    Raises:
        RegistryError: the registry could not be asked.
    """
    if not can_be_locked(tag):
        return None
    try:
        digest = registry.resolve(lock_tag(tag)).digest
    except ArtifactNotFoundError:
        return None
    try:
        stored = registry.read_manifest(digest)
    except (ArtifactNotFoundError, TrustError) as error:
        return unreadable(tag, error.message)
    try:
        return read_lock(stored, tag)
    except RegistryError as error:
        return unreadable(tag, error.message)


def require_unlocked(tags: Iterable[str], digest: str, registry: Registry) -> None:
    """Refuse to move a locked tag anywhere but where it is. Everything that moves tags for users asks this first.

    Raises:
        RefusedError: one is locked; the message says by whom, why, and since when.
        UsageError: one is a name that is kept for locks.
        RegistryError: the registry could not be asked.
    """
    for tag in tags:
        if is_lock_tag(tag):
            raise UsageError(f"'{tag}' is kept for the lock of a tag", hint="name it otherwise")
        lock = lock_of(tag, registry)
        if lock is not None and lock.is_in_force and _now(tag, registry) != digest:
            raise locked_error(lock, registry.repository)


def put_lock(lock: TagLock, registry: Registry) -> str:
    """Write a lock, in force or released, over the one before; returns its digest.

    Raises:
        RegistryError: it could not be written, or somebody else has written another one.
    """
    registry.write_blob(EMPTY_CONFIG.descriptor, lambda: (EMPTY_CONFIG.content,))
    written = registry.write_manifest(write_lock(lock), lock_tag(lock.tag)).digest
    now = _now(lock_tag(lock.tag), registry)
    if now != written:
        raise RegistryError(
            f"the lock of {registry.repository}:{lock.tag} was replaced by somebody else at the same time",
            hint="see what they did, then run this again",
        )
    return written


def _now(tag: str, registry: Registry) -> str | None:
    try:
        return registry.resolve(tag).digest
    except ArtifactNotFoundError:
        return None
