"""Rollback: a tag goes back to what is known to be good, and a lock keeps it there until somebody releases it.

The lock is written first, so that no publisher comes in between. What the tag goes back to must satisfy the policy like
anything else: an old artifact may have been signed by whom nobody trusts any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.errors import ArtifactNotFoundError, PipelineError
from pipeline.model.artifact.reference import PinnedReference, Repository, is_digest
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.documents.times import format_time
from pipeline.model.outcome.rollback import RollbackResult
from pipeline.model.promotion.lock import TagLock, check_lockable, lock_tag
from pipeline.model.promotion.previous_good import require_previous_good
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Clock, Registry, Reporter, Signer
from pipeline.stages.deployed import chosen_inventory, listed_records, read_history
from pipeline.stages.rollback_statement import state_rollback
from pipeline.stages.signed_records import RecordTrust
from pipeline.stages.tag import current
from pipeline.stages.tag_claim import TagClaim
from pipeline.stages.tag_lock import lock_of, put_lock
from pipeline.stages.trust import TrustPorts, check_policy, require_trust

PREVIOUS_GOOD = "previous-good"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackOptions:
    """What goes back, and why.

    Attributes:
        tag: the tag of ``repository`` that goes back.
        to: a digest, or :data:`PREVIOUS_GOOD`.
        reason: for whoever meets the lock.
        by: who does it.
        cluster: whose records say what was good; only for :data:`PREVIOUS_GOOD`.
        trust: who must have signed what it goes back to.
        locks: whether the tag is locked there.
    """

    repository: Repository
    tag: str
    to: str
    reason: str
    by: str
    trust: TrustPolicy | UnsafeSkipVerification
    cluster: DeployedName | None = None
    locks: bool = True
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPorts:
    """What it needs of the world: ``records`` and ``record_trust`` where records are asked, a signer where it signs."""

    registry: Registry
    trust: TrustPorts
    clock: Clock
    reporter: Reporter
    records: Registry | None = None
    record_trust: RecordTrust | None = None
    signer: Signer | None = None


def rollback(options: RollbackOptions, ports: RollbackPorts) -> RollbackResult:
    """Let the tag go back, and lock it.

    Raises:
        ArtifactNotFoundError: there is no such tag, or no such digest.
        RefusedError: nothing before was healthy, or somebody else moved the tag meanwhile.
        TrustError: what it would go back to is not accepted, or a record is not.
        UsageError: there is no reason, or several inventories and none of them named.
        RegistryError: the registry could not be read or written.
        PipelineError: all of these; the tag is where it was then.
    """
    reason = check_lockable(options.tag, options.reason)
    before = _now(options.repository, options.tag, ports.registry)
    digest, because = _destination(options, ports, before)
    target = PinnedReference(options.repository, digest, options.tag)
    signers = _require_trust(target, options, ports)
    earlier = lock_of(options.tag, ports.registry)
    lock = TagLock(
        tag=options.tag,
        digest=digest,
        previous=before if before != digest else (earlier.previous if earlier is not None else ""),
        reason=reason,
        by=options.by,
        at=float(int(ports.clock.now())),
    )
    result = RollbackResult(
        target=target,
        previous=before,
        is_release=False,
        is_changed=before != digest,
        lock=lock if options.locks else earlier,
        because=because,
        verified_by=signers,
        is_dry_run=options.dry_run,
    )
    if options.dry_run:
        return result
    if ports.signer is not None and before != digest:
        statement = state_rollback(target, lock, ports.registry, ports.signer, ports.trust.verifier)
        result = replace(result, statement_digest=statement)
    if options.locks:
        put_lock(lock, ports.registry)
    _move(target, before, lock if options.locks else None, earlier, ports)
    return result


def release(repository: Repository, tag: str, by: str, registry: Registry, clock: Clock) -> RollbackResult:
    """Let a locked tag move again; where it is not locked, nothing is written.

    Raises:
        ArtifactNotFoundError: there is no such tag.
        RegistryError: the registry could not be read or written.
    """
    digest = _now(repository, tag, registry)
    lock = lock_of(tag, registry)
    is_changed = lock is not None and lock.is_in_force
    if lock is not None and is_changed:
        # What nobody could read is replaced by what everybody can.
        lock = replace(lock, digest=lock.digest or digest).released(by, float(int(clock.now())))
        put_lock(lock, registry)
    return RollbackResult(
        target=PinnedReference(repository, digest, tag),
        previous=digest,
        is_release=True,
        is_changed=is_changed,
        lock=lock,
    )


def _now(repository: Repository, tag: str, registry: Registry) -> str:
    digest = current(tag, registry)
    if digest is None:
        raise ArtifactNotFoundError(f"{repository}:{tag} does not exist", hint=f"`gitless list {repository}`")
    return digest


def _destination(options: RollbackOptions, ports: RollbackPorts, before: str) -> tuple[str, str]:
    """The digest that it goes back to, and what makes it the one."""
    if is_digest(options.to):
        return options.to, "it was named"
    name, records, trust = options.cluster, ports.records, ports.record_trust
    if name is None or records is None or trust is None:
        raise PipelineError("previous-good was asked for without the records that say what was good")
    inventory = chosen_inventory(listed_records(records, name.cluster), name, records, trust)
    history = read_history(DeployedName(name.cluster, inventory) if inventory else name, records, trust)
    for note in history.notes:
        ports.reporter.warn(note)
    found = require_previous_good(name, [item.record for item in history.records], before)
    return found.digest, f"healthy on {name.cluster} ({found.inventory}) at {format_time(int(found.time))}"


def _require_trust(target: PinnedReference, options: RollbackOptions, ports: RollbackPorts) -> tuple[str, ...]:
    if isinstance(options.trust, TrustPolicy):
        check_policy(options.trust)
    try:
        ports.registry.read_manifest(target.digest)
    except ArtifactNotFoundError:
        raise ArtifactNotFoundError(
            f"{target} does not exist, so no tag can go back to it", hint="was it pruned, or is it elsewhere?"
        ) from None
    if not isinstance(options.trust, TrustPolicy):
        return ()
    verdict = require_trust(target, ports.registry, ports.trust, options.trust)
    return tuple(dict.fromkeys(item.signer for item in verdict.signatures))


def _move(
    target: PinnedReference, before: str, lock: TagLock | None, earlier: TagLock | None, ports: RollbackPorts
) -> None:
    claim = TagClaim(target, {str(target.tag): before}, ports.registry, moves_locked=True)
    try:
        claim.settle()
    except PipelineError:
        claim.withdraw()
        if lock is not None:
            _put_back(lock, earlier, ports)
        raise


def _put_back(lock: TagLock, earlier: TagLock | None, ports: RollbackPorts) -> None:
    """The lock as it was before: what did not go back must not be held."""
    is_known = earlier is not None and bool(earlier.digest)
    after = earlier if earlier is not None and is_known else lock.released(lock.by, ports.clock.now())
    try:
        put_lock(after, ports.registry)
    except PipelineError as error:
        ports.reporter.warn(f"the lock {lock_tag(lock.tag)} stays, although the tag did not go back: {error.message}")
