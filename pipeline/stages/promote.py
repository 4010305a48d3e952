"""Promote: what was verified and proved itself in one environment becomes the next one's, by digest.

The order is the point: everything that may refuse is asked before anything is written, what hangs on the artifact
travels with it, the policy is asked again about what is at the target then, and the tags move last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.errors import PipelineError, TrustError
from pipeline.model.artifact.manifest import ANNOTATION_CREATED, parse_manifest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.outcome.copy import CopyCounts
from pipeline.model.outcome.promote import PromoteResult
from pipeline.model.outcome.tag import MovedTag
from pipeline.model.promotion.health import Health
from pipeline.model.promotion.ordering import Age, check_order, created_at
from pipeline.model.trust.decision import Verdict
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.replay import Succession
from pipeline.ports import Clock, Registry, Reporter
from pipeline.stages.copy import copy_tree
from pipeline.stages.deployed_health import healthy_on
from pipeline.stages.signed_records import RecordTrust
from pipeline.stages.tag_claim import TagClaim, tags_now
from pipeline.stages.tag_lock import require_unlocked
from pipeline.stages.trust import TrustPorts, check_policy, require_trust


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteOptions:
    """What is promoted, and under which conditions.

    Attributes:
        artifact: what is promoted.
        tags: what is to point at it, in the target's repository.
        trust: who must have signed it.
        healthy_on: clusters whose newest deploy record must say that it is healthy.
        min_age: for how many seconds it must have been so.
        allow_rollback: move a tag also to something older than what it points at.
    """

    artifact: PinnedReference
    tags: tuple[str, ...]
    trust: TrustPolicy | UnsafeSkipVerification
    healthy_on: tuple[DeployedName, ...] = ()
    min_age: float = 0.0
    allow_rollback: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotePorts:
    """What promoting needs of the world.

    Attributes:
        open_target: opens the target anew, so that what is verified there is what others read.
        open_records: where a cluster's deploy records are.
        record_trust: whose deploy records are believed; asked only where health is.
    """

    source: Registry
    target: Registry
    open_target: Callable[[], Registry]
    open_records: Callable[[DeployedName], Registry]
    record_trust: Callable[[], RecordTrust]
    trust: TrustPorts
    clock: Clock
    reporter: Reporter


def promote(options: PromoteOptions, ports: PromotePorts) -> PromoteResult:
    """Promote the artifact.

    Raises:
        TrustError: the policy refuses it, at the source or at the target, or it is older than what it would replace.
        VerificationError: it is not healthy where it is to be.
        RefusedError: it is not healthy for long enough, a tag is locked, or somebody else moved one meanwhile.
        ArtifactNotFoundError: there is no such artifact.
        RegistryError: a registry could not be read or written.
        PipelineError: all of these; no tag has moved then, or is named that has.
    """
    before = tags_now(options.tags, ports.target)
    verdict = _require_trust(options.artifact, ports.source, options.trust, ports.trust)
    health = _health(options, ports)
    target = PinnedReference(ports.target.repository, options.artifact.digest, options.tags[0])
    require_unlocked([tag for tag, digest in before.items() if digest != target.digest], target.digest, ports.target)
    succession = _succession(options, ports, verdict, [digest for digest in before.values() if digest is not None])
    result = PromoteResult(
        source=options.artifact,
        target=target,
        tags=tuple(MovedTag(tag=tag, previous=digest) for tag, digest in before.items()),
        verified_by=tuple(dict.fromkeys(item.signer for item in verdict.signatures)) if verdict else (),
        health=health,
        is_rollback=succession.is_rollback,
        is_dry_run=options.dry_run,
        notes=(succession.note,) if succession.note else (),
    )
    for note in result.notes:
        ports.reporter.info(note)
    if options.dry_run:
        return result
    counts = _carry(options, ports)
    _require_trust_there(target, options, ports)
    claim = TagClaim(target, before, ports.target)
    try:
        moved = claim.settle()
    except PipelineError:
        left = claim.withdraw()
        if left:
            ports.reporter.warn(f"these tags may already point at {target.digest}: {', '.join(left)}")
        raise
    return replace(result, tags=moved.tags, counts=counts)


def _require_trust(
    artifact: PinnedReference,
    registry: Registry,
    policy: TrustPolicy | UnsafeSkipVerification,
    ports: TrustPorts,
) -> Verdict | None:
    if not isinstance(policy, TrustPolicy):
        registry.read_manifest(artifact.digest)
        return None
    check_policy(policy)
    registry.read_manifest(artifact.digest)
    return require_trust(artifact, registry, ports, policy)


def _require_trust_there(target: PinnedReference, options: PromoteOptions, ports: PromotePorts) -> None:
    try:
        _require_trust(target, ports.open_target(), options.trust, ports.trust)
    except TrustError as error:
        raise TrustError(
            f"{error.message}; it is there by its digest, and no tag has moved", hint=error.hint, code=error.code
        ) from None


def _health(options: PromoteOptions, ports: PromotePorts) -> tuple[Health, ...]:
    if not options.healthy_on:
        return ()
    trust, now = ports.record_trust(), ports.clock.now()
    return tuple(
        healthy_on(
            name, options.artifact.digest, ports.open_records(name), trust, now=now, min_age=options.min_age
        )
        for name in options.healthy_on
    )  # fmt: skip


def _carry(options: PromoteOptions, ports: PromotePorts) -> CopyCounts | None:
    if ports.source.repository == ports.target.repository:
        return None
    return copy_tree(options.artifact.digest, ports.source, ports.target, ports.reporter)


def _succession(options: PromoteOptions, ports: PromotePorts, verdict: Verdict | None, there: list[str]) -> Succession:
    """How it follows what the tags point at: the worst of all."""
    new = _age(options.artifact, ports.source, verdict.issued_at if verdict else None)
    found = Succession()
    for digest in dict.fromkeys(there):
        if digest == new.digest:
            continue
        old = _age_there(PinnedReference(ports.target.repository, digest), options, ports)
        follows = check_order(new, old, allow_rollback=options.allow_rollback)
        found = found if found.is_rollback or not (follows.is_rollback or follows.note) else follows
    return found


def _age_there(artifact: PinnedReference, options: PromoteOptions, ports: PromotePorts) -> Age:
    issued_at = None
    if isinstance(options.trust, TrustPolicy):
        try:
            issued_at = require_trust(artifact, ports.target, ports.trust, options.trust).issued_at
        except TrustError as error:
            ports.reporter.detail(f"what is there counts as of no age: {error.message}")
    return _age(artifact, ports.target, issued_at)


def _age(artifact: PinnedReference, registry: Registry, issued_at: float | None) -> Age:
    said = parse_manifest(registry.read_manifest(artifact.digest)).annotations.get(ANNOTATION_CREATED, "")
    return Age(digest=artifact.digest, issued_at=issued_at, created=created_at(said))
