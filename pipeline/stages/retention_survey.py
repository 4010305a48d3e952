"""What is in a repository, for who decides what may leave it: digests, their tags and ages, and what hangs on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ArtifactNotFoundError, RegistryError
from pipeline.model.artifact.manifest import ANNOTATION_CREATED, ParsedManifest, is_manifest_type, parse_manifest
from pipeline.model.deployments.naming import cluster_of
from pipeline.model.promotion.lock import is_lock_tag, lock_tag
from pipeline.model.promotion.ordering import created_at
from pipeline.model.promotion.retention import Candidate
from pipeline.ports import Registry, Reporter
from pipeline.stages.parallel import in_parallel
from pipeline.stages.tag import current
from pipeline.stages.tag_lock import lock_of

_CONCURRENCY = 8
_MOST_TAGS = 20_000
_MAX_DEPTH = 8
# Of cosign (signatures, attestations, bills of materials) and of the referrers tag schema.
_ATTACHED = re.compile(r"sha256-([0-9a-f]{64})(?:\..+)?")


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found.

    Attributes:
        candidates: digests that users' tags point at, and others that were asked about.
        locked: tags whose lock is in force.
        tags: every tag, with the digest that it pointed at.
        attached: digests by the digest that they hang on, by the name of their tag.
        kept: digests that stay in any case: what clusters' records and locks consist of.
        children: of every index that was met.
    """

    candidates: tuple[Candidate, ...]
    locked: frozenset[str]
    tags: Mapping[str, str] = field(hash=False)
    attached: Mapping[str, tuple[str, ...]] = field(hash=False)
    kept: frozenset[str]
    children: Mapping[str, tuple[str, ...]] = field(hash=False)


def survey(
    registry: Registry,
    untagged: Iterable[str],
    age_of: Callable[[str], float | None],
    reporter: Reporter,
) -> Survey:
    """Look at every tag of the repository.

    Args:
        registry: the repository.
        untagged: digests to look at besides: a registry does not list what has no tag.
        age_of: when a digest came to be; asked where its manifest does not say.
        reporter: is told how far it has come.

    Raises:
        RegistryError: it could not be read, or there are more tags than anybody waits for.
    """
    tags = tags_with_digests(registry, reporter)
    users, attached, kept = _sorted(tags)
    reading = _Reading(registry)
    digests = [*users, *(digest for digest in untagged if digest not in users)]

    def look(digest: str) -> Candidate | None:
        manifest = reading.manifest(digest)
        if manifest is None:
            return None
        said = created_at(manifest.annotations.get(ANNOTATION_CREATED, ""))
        age = age_of(digest) if said is None else said
        return Candidate(digest=digest, tags=tuple(users.get(digest, ())), age=age)

    found = in_parallel(look, digests, concurrency=_CONCURRENCY)
    for digest in kept:
        reading.manifest(digest)
    locked, released = _locks(tags, registry)
    for tag in released:
        # Nobody needs a lock that is no longer in force once its tag is gone.
        kept.discard(tags[lock_tag(tag)])
        attached.setdefault(tags[tag], []).append(tags[lock_tag(tag)])
    return Survey(
        candidates=tuple(item for item in found if item is not None),
        locked=locked,
        tags=tags,
        attached={digest: tuple(items) for digest, items in attached.items()},
        kept=frozenset(kept | reading.foreign),
        children=reading.children,
    )


def _sorted(tags: Mapping[str, str]) -> tuple[dict[str, list[str]], dict[str, list[str]], set[str]]:
    """Users' tags by digest, what hangs on digests by its tag's name, and what clusters' records and locks are."""
    users: dict[str, list[str]] = {}
    attached: dict[str, list[str]] = {}
    kept: set[str] = set()
    for tag, digest in tags.items():
        match = _ATTACHED.fullmatch(tag)
        if match is not None:
            attached.setdefault(f"sha256:{match[1]}", []).append(digest)
        elif is_lock_tag(tag) or cluster_of(tag) is not None:
            kept.add(digest)
        else:
            users.setdefault(digest, []).append(tag)
    return users, attached, kept


def tags_with_digests(registry: Registry, reporter: Reporter) -> dict[str, str]:
    """Every tag of a repository, and what it points at now.

    Raises:
        RegistryError: it could not be read, or there are too many.
    """
    names = registry.tags()
    if len(names) > _MOST_TAGS:
        raise RegistryError(f"{registry.repository} has {len(names)} tags, more than the {_MOST_TAGS} we look at")
    done = 0

    def resolve(tag: str) -> str | None:
        nonlocal done
        digest = current(tag, registry)
        done += 1
        reporter.progress(f"tags of {registry.repository}", done, len(names))
        return digest

    found = in_parallel(resolve, names, concurrency=_CONCURRENCY)
    return {tag: digest for tag, digest in zip(names, found, strict=True) if digest is not None}


def hanging_on(digests: Iterable[str], found: Survey, registry: Registry) -> dict[str, tuple[str, ...]]:
    """What goes along with each of these, and with each of those in turn.

    Raises:
        RegistryError: it could not be read.
    """
    below: dict[str, tuple[str, ...]] = {}
    pending = list(digests)
    for _ in range(_MAX_DEPTH):
        pending = [digest for digest in dict.fromkeys(pending) if digest not in below]
        if not pending:
            return below
        answers = in_parallel(registry.referrers, pending, concurrency=_CONCURRENCY)
        for digest, referrers in zip(pending, answers, strict=True):
            below[digest] = (
                *found.children.get(digest, ()),
                *(item.digest for item in referrers),
                *found.attached.get(digest, ()),
            )
        pending = [item for digest in pending for item in below[digest]]
    return below


class _Reading:
    """Manifests, and the children of indexes among them, read once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.children: dict[str, tuple[str, ...]] = {}
        self.foreign: set[str] = set()
        """What makes no sense to us, so that nobody knows what hangs on it."""

    def manifest(self, digest: str, depth: int = 0) -> ParsedManifest | None:
        """``None`` where it is not there, or foreign."""
        try:
            stored = self._registry.read_manifest(digest)
        except ArtifactNotFoundError:
            return None
        try:
            parsed = parse_manifest(stored)
        except RegistryError:
            self.foreign.add(digest)
            return None
        children = [child for child in parsed.children if is_manifest_type(child.media_type)]
        if children:
            self.children[digest] = tuple(child.digest for child in children)
        for child in children:
            if depth < _MAX_DEPTH and child.media_type == parsed.media_type and child.digest not in self.children:
                self.manifest(child.digest, depth + 1)
        return parsed


def _locks(tags: Mapping[str, str], registry: Registry) -> tuple[frozenset[str], tuple[str, ...]]:
    """Tags that are locked, and tags whose lock was released."""
    having = [tag for tag in tags if lock_tag(tag) in tags]
    found = in_parallel(lambda tag: lock_of(tag, registry), having, concurrency=_CONCURRENCY)
    in_force = {tag for tag, lock in zip(having, found, strict=True) if lock is None or lock.is_in_force}
    return frozenset(in_force), tuple(tag for tag in having if tag not in in_force)
