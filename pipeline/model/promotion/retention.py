"""What may leave a repository: everything that nothing keeps. Whoever keeps one tag keeps all that has its digest.

Registries delete by digest, and with it every tag that points there. So what is decided about are digests, each with
all of its tags, and one reason is enough to keep one. What has neither a version nor a known age is never too old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.model.artifact.versions import Version, parse_version
from pipeline.model.documents.durations import format_duration
from pipeline.model.documents.times import format_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The policy.

    Attributes:
        keep: how many digests with a version for a tag are kept, the highest, and how many of the others, the newest;
            ``None``: their number keeps nothing.
        older_than: seconds; what is younger is kept. ``None``: no age keeps anything.
        keep_signed_releases: whether signed digests are kept that have a version without a prerelease for a tag.
    """

    keep: int | None = None
    older_than: float | None = None
    keep_signed_releases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A digest that might go; ``age`` is when it came to be, in seconds since the epoch, where anybody says so."""

    digest: str
    tags: tuple[str, ...] = ()
    age: float | None = None

    @property
    def version(self) -> Version | None:
        """The highest version among its tags."""
        found = [version for tag in self.tags if (version := parse_version(tag)) is not None]
        return max(found, default=None)

    @property
    def release(self) -> str:
        """A tag that is a version without a prerelease; empty where there is none."""
        released = [tag for tag in self.tags if (found := parse_version(tag)) is not None and not found.prerelease]
        return min(released, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What keeps digests and tags, as it was found.

    Attributes:
        tags: tags that a pattern keeps, with the pattern.
        locked: tags whose lock is in force.
        deployed: digests that clusters have or recently had, with where.
        signed: digests that satisfy the trust policy.
    """

    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    locked: frozenset[str] = frozenset()
    deployed: Mapping[str, str] = field(default_factory=dict, hash=False)
    signed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A digest, and why it stays; without a reason it goes."""

    candidate: Candidate
    reasons: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether it stays."""
        return bool(self.reasons)


def decide(candidates: Iterable[Candidate], kept: Kept, policy: Retention, now: float) -> tuple[Verdict, ...]:
    """Every digest's verdict: versions first, the highest on top, then the others, the newest on top."""
    ordered = _ordered(candidates)
    newest = _newest(ordered, policy.keep)
    return tuple(
        Verdict(
            candidate=item,
            reasons=tuple(dict.fromkeys([*_by_name(item, kept, policy), *_by_age(item, newest, policy, now)])),
        )
        for item in ordered
    )


def going(doomed: Iterable[str], below: Mapping[str, Sequence[str]], protected: frozenset[str]) -> tuple[str, ...]:
    """All digests that go when these do, those first that others hang on: nobody ever meets one without its signatures.

    ``below`` has what hangs on each: children, referrers, signatures by tag. Nothing protected goes, nor, by this way,
    what hangs on it.
    """
    found: dict[str, None] = {}
    pending = [digest for digest in doomed if digest not in protected]
    while pending:
        following = []
        for digest in pending:
            if digest not in found:
                found[digest] = None
                following += [item for item in below.get(digest, ()) if item not in protected]
        pending = following
    return tuple(found)


def _ordered(candidates: Iterable[Candidate]) -> list[Candidate]:
    items = list(candidates)
    versions = [(version, item.digest, item) for item in items if (version := item.version) is not None]
    others = [item for item in items if item.version is None]
    others.sort(key=lambda item: (not item.tags, -(item.age or 0.0), item.digest))
    return [item for _, _, item in sorted(versions, key=lambda found: found[:2], reverse=True)] + others


def _newest(ordered: Sequence[Candidate], keep: int | None) -> Mapping[str, str]:
    """Those that their place in the order keeps, with the reason."""
    if keep is None:
        return {}
    versions = [item for item in ordered if item.version is not None]
    others = [item for item in ordered if item.version is None and item.tags and item.age is not None]
    found = {item.digest: f"among the newest {keep} versions" for item in versions[:keep]}
    return found | {item.digest: f"among the newest {keep} without a version" for item in others[:keep]}


def _by_name(item: Candidate, kept: Kept, policy: Retention) -> Iterator[str]:
    for tag in item.tags:
        if tag in kept.locked:
            yield f"the tag {tag} is locked"
        if tag in kept.tags:
            yield f"the tag {tag} is kept by '{kept.tags[tag]}'"
    if item.digest in kept.deployed:
        yield kept.deployed[item.digest]
    if policy.keep_signed_releases and item.release and item.digest in kept.signed:
        yield f"the signed release {item.release}"


def _by_age(item: Candidate, newest: Mapping[str, str], policy: Retention, now: float) -> Iterator[str]:
    if item.digest in newest:
        yield newest[item.digest]
    if item.age is None:
        if policy.older_than is not None or item.version is None:
            yield "nobody says how old it is"
    elif policy.older_than is not None and now - item.age < policy.older_than:
        yield f"younger than {format_duration(policy.older_than)}: {format_time(int(item.age))}"
