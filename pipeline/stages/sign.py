"""Sign: put one signature by one signer beside an artifact, unless it is there already."""

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
from pipeline.model.outcome.sign import SignResult
from pipeline.model.trust.evidence import (
    Judgement,
    RejectedSignature,
    Signature,
    SignatureFormat,
    VerifiedSignature,
)
from pipeline.model.trust.policy import Identity, TrustPolicy
from pipeline.model.trust.storage import (
    EMPTY_CONFIG,
    bundle_manifest,
    signature_tag,
    simple_config,
    simple_layer,
    simple_manifest,
)
from pipeline.ports import Registry, Signer, Verifier
from pipeline.stages.signatures import judge_signatures

_TRIES = 5


def sign(
    artifact: PinnedReference,
    registry: Registry,
    signer: Signer,
    verifier: Verifier,
    *,
    allow_shadowing: bool = False,
) -> SignResult:
    """Sign a digest that exists; a valid signature of the same format by the same signer is not added twice.

    Signatures made by keys are random, so sameness is found out by verifying what is there. ``allow_shadowing`` adds a
    signature even where it hides others, or is hidden by others (see :func:`check_shadowing`).

    Raises:
        ArtifactNotFoundError: there is no such digest.
        RefusedError: one of the signatures would never be looked at.
        TrustError: what is stored is not what its digest says, or our own signature does not verify.
        RegistryError: the registry could not be read or written.
    """
    subject = _read_subject(artifact, registry)
    policy = signer.own_policy()
    judgement = _parted(judge_signatures(artifact, registry, verifier, policy), policy)
    for own in judgement.accepted:
        if own.format is signer.format:
            return _result(artifact, own, own.found_in, signed=False)
    if not allow_shadowing:
        check_shadowing(artifact, signer.format, judgement)
    signature = signer.sign(artifact)
    verified = _verified(artifact, signature, policy, verifier)
    return _result(artifact, verified, _attach(registry, subject, signature), signed=True)


def _parted(judgement: Judgement, policy: TrustPolicy) -> Judgement:
    """The same with only the signer's own as accepted: whoever has a certificate verifies, whoever it is."""
    own = tuple(item for item in judgement.accepted if _is_own(item, policy))
    foreign = tuple(
        RejectedSignature(item.format, item.found_in, f"it is by {item.signer}")
        for item in judgement.accepted
        if not _is_own(item, policy)
    )
    return Judgement(own, judgement.attestations, judgement.rejected + foreign)


def _is_own(signature: VerifiedSignature, policy: TrustPolicy) -> bool:
    if signature.key is not None:
        return signature.key in policy.keys
    found = signature.identity
    # A signer names itself exactly, never by an expression.
    return found is not None and Identity(subject=found.subject, issuer=found.issuer) in policy.identities


def _result(artifact: PinnedReference, by: VerifiedSignature, signature_digest: str, *, signed: bool) -> SignResult:
    return SignResult(
        artifact=artifact,
        format=by.format,
        signature_digest=signature_digest,
        key_fingerprint=by.fingerprint,
        signed=signed,
        identity=by.identity.subject if by.identity else "",
        issuer=by.identity.issuer if by.identity else "",
        log=by.log,
        signed_at=by.signed_at,
    )


def _verified(
    artifact: PinnedReference, signature: Signature, policy: TrustPolicy, verifier: Verifier
) -> VerifiedSignature:
    verified = verifier.verify(artifact.digest, signature, policy)
    if not isinstance(verified, VerifiedSignature):
        raise PipelineError("our own signature reads as an attestation")
    if not _is_own(verified, policy):
        raise PipelineError(f"our own signature is by {verified.signer}")
    return verified


def check_shadowing(artifact: PinnedReference, signature_format: SignatureFormat, judgement: Judgement) -> None:
    """Keep one signature from taking another out of sight.

    cosign 3 and Flux since 2.8 look at ``.sig`` only while the artifact has no bundle at all, whoever made the bundle.
    So both formats by one key suit every verifier, but a first bundle hides the ``.sig`` signatures of other keys, and
    a ``.sig`` signature beside somebody else's bundle is never seen.

    Raises:
        RefusedError: that would happen.
    """
    own = {signature.format for signature in judgement.accepted}
    # An attestation is a bundle like any other to those who look for bundles first.
    attested = {attestation.signature.format for attestation in judgement.attestations}
    foreign = {signature.format for signature in judgement.rejected} | attested
    bundle, simple = SignatureFormat.BUNDLE, SignatureFormat.SIMPLE
    if signature_format is bundle and simple in foreign and bundle not in foreign:
        raise RefusedError(
            f"{artifact} has .sig signatures by other keys, which cosign 3 and Flux since 2.8 overlook "
            "as soon as there is a bundle",
            hint="sign with --format simple, or use --allow-shadowing once nobody relies on them",
            code="refused.shadowing",
        )
    if signature_format is simple and bundle in foreign and bundle not in own:
        raise RefusedError(
            f"{artifact} has bundles by others, beside which cosign 3 and Flux since 2.8 overlook .sig signatures",
            hint="sign with --format bundle first, or use --allow-shadowing where only older verifiers count",
            code="refused.shadowing",
        )


def _read_subject(artifact: PinnedReference, registry: Registry) -> Descriptor:
    try:
        manifest = registry.read_manifest(artifact.digest)
    except ArtifactNotFoundError:
        raise ArtifactNotFoundError(
            f"{artifact} does not exist, so it cannot be signed",
            hint="push it first: `gitless package`",
        ) from None
    return Descriptor(manifest.media_type, manifest.digest, len(manifest.content))


def _attach(registry: Registry, subject: Descriptor, signature: Signature) -> str:
    if signature.format is SignatureFormat.BUNDLE:
        bundle = Blob(SIGSTORE_BUNDLE, signature.content)
        _write(registry, EMPTY_CONFIG)
        _write(registry, bundle)
        return registry.write_manifest(bundle_manifest(subject, bundle.descriptor)).digest
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
