"""Where tags are now, and which of them are locked; unsigned, as tags are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.promotion.lock import TagLock, is_lock_tag, lock_tag
from pipeline.ports import Registry
from pipeline.stages.list_tags import select_tags
from pipeline.stages.parallel import in_parallel
from pipeline.stages.tag import current
from pipeline.stages.tag_lock import lock_of

_CONCURRENCY = 8
_MAX_ASKED = 200
"""Tags of which it is asked what they point at."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Tags by the digest that they point at, and every lock, in force or released."""

    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    locks: tuple[TagLock, ...] = ()
    notes: tuple[str, ...] = ()

    def merged(self, other: Standing) -> Standing:
        """Both together."""
        found = dict(self.tags)
        for digest, names in other.tags.items():
            found[digest] = (*found.get(digest, ()), *names)
        return Standing(found, (*self.locks, *other.locks), (*self.notes, *other.notes))


def standing_of(registry: Registry) -> Standing:
    """What a repository's tags point at, versions first; of very many, only the first ones are asked for.

    Raises:
        RegistryError: the registry could not be read.
    """
    every = registry.tags()
    names = select_tags(every, None, None)
    asked = names[:_MAX_ASKED]
    digests = in_parallel(lambda tag: current(tag, registry), asked, concurrency=_CONCURRENCY)
    found: dict[str, list[str]] = {}
    for tag, digest in zip(asked, digests, strict=True):
        if digest is not None:
            found.setdefault(digest, []).append(tag)
    locked = [tag.removeprefix(lock_tag("")) for tag in every if is_lock_tag(tag)][:_MAX_ASKED]
    locks = in_parallel(lambda tag: lock_of(tag, registry), locked, concurrency=_CONCURRENCY)
    left = len(names) - len(asked)
    return Standing(
        {digest: tuple(tags) for digest, tags in found.items()},
        tuple(lock for lock in locks if lock is not None),
        (f"{left} of {len(names)} tags of {registry.repository} were not looked at",) if left else (),
    )
