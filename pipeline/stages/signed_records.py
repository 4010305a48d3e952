"""Deploy records one by one: read from the registry, and believed by their signature alone.

Whoever may write to the registry can put anything there. So a record counts only if it is signed by whom the reader
names, about this very digest and cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.manifest import Descriptor, parse_manifest
from pipeline.model.deployments.document import read_record
from pipeline.model.deployments.record import DeployRecord
from pipeline.model.deployments.storage import RECORD_TYPE, Listed
from pipeline.model.documents.printable import printable
from pipeline.model.documents.strict_json import object_in, parse_object
from pipeline.model.documents.times import format_time
from pipeline.model.trust.bundle import BUNDLE_MEDIA_TYPE_PREFIX, MAX_BUNDLE_BYTES, envelope_in
from pipeline.model.trust.evidence import Signature, SignatureFormat, VerifiedAttestation
from pipeline.model.trust.in_toto import read_statement
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from pipeline.ports import Expressions, Registry, Verifier
from pipeline.stages.finding import read_bounded
from pipeline.stages.signature_decisions import is_by, signer_text

_WIDTH = 80


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
    """A record, where it was found, and who signed it (empty: nobody was asked).

    ``subject`` is the artifact as the record refers to it. ``is_listed``: the cluster's list has it.
    """

    record: DeployRecord
    listed: Listed
    subject: Descriptor
    signer: str = ""
    is_listed: bool = True


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
        attestation = _attestation(subject.digest, signature, trust)
        record = read_record(attestation.predicate)
    except TrustError as error:
        raise TrustError(f"{where} is not accepted: {error.message}", hint=error.hint, code=error.code) from None
    if record.digest != subject.digest:
        raise TrustError(f"{where} speaks of {record.digest}, and is attached to {subject.digest}")
    if record.cluster != cluster:
        raise TrustError(f"{where} is of the cluster {ascii(record.cluster)[:80]}, not of {cluster}")
    if record.inventory != item.inventory:
        named, said = (printable(name, _WIDTH) for name in (record.inventory, item.inventory))
        raise TrustError(f"{where} is of {named}, not of {said}, as its list says")
    if format_time(record.time) != format_time(item.time):
        raise TrustError(f"{where} is of {format_time(record.time)}, and its list says {format_time(item.time)}")
    signer = attestation.signature.signer if attestation.signature else ""
    return SignedRecord(record, item, subject, signer)


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


def _read_bundle(digest: str, registry: Registry, where: str) -> tuple[Descriptor, Signature]:
    """What a record is attached to, and its bundle; nothing is verified."""
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
    return manifest.subject, Signature(SignatureFormat.BUNDLE, content, found_in=digest)
