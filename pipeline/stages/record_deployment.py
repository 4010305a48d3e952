"""Put a signed record of what a cluster has applied into the registry, and move the cluster's tag to it.

Nothing of this may stand in the way of applying: whoever calls it catches what it raises, and tries again later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pipeline.errors import ArtifactNotFoundError, PipelineError, RefusedError, RegistryError, TrustError, UsageError
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob, Descriptor
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.document import record_document
from pipeline.model.deployments.naming import deployed_tag
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.deployments.storage import (
    Listed,
    listed,
    merge,
    newest_first,
    read_list,
    record_manifest,
    write_list,
)
from pipeline.model.documents.times import format_time
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.recording import DEFAULT_KEEP
from pipeline.model.trust.bundle import MAX_BUNDLE_BYTES
from pipeline.model.trust.evidence import Signature, VerifiedAttestation
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.model.trust.storage import EMPTY_CONFIG
from pipeline.ports import Expressions, Registry, Reporter, Signer, Verifier
from pipeline.stages.attaching import check_attestation_shadowing, is_own
from pipeline.stages.deployed import followers
from pipeline.stages.finding import MAX_REFERRERS
from pipeline.stages.record_retention import delete_records, gone_records
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.signed_records import RecordTrust, SignedRecord, read_listed

_TRIES = 5
_STEP = 0.001
"""Seconds between a record and one that comes so soon after it that a clock tells no difference."""
_TOLERATED_SKEW = 300.0
"""Seconds that clocks may differ by before somebody should know."""
_CROWDED = MAX_REFERRERS // 2
"""Referrers beside which no record is put any more: verifiers refuse artifacts with more than they read."""
_NO_ANSWER = frozenset({"registry.unreachable", "registry.denied"})
"""Errors that say nothing about what was to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPorts:
    """What recording needs of the world.

    Attributes:
        registry: where records are kept.
        delete: deletes a manifest there, and tells whether it is gone.
        artifact: the artifact itself where records are kept beside it; ``None`` where they have their own repository.
    """

    registry: Registry
    delete: Callable[[str], bool]
    signer: Signer
    verifier: Verifier
    expressions: Expressions
    reporter: Reporter
    artifact: PinnedReference | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a record: ``digest`` of its manifest, and whether it was not there yet."""

    digest: str
    written: bool
    deleted: int = 0


def record_deployment(
    record: DeployRecord, subject: Descriptor, ports: RecordPorts, *, keep: int = DEFAULT_KEEP
) -> Recorded:
    """Sign the record, put it beside its subject, move the tag, and delete what is older than the last ``keep``.

    Where the newest record says the same already, nothing is written. A record is never dated before the one that it
    follows, whatever the clock says: the order says what is deployed.

    Raises:
        RefusedError: it would hide the artifact's signatures, or there is too much beside the artifact.
        UsageError: the record is larger than what is ever read back.
        TrustError: our own record does not verify.
        RegistryError: the registry could not be read or written, or others kept moving the tag.
    """
    own = _own(record.cluster, record.inventory, ports)
    if own and own[0].is_listed and _says_the_same(own[0].record, record):
        return Recorded(own[0].listed.descriptor.digest, written=False)
    return _record(record, subject, own, ports, keep)


def record_deletion(
    cluster: str,
    inventory: str,
    time: float,
    ports: RecordPorts,
    *,
    message: str = "",
    stays: bool = False,
    keep: int = DEFAULT_KEEP,
) -> Recorded | None:
    """Record that nothing applies the inventory any more, by what was recorded of it last; ``None``: nothing was.

    ``stays``: its objects are left in the cluster.

    Raises:
        PipelineError: as for :func:`record_deployment`.
    """
    own = _own(cluster, inventory, ports)
    if not own:
        return None
    last = own[0]
    if last.is_listed and last.record.is_deleted:
        return Recorded(last.listed.descriptor.digest, written=False)
    record = replace(
        last.record,
        time=time,
        result=Deployed.DELETED,
        message=message,
        overrides=(),
        objects=_last_objects(own, ports) if stays else {},
    )
    return _record(record, last.subject, own, ports, keep)


def _last_objects(own: tuple[SignedRecord, ...], ports: RecordPorts) -> Mapping[ObjectId, str]:
    """What the last apply that got to its end has put there."""
    newest = own[0].record
    known = {item.listed.descriptor.digest: item for item in own}
    for item in newest_first([*(item.listed for item in own), *_current(newest.cluster, ports.registry)]):
        if item.inventory == newest.inventory:
            found = known.get(item.descriptor.digest) or _read_own(item, newest.cluster, ports)
            if found is not None and found.record.is_complete:
                return found.record.objects
    return {}


def _record(
    record: DeployRecord, subject: Descriptor, own: tuple[SignedRecord, ...], ports: RecordPorts, keep: int
) -> Recorded:
    # What is written with milliseconds is compared with milliseconds.
    record = replace(record, time=round(record.time, 3))
    if own and own[0].record.time >= record.time:
        _tell_skew(own[0].record, record, ports)
        record = replace(record, time=round(own[0].record.time + _STEP, 3))
    _check_room(subject, ports)
    manifest = _attach(record, subject, ports)
    lost = [item.listed for item in own if not item.is_listed]
    dropped = _move_tag(record, listed(record, manifest), lost, ports, keep)
    return Recorded(
        manifest.descriptor.digest,
        written=True,
        deleted=delete_records(dropped, ports.registry, ports.delete, ports.reporter),
    )


def _own(cluster: str, inventory: str, ports: RecordPorts) -> tuple[SignedRecord, ...]:
    """The newest record of the inventory that is listed, and before it those that follow it, if by this very signer."""
    found = [item for item in _current(cluster, ports.registry) if item.inventory == inventory]
    head = _read_own(found[0], cluster, ports) if found else None
    return () if head is None else (*followers(head, ports.registry, _own_trust(ports)), head)


def _read_own(item: Listed, cluster: str, ports: RecordPorts) -> SignedRecord | None:
    """``None`` where it is not by this very signer, or gone."""
    try:
        return read_listed(item, cluster, ports.registry, _own_trust(ports))
    except (TrustError, ArtifactNotFoundError):
        return None


def _own_trust(ports: RecordPorts) -> RecordTrust:
    return RecordTrust(ports.signer.own_policy(), ports.verifier, ports.expressions)


def _tell_skew(last: DeployRecord, new: DeployRecord, ports: RecordPorts) -> None:
    if last.time - new.time > _TOLERATED_SKEW:
        ports.reporter.warn(
            f"the newest deploy record of {new.cluster} ({new.inventory}) is of {format_time(last.time)}, and the clock"
            f" says {format_time(new.time)}: the new record is dated right after that one. Where that time is wrong,"
            f" delete the tag {deployed_tag(new.cluster)}, and records begin anew"
        )


def _says_the_same(old: DeployRecord, new: DeployRecord) -> bool:
    # What was overridden once stays true of what is there, also for an apply that had nothing to override any more.
    new = replace(new, overrides=new.overrides or old.overrides)
    return replace(old, time=0.0, message="") == replace(new, time=0.0, message="")


def _check_room(subject: Descriptor, ports: RecordPorts) -> None:
    """Beside the artifact itself a record must neither hide signatures nor crowd them out."""
    if ports.artifact is None:
        return
    hint = "keep records in a repository of their own: --record-repository oci://…"
    beside = len(ports.registry.referrers(subject.digest))
    if beside >= _CROWDED:
        raise RefusedError(
            f"{ports.artifact} has {beside} referrers already, and verifiers read {MAX_REFERRERS} at most",
            hint=hint,
            code="refused.crowded",
        )
    artifact = PinnedReference(ports.artifact.repository, subject.digest)
    judgement = judge_signatures(artifact, ports.registry, ports.verifier, ports.signer.own_policy())
    try:
        check_attestation_shadowing(artifact, judgement)
    except RefusedError as error:
        raise RefusedError(error.message, hint=hint, code=error.code) from None


def _attach(record: DeployRecord, subject: Descriptor, ports: RecordPorts) -> Blob:
    document = record_document(record)
    signature = ports.signer.attest(write_statement(record.digest, record.repository, DEPLOY_RECORD, document))
    _check(record, signature, ports)
    bundle = Blob(SIGSTORE_BUNDLE, signature.content)
    ports.registry.write_blob(EMPTY_CONFIG.descriptor, lambda: (EMPTY_CONFIG.content,))
    ports.registry.write_blob(bundle.descriptor, lambda: (bundle.content,))
    manifest = record_manifest(record, subject, bundle.descriptor)
    ports.registry.write_manifest(manifest)
    return manifest


def _check(record: DeployRecord, signature: Signature, ports: RecordPorts) -> None:
    size = len(signature.content)
    if size > MAX_BUNDLE_BYTES:
        raise UsageError(f"the deploy record has {size} bytes, and nobody reads more than {MAX_BUNDLE_BYTES}")
    policy = ports.signer.own_policy()
    verified = ports.verifier.verify(record.digest, signature, policy)
    if not isinstance(verified, VerifiedAttestation) or not is_own(verified.signature, policy):
        raise PipelineError("our own deploy record reads as somebody else's, or as a signature")


def _move_tag(
    record: DeployRecord, new: Listed, lost: Iterable[Listed], ports: RecordPorts, keep: int
) -> tuple[Listed, ...]:
    """Put the record into the cluster's list, and what was ``lost`` from it; returns what fell out of it.

    A tag cannot be compared and swapped: whoever recorded at the same time may have replaced our list, so look again.
    """
    tag = deployed_tag(record.cluster)
    dropped: dict[str, Listed] = {}
    missing: frozenset[str] = frozenset()
    for _ in range(_TRIES):
        current = (*lost, *_current(record.cluster, ports.registry))
        there = {item.descriptor.digest: item for item in current if item.descriptor.digest not in missing}
        merged = merge(there.values(), new, keep=keep)
        dropped |= {item.descriptor.digest: item for item in merged.dropped}
        try:
            ports.registry.write_manifest(write_list(record.cluster, merged.records, merged.before), tag)
        except RegistryError as error:
            if error.code in _NO_ANSWER:
                raise
            gone = gone_records(merged.records, ports.registry, ports.reporter)
            if gone <= missing:
                raise
            missing |= gone
            continue
        now = {item.descriptor.digest for item in _current(record.cluster, ports.registry)}
        if new.descriptor.digest in now:
            return tuple(item for digest, item in dropped.items() if digest not in now)
    raise RegistryError(
        f"others keep moving the tag {tag} of {ports.registry.repository}; the record is {new.descriptor.digest}",
        hint="it is put into the list the next time",
    )


def _current(cluster: str, registry: Registry) -> tuple[Listed, ...]:
    """What the tag lists; nothing where somebody put anything else there, so that the next list sets it right."""
    try:
        return read_list(registry.read_manifest(registry.resolve(deployed_tag(cluster)).digest))
    except (ArtifactNotFoundError, TrustError):
        return ()
