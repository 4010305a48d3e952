"""Deploy records, read by whoever has no access to the cluster: found by a tag, believed by their signature alone.

Whoever may write to the registry can put anything under the tag. So a record counts only if it is signed by whom the
reader names, about this very digest and cluster; and the newest only if nothing that refers to it is a newer one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pipeline.errors import ArtifactNotFoundError, PipelineError, RegistryError, TrustError
from pipeline.model.artifact.manifest import OCI_INDEX, Descriptor, parse_manifest
from pipeline.model.deployments.document import read_record
from pipeline.model.deployments.naming import DeployedName, deployed_tag
from pipeline.model.deployments.record import DeployRecord
from pipeline.model.deployments.storage import RECORD_TYPE, Listed, read_list
from pipeline.model.documents.strict_json import object_in, parse_object
from pipeline.model.documents.times import format_time
from pipeline.model.trust.bundle import BUNDLE_MEDIA_TYPE_PREFIX, MAX_BUNDLE_BYTES, envelope_in
from pipeline.model.trust.evidence import Signature, SignatureFormat, VerifiedAttestation
from pipeline.model.trust.in_toto import read_statement
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.model.trust.replay import REPLAY
from pipeline.ports import Expressions, Registry, Verifier
from pipeline.stages.finding import read_bounded
from pipeline.stages.parallel import in_parallel
from pipeline.stages.signature_decisions import is_by, signer_text

_MAX_SUCCESSORS = 64
"""Lists that refer to one record: as many as there were writers at the same time."""
_MAX_NEWER = 64
"""Records that claim to be newer and are looked into."""
_CONCURRENCY = 8
_MAX_OBJECTS = 400_000
"""Objects of all records together after which no more are read; they take about 150 MB."""


@dataclass(frozen=True, slots=True)
class RecordTrust:
    """Who may say what is deployed, and how that is found out.

    ``policy`` names keys and identities; rules, which are about artifacts, have no say here.
    """

    policy: TrustPolicy | UnsafeSkipVerification
    verifier: Verifier
    expressions: Expressions


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A record, where it was found, and who signed it (empty: nobody was asked)."""

    record: DeployRecord
    listed: Listed
    signer: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Records, newest first; ``notes`` say which were passed over, and why."""

    records: tuple[SignedRecord, ...]
    notes: tuple[str, ...] = ()


def listed_records(registry: Registry, cluster: str) -> tuple[Listed, ...]:
    """What the cluster's tag says that there is; nothing of it is verified.

    Raises:
        ArtifactNotFoundError: there is no such tag.
        TrustError: the list is not what its digest says.
        RegistryError: it cannot be read.
    """
    try:
        digest = registry.resolve(deployed_tag(cluster)).digest
    except ArtifactNotFoundError:
        raise ArtifactNotFoundError(
            f"{registry.repository} has no deploy record of the cluster {cluster} (tag {deployed_tag(cluster)})",
            hint="apply with --deploy-record, or say where the records are: --record-repository oci://…",
        ) from None
    return read_list(registry.read_manifest(digest))


def newest_record(name: DeployedName, registry: Registry, trust: RecordTrust) -> SignedRecord:
    """The record that says what is deployed now.

    Raises:
        ArtifactNotFoundError: there is none.
        UsageError: the cluster has several inventories, and none of them was named.
        TrustError: it is not by whom we believe, is about something else, or is not the newest that there is.
        RegistryError: the registry could not be read.
    """
    return newest_of(listed_records(registry, name.cluster), name, registry, trust)


def newest_of(listed: Sequence[Listed], name: DeployedName, registry: Registry, trust: RecordTrust) -> SignedRecord:
    """The same among these, newest first.

    Raises:
        PipelineError: as for :func:`newest_record`.
    """
    check_signers(trust)
    chosen = [item for item in listed if name.fits(item.inventory)]
    inventory = name.choose(item.inventory for item in chosen)
    if not chosen:
        known = ", ".join(sorted({item.inventory for item in listed})) or "none"
        raise ArtifactNotFoundError(
            f"{registry.repository} has no deploy record of {name}; there are records of: {known}"
        )
    # Not the next one where this one is refused: what was current once is not what is deployed.
    head = read_listed(chosen[0], name.cluster, registry, trust)
    if head.record.inventory != inventory:
        raise TrustError(f"the deploy record {chosen[0].descriptor.digest} is not of {inventory}, as its list says")
    _require_newest(head, name.cluster, registry, trust)
    return head


def read_history(name: DeployedName, registry: Registry, trust: RecordTrust, *, limit: int | None = None) -> History:
    """Every record that is kept of the inventory, or of all where none is named; newest first.

    Older ones that are not accepted are passed over with a note: keys change.

    Raises:
        ArtifactNotFoundError: there is none.
        TrustError: the newest of an inventory is not accepted, or not the newest that there is.
        RegistryError: the registry could not be read.
    """
    check_signers(trust)
    listed = [item for item in listed_records(registry, name.cluster) if name.fits(item.inventory)]
    inventories = sorted({item.inventory for item in listed})
    heads = {}
    for inventory in inventories:
        head = newest_of(listed, DeployedName(name.cluster, inventory), registry, trust)
        heads[head.listed.descriptor.digest] = head

    def read(item: Listed) -> SignedRecord | str:
        try:
            return heads.get(item.descriptor.digest) or read_listed(item, name.cluster, registry, trust)
        except (TrustError, ArtifactNotFoundError) as error:
            return f"{item.descriptor.digest} is passed over: {error.message}"

    wanted = listed[:limit]
    found: list[SignedRecord | str] = []
    for start in range(0, len(wanted), _CONCURRENCY):
        if sum(len(item.record.objects) for item in found if isinstance(item, SignedRecord)) > _MAX_OBJECTS:
            found.append(f"{len(wanted) - start} older records are not shown: name an inventory, or --limit")
            break
        found += in_parallel(read, wanted[start : start + _CONCURRENCY], concurrency=_CONCURRENCY)
    records = [item for item in found if isinstance(item, SignedRecord)]
    records.sort(key=lambda item: item.record.time, reverse=True)
    return History(tuple(records), tuple(item for item in found if isinstance(item, str)))


def read_listed(item: Listed, cluster: str, registry: Registry, trust: RecordTrust) -> SignedRecord:
    """One record, verified, and held against what the list says of it.

    Raises:
        TrustError: it is not accepted; the message says why.
        RegistryError: it cannot be read.
    """
    digest = item.descriptor.digest
    where = f"deploy record {digest} in {registry.repository}"
    subject, signature = _read_bundle(digest, registry, where)
    try:
        attestation = _attestation(subject, signature, trust)
        record = read_record(attestation.predicate)
    except TrustError as error:
        raise TrustError(f"{where} is not accepted: {error.message}", hint=error.hint, code=error.code) from None
    if record.digest != subject:
        raise TrustError(f"{where} speaks of {record.digest}, and is attached to {subject}")
    if record.cluster != cluster:
        raise TrustError(f"{where} is of the cluster {ascii(record.cluster)[:80]}, not of {cluster}")
    if format_time(record.time) != format_time(item.time):
        raise TrustError(f"{where} is of {format_time(record.time)}, and its list says {format_time(item.time)}")
    return SignedRecord(record, item, attestation.signature.signer if attestation.signature else "")


def check_signers(trust: RecordTrust) -> None:
    """Refuse to read with nobody to believe.

    Raises:
        TrustError: no key and no identity is named.
    """
    if isinstance(trust.policy, TrustPolicy) and not trust.policy.signers:
        raise TrustError(
            "nobody is trusted to say what is deployed, so no deploy record can be accepted",
            hint="name the cluster's key: --record-key cluster.pub, `records` in gitless.yaml,"
            " or --insecure-skip-record-verification",
            code="trust.no-keys",
        )


@dataclass(frozen=True, slots=True)
class _Statement:
    """What a record says, whoever signed it."""

    predicate: Mapping[str, Any] = field(hash=False)
    signature: None = None


def _attestation(digest: str, signature: Signature, trust: RecordTrust) -> VerifiedAttestation | _Statement:
    if not isinstance(trust.policy, TrustPolicy):
        return _unverified(digest, signature)
    signers = trust.policy.signers
    verified = trust.verifier.verify(digest, signature, _only(trust.policy))
    if not isinstance(verified, VerifiedAttestation) or verified.predicate_type != DEPLOY_RECORD:
        raise TrustError(f"it is no statement of type {DEPLOY_RECORD}")
    if not is_by(verified.signature, signers, trust.expressions):
        raise TrustError(f"it is by {signer_text(verified.signature)}, not by {signers}")
    return verified


def _only(policy: TrustPolicy) -> TrustPolicy:
    """Without the rules, whose signers vouch for artifacts."""
    return TrustPolicy(
        policy.keys,
        policy.identities,
        trusted_root=policy.trusted_root,
        requires_log=policy.requires_log,
        source=policy.source,
    )


def _unverified(digest: str, signature: Signature) -> _Statement:
    bundle = parse_object(signature.content, "the bundle")
    statement = read_statement(envelope_in(object_in(bundle, "dsseEnvelope", "the bundle")).payload, digest)
    if statement.predicate_type != DEPLOY_RECORD:
        raise TrustError(f"it is no statement of type {DEPLOY_RECORD}")
    return _Statement(statement.predicate)


def _read_bundle(digest: str, registry: Registry, where: str) -> tuple[str, Signature]:
    """The digest that a record is attached to, and its bundle; nothing is verified."""
    try:
        manifest = parse_manifest(registry.read_manifest(digest))
    except ArtifactNotFoundError:
        raise ArtifactNotFoundError(f"{where} does not exist, though it is listed") from None
    except RegistryError as error:
        raise TrustError(f"{where} is none: {error.message}") from None
    layers = manifest.layers
    is_record = manifest.artifact_type == RECORD_TYPE and manifest.subject is not None and len(layers) == 1
    if not is_record or manifest.subject is None or not layers[0].media_type.startswith(BUNDLE_MEDIA_TYPE_PREFIX):
        raise TrustError(f"{where} is none: expected {RECORD_TYPE} with a subject and one bundle")
    if layers[0].size > MAX_BUNDLE_BYTES:
        raise TrustError(f"{where} is larger than {MAX_BUNDLE_BYTES} bytes")
    content = read_bounded(registry, layers[0], MAX_BUNDLE_BYTES)
    return manifest.subject.digest, Signature(SignatureFormat.BUNDLE, content, found_in=digest)


def _require_newest(head: SignedRecord, cluster: str, registry: Registry, trust: RecordTrust) -> None:
    """See that no list which follows this record has a newer one of the same inventory.

    Raises:
        TrustError: one has, and that one is accepted.
    """
    for item in islice(_successors(head, registry), _MAX_NEWER):
        try:
            newer = read_listed(item, cluster, registry, trust)
        except PipelineError:
            # Whoever may push could otherwise make good records unreadable by following them with bad ones.
            continue
        if newer.record.inventory == head.record.inventory and newer.record.time > head.record.time:
            raise TrustError(
                f"the tag {deployed_tag(cluster)} of {registry.repository} was moved back: it says that"
                f" {head.record.digest} of {format_time(head.record.time)} is deployed, and there is a record of"
                f" {newer.record.digest} of {format_time(newer.record.time)}",
                hint="the next record of the cluster sets it right; find out who moved the tag",
                code=REPLAY,
            )


def _successors(head: SignedRecord, registry: Registry) -> Iterator[Listed]:
    referrers = [item for item in registry.referrers(head.listed.descriptor.digest) if _may_be_list(item)]
    for referrer in referrers[:_MAX_SUCCESSORS]:
        try:
            found = read_list(registry.read_manifest(referrer.digest))
        except PipelineError:
            continue
        yield from (item for item in found if item.inventory == head.record.inventory and item.time > head.record.time)


def _may_be_list(referrer: Descriptor) -> bool:
    return referrer.media_type == OCI_INDEX
