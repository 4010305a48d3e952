"""Whether one very digest has been delivered: applied and healthy by every Kustomization that it is meant for.

``Ready`` alone proves nothing: right after a push it still speaks of the revision before. What is asked for is the
digest in the source's artifact and in ``lastAppliedRevision``, a status that speaks of the current spec, and Ready.
Everything is judged from API fields of Flux, so that it holds whichever controller serves the objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import Repository
from pipeline.model.artifact.versions import parse_range, parse_version
from pipeline.model.flux.api import OCI_REPOSITORIES
from pipeline.model.flux.attempts import attempted, describe, explain, failure, is_stalled, refused
from pipeline.model.flux.views import AnyView, Key, KustomizationView, SourceView, describe_reference, digest_of


class State(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is waited for.

    Attributes:
        tag: under which the digest was published, where that is known.
        kustomizations: only those of these names; empty: all that use the repository.
        keep_waiting: whether a failed attempt is followed by the next, instead of being the end.
        asked: for objects that were asked to reconcile, the request's value by kind and key.
    """

    repository: Repository
    digest: str
    tag: str = ""
    kustomizations: tuple[str, ...] = ()
    keep_waiting: bool = False
    asked: Mapping[tuple[str, Key], str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """The objects that take part, sorted."""

    sources: Mapping[Key, SourceView] = field(hash=False)
    kustomizations: tuple[KustomizationView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What was seen since the wait began, which no single look can tell.

    Attributes:
        had: sources that had the digest.
        tried: Kustomizations that tried it.
        delivered: Kustomizations that had it applied and healthy, with the generation of their spec.
        members: Kustomizations that took part, with their source.
    """

    had: frozenset[Key] = frozenset()
    tried: frozenset[Key] = frozenset()
    delivered: Mapping[Key, int] = field(default_factory=dict, hash=False)
    members: Mapping[Key, Key] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How one Kustomization fares; ``revision`` is what it applied last."""

    kustomization: Key
    source: Key
    state: State
    revision: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All together: the worst that any Kustomization has met, and delivered only once all have it."""

    state: State
    reason: str
    lines: tuple[Line, ...]


def scope_of(wanted: Wanted, sources: Iterable[SourceView], kustomizations: Iterable[KustomizationView]) -> Scope:
    """The sources that read the repository, and the Kustomizations that use them.

    Sources pinned to another digest do not count while there are others.
    """
    reading = [source for source in sources if source.repository == wanted.repository]
    able = [source for source in reading if not _pinned_elsewhere(source, wanted)] or reading
    by_key = {source.key: source for source in sorted(able, key=lambda source: source.key)}
    using = (
        item
        for item in kustomizations
        if item.source_kind == OCI_REPOSITORIES.kind
        and item.source in by_key
        and (not wanted.kustomizations or item.key.name in wanted.kustomizations)
    )
    return Scope(by_key, tuple(sorted(using, key=lambda item: item.key)))


def remember(memory: Memory, wanted: Wanted, scope: Scope) -> Memory:
    """What was known, and what this look adds."""
    had = {source.key for source in scope.sources.values() if source.digest == wanted.digest}
    delivered = dict(memory.delivered)
    for item in scope.kustomizations:
        if _is_delivered(item, scope.sources[item.source], wanted):
            delivered[item.key] = item.generation
        elif failure(item) is not None or item.digest != wanted.digest:
            delivered.pop(item.key, None)
    return replace(
        memory,
        had=memory.had | had,
        tried=memory.tried | {item.key for item in scope.kustomizations if attempted(item, wanted.digest)},
        delivered=delivered,
        members={**memory.members, **{item.key: item.source for item in scope.kustomizations}},
    )


def judge_delivery(wanted: Wanted, scope: Scope, memory: Memory | None = None) -> Verdict:
    """Judge one look; ``memory`` holds the looks before, and may hold this one."""
    memory = remember(memory or Memory(), wanted, scope)
    lines = [_judge(item, scope.sources[item.source], wanted, memory) for item in scope.kustomizations]
    present = {item.key for item in scope.kustomizations}
    lines += [_lost(key, source, scope) for key, source in memory.members.items() if key not in present]
    lines.sort(key=lambda line: line.kustomization)
    for state in (State.FAILED, State.SUPERSEDED, State.WAITING):
        found = [line for line in lines if line.state is state]
        if found or (state is State.WAITING and not lines):
            told = "; ".join(f"Kustomization {line.kustomization}: {line.message}" for line in found)
            return Verdict(state=state, reason=told or "no Kustomization takes part", lines=tuple(lines))
    return Verdict(state=State.DELIVERED, reason="applied and ready", lines=tuple(lines))


def notes(wanted: Wanted, scope: Scope) -> tuple[str, ...]:
    """What is worth knowing about the wait, though it proves nothing: each is said once."""
    told = [_mismatch(source, wanted) for source in scope.sources.values()]
    told += [
        f"Kustomization {item.key} neither waits nor has health checks: being applied is all that it will tell"
        for item in scope.kustomizations
        if not item.waits
    ]
    return tuple(note for note in told if note)


def _mismatch(source: SourceView, wanted: Wanted) -> str:
    """Why the source would not select the tag under which the digest was published; empty where it may."""
    reference, tag = source.reference, wanted.tag
    if not tag or reference.digest or source.digest == wanted.digest:
        return ""
    selects = f"OCIRepository {source.key} selects {describe_reference(reference)}"
    if not reference.semver:
        is_other = (reference.tag or "latest") != tag
        return f"{selects}: it takes the digest only once that tag points at it" if is_other else ""
    version = parse_version(tag)
    try:
        is_in = version is not None and parse_range(reference.semver).includes(version)
        is_in = is_in and re.search(reference.semver_filter, tag) is not None
    except (PipelineError, re.error):
        return ""
    return "" if is_in else f"{selects}, which {tag} is not among"


def _judge(item: KustomizationView, source: SourceView, wanted: Wanted, memory: Memory) -> Line:
    def line(state: State, message: str) -> Line:
        return Line(kustomization=item.key, source=item.source, state=state, revision=item.revision, message=message)

    if item.is_deleting:
        return line(State.FAILED, "it is being deleted")
    if _is_delivered(item, source, wanted) or _was_delivered(item, source, wanted, memory):
        return line(State.DELIVERED, "applied and ready" if item.waits else "applied; it does not wait for health")
    overtaken = _overtaken(item, source, wanted, memory)
    if overtaken:
        return line(State.SUPERSEDED, overtaken)
    if item.is_suspended:
        hint = f"gitless resume kustomization {item.key.name} -n {item.key.namespace}"
        return replace(line(State.FAILED, "it is suspended"), hint=hint)
    if source.digest != wanted.digest:
        hint = f"gitless resume source oci {source.key.name} -n {source.key.namespace}" if source.is_suspended else ""
        return replace(line(*_judge_source(source, wanted)), hint=hint)
    return line(*_judge_attempt(item, wanted))


def _judge_source(source: SourceView, wanted: Wanted) -> tuple[State, str]:
    """The source does not have the digest."""
    named = f"OCIRepository {source.key}"
    if source.is_deleting:
        return State.FAILED, f"{named} is being deleted"
    if _pinned_elsewhere(source, wanted):
        return State.FAILED, f"{named} is pinned to {source.reference.digest}"
    if source.is_suspended:
        return State.FAILED, f"{named} is suspended"
    failed = failure(source)
    if failed is not None and not _is_before_request(source, wanted):
        told = f"{named}: {explain(failed)}"
        is_final = is_stalled(source) or refused(source, wanted.digest)
        return State.FAILED if is_final and not wanted.keep_waiting else State.WAITING, told
    if not source.revision:
        return State.WAITING, f"{named} has no artifact yet: {describe(source)}"
    return State.WAITING, f"{named} still has {source.revision}"


def _judge_attempt(item: KustomizationView, wanted: Wanted) -> tuple[State, str]:
    """The source has the digest, but the Kustomization has not applied it yet."""
    failed = failure(item)
    if failed is None:
        return State.WAITING, describe(item)
    if _is_before_request(item, wanted):
        return State.WAITING, "it was asked to reconcile"
    if is_stalled(item) or attempted(item, wanted.digest):
        return State.WAITING if wanted.keep_waiting else State.FAILED, explain(failed)
    return State.WAITING, f"it has not tried the digest yet; before: {explain(failed)}"


def _is_delivered(item: KustomizationView, source: SourceView, wanted: Wanted) -> bool:
    return (
        source.digest == wanted.digest
        and item.digest == wanted.digest
        and digest_of(item.attempted) in {"", wanted.digest}
        and item.is_current
        and item.ready == "True"
        and not item.is_deleting
    )


def _was_delivered(item: KustomizationView, source: SourceView, wanted: Wanted, memory: Memory) -> bool:
    """A later pass over the same digest and spec is under way, as at every interval."""
    return (
        memory.delivered.get(item.key) == item.generation
        and source.digest == wanted.digest
        and item.digest == wanted.digest
        and item.ready == "Unknown"
    )


def _overtaken(item: KustomizationView, source: SourceView, wanted: Wanted, memory: Memory) -> str:
    """Why the digest will not come any more: others came after it; empty where that is not known."""
    if not source.digest or source.digest == wanted.digest:
        return ""
    has_moved_on = item.key in memory.tried and not attempted(item, wanted.digest)
    if source.key in memory.had or has_moved_on:
        return f"OCIRepository {source.key} has moved on to {source.revision}"
    token = wanted.asked.get((OCI_REPOSITORIES.kind, source.key))
    if token and source.handled == token and source.is_current and source.ready == "True":
        selects = describe_reference(source.reference)
        return f"OCIRepository {source.key} looked when asked to, and selects {source.revision} ({selects})"
    return ""


def _is_before_request(item: AnyView, wanted: Wanted) -> bool:
    kind = OCI_REPOSITORIES.kind if isinstance(item, SourceView) else "Kustomization"
    token = wanted.asked.get((kind, item.key))
    return bool(token) and item.handled != token


def _pinned_elsewhere(source: SourceView, wanted: Wanted) -> bool:
    return source.reference.digest not in {"", wanted.digest}


def _lost(key: Key, source: Key, scope: Scope) -> Line:
    message = f"it is gone, or does not use OCIRepository {source} any more"
    if source not in scope.sources:
        message = f"OCIRepository {source} is gone, or reads something else now"
    return Line(kustomization=key, source=source, state=State.FAILED, revision="", message=message)
