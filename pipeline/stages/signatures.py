"""Find the signatures of a digest and judge them; shared by everything that asks whether an artifact is trusted."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import ArtifactNotFoundError, PipelineError, RegistryError, TrustError
from pipeline.model.artifact.manifest import SIMPLE_SIGNING, Descriptor, ParsedManifest, parse_manifest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.bundle import BUNDLE_MEDIA_TYPE_PREFIX, MAX_BUNDLE_BYTES
from pipeline.model.trust.policy import (
    Judgement,
    RejectedSignature,
    Signature,
    SignatureFormat,
    TrustPolicy,
    VerifiedSignature,
)
from pipeline.model.trust.simple_signing import MAX_PAYLOAD_BYTES
from pipeline.model.trust.storage import SIGNATURE_ANNOTATION, signature_tag
from pipeline.ports import Registry, Verifier

MAX_REFERRERS = 256
MAX_SIMPLE_SIGNATURES = 256
"""More than anybody has, and few enough that a flooded repository is refused within seconds."""


def require_signature(
    artifact: PinnedReference, registry: Registry, verifier: Verifier, policy: TrustPolicy
) -> VerifiedSignature:
    """The first signature of the artifact that the policy accepts.

    Raises:
        TrustError: there is none; the message says what was there and why it did not do.
        RegistryError: the registry could not be asked.
    """
    check_policy(policy)
    rejected = []
    for judged in _judged(artifact, registry, verifier, policy):
        if isinstance(judged, VerifiedSignature):
            return judged
        rejected.append(judged)
    raise refusal(artifact, policy, tuple(rejected))


def judge_signatures(
    artifact: PinnedReference, registry: Registry, verifier: Verifier, policy: TrustPolicy
) -> Judgement:
    """Every signature of the artifact, accepted or not, in the order in which they were found.

    Raises:
        RegistryError: the registry could not be asked.
    """
    judged = tuple(_judged(artifact, registry, verifier, policy))
    return Judgement(
        tuple(item for item in judged if isinstance(item, VerifiedSignature)),
        tuple(item for item in judged if isinstance(item, RejectedSignature)),
    )


def check_policy(policy: TrustPolicy) -> None:
    """Refuse to verify with nobody to trust.

    Raises:
        TrustError: the policy is empty.
    """
    if not policy.keys:
        raise TrustError(
            "no key is trusted, so no signature can be accepted",
            hint="name the signer's public key: --key cosign.pub, GITLESS_KEY, or trust.keys in gitless.yaml",
            code="trust.no-keys",
        )


def refusal(artifact: PinnedReference, policy: TrustPolicy, rejected: tuple[RejectedSignature, ...]) -> TrustError:
    """Why an artifact without an accepted signature is refused."""
    if not rejected:
        return TrustError(
            f"{artifact} is not signed",
            hint=f"sign it with `gitless sign {artifact} --key cosign.key`",
            code="trust.unsigned",
        )
    reasons = "; ".join(
        f"{item.format} signature in {item.found_in}: {item.reason}" for item in rejected[:_REASONS_SHOWN]
    )
    more = f"; and {len(rejected) - _REASONS_SHOWN} more" if len(rejected) > _REASONS_SHOWN else ""
    keys = ", ".join(key.source for key in policy.keys)
    return TrustError(
        f"{artifact} has no signature by {keys}: {reasons}{more}",
        hint="either it was not released by whom you trust, or the wrong public key is configured",
        code="trust.not-accepted",
    )


_REASONS_SHOWN = 3


def _judged(
    artifact: PinnedReference, registry: Registry, verifier: Verifier, policy: TrustPolicy
) -> Iterator[VerifiedSignature | RejectedSignature]:
    for found in find_signatures(registry, artifact.digest):
        if isinstance(found, RejectedSignature):
            yield found
            continue
        try:
            yield verifier.verify(artifact.digest, found, policy)
        except TrustError as error:
            yield RejectedSignature(found.format, found.found_in or "", error.message)


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
