"""Find the signatures of a digest and judge them; shared by everything that asks whether an artifact is trusted."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import ArtifactNotFoundError, PipelineError, RegistryError, TrustError
from pipeline.model.artifact.manifest import SIMPLE_SIGNING, Descriptor, ParsedManifest, parse_manifest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.bundle import BUNDLE_MEDIA_TYPE_PREFIX, MAX_BUNDLE_BYTES
from pipeline.model.trust.evidence import (
    Judgement,
    RejectedSignature,
    Signature,
    SignatureFormat,
    Verified,
    VerifiedAttestation,
    VerifiedSignature,
)
from pipeline.model.trust.policy import TrustPolicy
from pipeline.model.trust.simple_signing import MAX_PAYLOAD_BYTES
from pipeline.model.trust.storage import SIGNATURE_ANNOTATION, signature_tag
from pipeline.ports import Registry, Verifier

MAX_REFERRERS = 256
MAX_SIMPLE_SIGNATURES = 256
"""More than anybody has, and few enough that a flooded repository is refused within seconds."""


def judge_signatures(
    artifact: PinnedReference, registry: Registry, verifier: Verifier, policy: TrustPolicy
) -> Judgement:
    """Every signature of the artifact, accepted or not, in the order in which they were found.

    Raises:
        RegistryError: the registry could not be asked.
    """
    judgement = Judgement()
    for judgement in growing_judgement(artifact, registry, verifier, policy):  # noqa: B007 - the last has it all
        pass
    return judgement


def growing_judgement(
    artifact: PinnedReference, registry: Registry, verifier: Verifier, policy: TrustPolicy
) -> Iterator[Judgement]:
    """The judgement so far, after everything that was confirmed, and at last with all that was not.

    Raises:
        RegistryError: the registry could not be asked.
    """
    accepted: list[VerifiedSignature] = []
    attestations: list[VerifiedAttestation] = []
    rejected: list[RejectedSignature] = []
    for found in find_signatures(registry, artifact.digest):
        judged = _judged(artifact.digest, found, verifier, policy)
        if isinstance(judged, RejectedSignature):
            rejected.append(judged)
            continue
        if isinstance(judged, VerifiedSignature):
            accepted.append(judged)
        else:
            attestations.append(judged)
        yield Judgement(tuple(accepted), tuple(attestations), tuple(rejected))
    yield Judgement(tuple(accepted), tuple(attestations), tuple(rejected))


def _judged(
    digest: str, found: Signature | RejectedSignature, verifier: Verifier, policy: TrustPolicy
) -> Verified | RejectedSignature:
    if isinstance(found, RejectedSignature):
        return found
    try:
        return verifier.verify(digest, found, policy)
    except TrustError as error:
        return RejectedSignature(found.format, found.found_in or "", error.message)


def find_signatures(registry: Registry, digest: str) -> Iterator[Signature | RejectedSignature]:
    """Everything kept where signatures of the digest are kept, bundles first; nothing is verified yet.

    What cannot be read as a signature is a rejected one and no error: anybody who may push could otherwise keep a good
    signature from being found.

    Raises:
        RegistryError: the registry could not be asked.
        TrustError: there is more than we are willing to read.
    """
    referrers = registry.referrers(digest)
    if len(referrers) > MAX_REFERRERS:
        raise TrustError(
            f"{registry.repository}@{digest} has {len(referrers)} referrers, more than the {MAX_REFERRERS} we read",
            hint="delete the ones that nobody needs",
        )
    for referrer in referrers:
        yield from _bundle_in(registry, referrer.digest)
    yield from _simple_signatures(registry, digest)


def _bundle_in(registry: Registry, manifest_digest: str) -> Iterator[Signature | RejectedSignature]:
    # The descriptor's artifact type is not asked: registries that take it from the configuration get it wrong.
    try:
        layers = _read_layers(registry, manifest_digest).layers
    except (TrustError, ArtifactNotFoundError, _MalformedError) as error:
        yield RejectedSignature(SignatureFormat.BUNDLE, manifest_digest, error.message)
        return
    # cosign and Flux skip what is not exactly one bundle: it is some other kind of referrer.
    if len(layers) == 1 and layers[0].media_type.startswith(BUNDLE_MEDIA_TYPE_PREFIX):
        yield _read(registry, SignatureFormat.BUNDLE, layers[0], manifest_digest, MAX_BUNDLE_BYTES)


def _simple_signatures(registry: Registry, digest: str) -> Iterator[Signature | RejectedSignature]:
    manifest_digest = ""
    try:
        manifest_digest = registry.resolve(signature_tag(digest)).digest
        layers = _read_layers(registry, manifest_digest).layers
    except ArtifactNotFoundError:
        return
    except (TrustError, _MalformedError) as error:
        yield RejectedSignature(SignatureFormat.SIMPLE, manifest_digest or signature_tag(digest), error.message)
        return
    if len(layers) > MAX_SIMPLE_SIGNATURES:
        reason = f"there are {len(layers)} signatures, more than the {MAX_SIMPLE_SIGNATURES} we read"
        yield RejectedSignature(SignatureFormat.SIMPLE, manifest_digest, reason)
        return
    for layer in layers:
        if layer.media_type == SIMPLE_SIGNING:
            yield _read(registry, SignatureFormat.SIMPLE, layer, manifest_digest, MAX_PAYLOAD_BYTES)


def read_bounded(registry: Registry, blob: Descriptor, limit: int) -> bytes:
    """The blob, but never more than ``limit`` bytes of it, whatever its descriptor claims.

    Raises:
        TrustError: it is larger, or not what its digest says.
        ArtifactNotFoundError: it is not there.
    """
    content = bytearray()
    for chunk in registry.read_blob(blob):
        content += chunk
        if len(content) > limit:
            raise TrustError(f"{registry.repository} sends more than {limit} bytes for {blob.digest}")
    return bytes(content)


class _MalformedError(PipelineError):
    """A manifest that is there and makes no sense; unlike other registry errors it concerns nothing else."""


def _read_layers(registry: Registry, digest: str) -> ParsedManifest:
    stored = registry.read_manifest(digest)
    try:
        return parse_manifest(stored)
    except RegistryError as error:
        raise _MalformedError(error.message) from None


def _read(
    registry: Registry, signature_format: SignatureFormat, layer: Descriptor, found_in: str, limit: int
) -> Signature | RejectedSignature:
    if layer.size > limit:
        return RejectedSignature(signature_format, found_in, f"it is larger than {limit} bytes")
    try:
        content = read_bounded(registry, layer, limit)
    except (TrustError, ArtifactNotFoundError) as error:
        return RejectedSignature(signature_format, found_in, error.message)
    signature = layer.annotations.get(SIGNATURE_ANNOTATION)
    if signature_format is SignatureFormat.SIMPLE and signature is None:
        return RejectedSignature(signature_format, found_in, f"its layer lacks the annotation {SIGNATURE_ANNOTATION}")
    return Signature(signature_format, content, signature, found_in)
