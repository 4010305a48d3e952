"""What signatures and attestations share: where they are put, and what one must not do to another."""

from __future__ import annotations

from pipeline.errors import ArtifactNotFoundError, PipelineError, RefusedError, RegistryError
from pipeline.model.artifact.manifest import (
    SIGSTORE_BUNDLE,
    Blob,
    Descriptor,
    StoredManifest,
    parse_manifest,
)
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import Judgement, Signature, SignatureFormat, VerifiedSignature
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE
from pipeline.model.trust.policy import TrustPolicy
from pipeline.model.trust.storage import (
    EMPTY_CONFIG,
    bundle_manifest,
    signature_tag,
    simple_config,
    simple_layer,
    simple_manifest,
)
from pipeline.ports import Registry

_TRIES = 5


def read_subject(artifact: PinnedReference, registry: Registry) -> Descriptor:
    """The artifact that is to be signed or attested.

    Raises:
        ArtifactNotFoundError: there is no such digest.
        TrustError: what is stored is not what its digest says.
    """
    try:
        manifest = registry.read_manifest(artifact.digest)
    except ArtifactNotFoundError:
        raise ArtifactNotFoundError(
            f"{artifact} does not exist, so it cannot be signed",
            hint="push it first: `gitless package`",
        ) from None
    return Descriptor(manifest.media_type, manifest.digest, len(manifest.content))


def check_shadowing(artifact: PinnedReference, signature_format: SignatureFormat, judgement: Judgement) -> None:
    """Keep one signature from taking another out of sight.

    cosign 3 and Flux since 2.8 look at ``.sig`` only while the artifact has no bundle at all, whoever made the bundle,
    and be it an attestation. So both formats by one key suit every verifier, but a first bundle hides the ``.sig``
    signatures of other keys, and a ``.sig`` signature beside somebody else's bundle is never seen.

    Raises:
        RefusedError: that would happen.
    """
    own = {signature.format for signature in judgement.accepted}
    foreign = {signature.format for signature in judgement.rejected if not signature.is_envelope}
    bundle, simple = SignatureFormat.BUNDLE, SignatureFormat.SIMPLE
    others_bundles = bundle in foreign or _has_bundled_attestation(judgement)
    if signature_format is bundle and simple in foreign and not others_bundles:
        raise RefusedError(
            f"{artifact} has .sig signatures by other keys, which cosign 3 and Flux since 2.8 overlook "
            "as soon as there is a bundle",
            hint="sign with --format simple, or use --allow-shadowing once nobody relies on them",
            code="refused.shadowing",
        )
    if signature_format is simple and others_bundles and bundle not in own:
        raise RefusedError(
            f"{artifact} has bundles by others, or attestations, beside which cosign 3 and Flux since 2.8 overlook "
            ".sig signatures",
            hint="sign with --format bundle first, or use --allow-shadowing where only older verifiers count",
            code="refused.shadowing",
        )


def check_attestation_shadowing(artifact: PinnedReference, judgement: Judgement) -> None:
    """Keep an attestation, which is a bundle, from taking every signature out of sight (see :func:`check_shadowing`).

    Raises:
        RefusedError: all the signatures are ``.sig`` ones, and there is no bundle yet.
    """
    found = {signature.format for signature in judgement.accepted}
    found |= {signature.format for signature in judgement.rejected if not signature.is_envelope}
    if found == {SignatureFormat.SIMPLE} and not _has_bundled_attestation(judgement):
        raise RefusedError(
            f"{artifact} has only .sig signatures, which cosign 3 and Flux since 2.8 overlook "
            "as soon as there is a bundle such as an attestation",
            hint="sign with --format bundle first, or use --allow-shadowing where only older verifiers count",
            code="refused.shadowing",
        )


def _has_bundled_attestation(judgement: Judgement) -> bool:
    # Those behind ``.att`` hide nothing.
    return any(item.signature.format is SignatureFormat.BUNDLE for item in judgement.attestations)


def is_own(signature: VerifiedSignature, policy: TrustPolicy) -> bool:
    """Whether a signer made it that this policy, a signer's own, names: by its key, or its very identity.

    A verifier tells who signed, not whether that is the one whom the policy wants.
    """
    if signature.key is not None:
        return signature.key.pem in {key.pem for key in policy.keys}
    found = signature.identity
    return found is not None and any(
        (wanted.subject, wanted.issuer) == (found.subject, found.issuer) for wanted in policy.identities
    )


def attach(
    registry: Registry, subject: Descriptor, signature: Signature, predicate_type: str = SIGN_PREDICATE_TYPE
) -> str:
    """Put a signature or attestation beside its subject; returns the digest of the manifest that carries it.

    Raises:
        RegistryError: the registry could not be written, or others kept replacing what was written.
    """
    if signature.format is SignatureFormat.BUNDLE:
        bundle = Blob(SIGSTORE_BUNDLE, signature.content)
        _write(registry, EMPTY_CONFIG)
        _write(registry, bundle)
        return registry.write_manifest(bundle_manifest(subject, bundle.descriptor, predicate_type)).digest
    return _append_simple(registry, subject.digest, signature)


def _append_simple(registry: Registry, digest: str, signature: Signature) -> str:
    if signature.signature is None:
        raise PipelineError("a simple signature came without the signature")
    tag = signature_tag(digest)
    layer = simple_layer(signature.content, signature.signature)
    _write(registry, layer)
    for _ in range(_TRIES):
        before = _stored_under(registry, tag)
        layers = [*(parse_manifest(before).layers if before else ()), layer.descriptor]
        config = simple_config(layers)
        _write(registry, config)
        written = registry.write_manifest(simple_manifest(config.descriptor, layers), tag).digest
        # A tag cannot be compared and swapped: whoever signed at the same time may have replaced ours.
        after = _stored_under(registry, tag)
        if after is not None and _has_layer(after, layer.descriptor):
            return after.digest
    raise RegistryError(
        f"the tag {tag} of {registry.repository} was replaced by others {_TRIES} times; ours was {written}",
        hint="sign again when nobody else does",
    )


def _has_layer(manifest: StoredManifest, wanted: Descriptor) -> bool:
    return any(
        layer.digest == wanted.digest and layer.annotations == wanted.annotations
        for layer in parse_manifest(manifest).layers
    )


def _stored_under(registry: Registry, tag: str) -> StoredManifest | None:
    try:
        descriptor = registry.resolve(tag)
    except ArtifactNotFoundError:
        return None
    return registry.read_manifest(descriptor.digest)


def _write(registry: Registry, blob: Blob) -> None:
    registry.write_blob(blob.descriptor, lambda: (blob.content,))
