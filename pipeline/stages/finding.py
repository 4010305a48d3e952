"""Find what is kept where signatures and attestations of a digest are kept; nothing is verified here.

Whoever may push can add to it, so it is read under limits, and in an order in which a signature is found before
anything large is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import ArtifactNotFoundError, PipelineError, RegistryError, TrustError
from pipeline.model.artifact.manifest import SIMPLE_SIGNING, Descriptor, ParsedManifest, parse_manifest
from pipeline.model.trust.bundle import BUNDLE_MEDIA_TYPE_PREFIX, MAX_BUNDLE_BYTES
from pipeline.model.trust.evidence import RejectedSignature, Signature, SignatureFormat
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE
from pipeline.model.trust.simple_signing import MAX_PAYLOAD_BYTES
from pipeline.model.trust.storage import (
    DSSE_ENVELOPE,
    PREDICATE_TYPE_ANNOTATION,
    SIGNATURE_ANNOTATION,
    attestation_tag,
    keyless_material,
    signature_tag,
)
from pipeline.ports import Registry

MAX_REFERRERS = 256
MAX_ATTACHED = 256
"""Layers behind each of cosign 2's tags; like the referrers more than anybody has, and few enough that a flooded
repository is refused within seconds."""
MAX_TOTAL_BYTES = 64 * 1024 * 1024
"""Of manifests, signatures and attestations of one artifact together."""

Found = Signature | RejectedSignature

_SMALL = 64 * 1024
"""Bytes; every signature is smaller, and most attestations are larger."""


def find_signatures(registry: Registry, digest: str) -> Iterator[Found]:
    """Everything kept where signatures and attestations of the digest are kept; nothing is verified yet.

    Small bundles come first, those that call themselves signatures before the others, then ``.sig``, then large
    bundles, then ``.att``: what an annotation says is a hint for the order and nothing else. What cannot be read is a
    rejected one and no error: anybody who may push could otherwise keep a good signature from being found.

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
    reading = _Reading(registry)
    large: list[_Layer] = []
    for referrer in sorted(referrers, key=_rank):
        for bundle in reading.bundles_in(referrer.digest):
            if isinstance(bundle, RejectedSignature):
                yield bundle
            elif bundle.descriptor.size > _SMALL:
                large.append(bundle)
            else:
                yield reading.read(bundle)
    for layer in reading.attached(signature_tag(digest), SIMPLE_SIGNING):
        yield layer if isinstance(layer, RejectedSignature) else reading.read(layer)
    for layer in sorted(large, key=lambda layer: layer.descriptor.size):
        yield reading.read(layer)
    for layer in reading.attached(attestation_tag(digest), DSSE_ENVELOPE):
        yield layer if isinstance(layer, RejectedSignature) else reading.read(layer)


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


@dataclass(frozen=True, slots=True)
class _Layer:
    """One signature or attestation that is yet to be read."""

    format: SignatureFormat
    descriptor: Descriptor
    found_in: str
    is_envelope: bool = False

    @property
    def limit(self) -> int:
        """The most bytes that it may have."""
        is_payload = self.format is SignatureFormat.SIMPLE and not self.is_envelope
        return MAX_PAYLOAD_BYTES if is_payload else MAX_BUNDLE_BYTES

    def rejected(self, reason: str) -> RejectedSignature:
        """It, for that reason."""
        return RejectedSignature(self.format, self.found_in, reason, is_envelope=self.is_envelope)


class _Reading:
    """Reads from one registry until :data:`MAX_TOTAL_BYTES` are used up."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._left = MAX_TOTAL_BYTES

    def bundles_in(self, manifest_digest: str) -> Iterator[_Layer | RejectedSignature]:
        """The bundle that a referrer carries, if it carries one."""
        # The descriptor's artifact type is not asked: registries that take it from the configuration get it wrong.
        try:
            layers = self._manifest(manifest_digest).layers
        except (TrustError, ArtifactNotFoundError, _MalformedError) as error:
            yield RejectedSignature(SignatureFormat.BUNDLE, manifest_digest, error.message)
            return
        # cosign and Flux skip what is not exactly one bundle: it is some other kind of referrer.
        if len(layers) == 1 and layers[0].media_type.startswith(BUNDLE_MEDIA_TYPE_PREFIX):
            yield _Layer(SignatureFormat.BUNDLE, layers[0], manifest_digest)

    def attached(self, tag: str, media_type: str) -> Iterator[_Layer | RejectedSignature]:
        """The layers of that type of the image under one of cosign 2's tags."""
        is_envelope = media_type == DSSE_ENVELOPE
        manifest_digest = ""
        try:
            manifest_digest = self._registry.resolve(tag).digest
            layers = self._manifest(manifest_digest).layers
        except ArtifactNotFoundError:
            return
        except (TrustError, _MalformedError) as error:
            found_in = manifest_digest or tag
            yield RejectedSignature(SignatureFormat.SIMPLE, found_in, error.message, is_envelope=is_envelope)
            return
        if len(layers) > MAX_ATTACHED:
            what = "attestations" if is_envelope else "signatures"
            reason = f"there are {len(layers)} {what}, more than the {MAX_ATTACHED} we read"
            yield RejectedSignature(SignatureFormat.SIMPLE, manifest_digest, reason, is_envelope=is_envelope)
            return
        for layer in layers:
            if layer.media_type == media_type:
                yield _Layer(SignatureFormat.SIMPLE, layer, manifest_digest, is_envelope)

    def read(self, layer: _Layer) -> Found:
        """The layer's content with what stands beside it, or why there is none."""
        blob = layer.descriptor
        if blob.size > layer.limit:
            return layer.rejected(f"it is larger than {layer.limit} bytes")
        if blob.size > self._left:
            return layer.rejected(f"it was not read: no more than {MAX_TOTAL_BYTES} bytes are read for one artifact")
        self._left -= blob.size
        try:
            content = read_bounded(self._registry, blob, layer.limit)
        except (TrustError, ArtifactNotFoundError) as error:
            return layer.rejected(error.message)
        if layer.format is SignatureFormat.BUNDLE:
            return Signature(layer.format, content, found_in=layer.found_in)
        keyless = keyless_material(blob.annotations)
        if layer.is_envelope:
            return Signature(layer.format, content, found_in=layer.found_in, keyless=keyless, is_envelope=True)
        signature = blob.annotations.get(SIGNATURE_ANNOTATION)
        if signature is None:
            return layer.rejected(f"its layer lacks the annotation {SIGNATURE_ANNOTATION}")
        return Signature(layer.format, content, signature, layer.found_in, keyless)

    def _manifest(self, digest: str) -> ParsedManifest:
        if self._left <= 0:
            raise TrustError(f"it was not read: no more than {MAX_TOTAL_BYTES} bytes are read for one artifact")
        stored = self._registry.read_manifest(digest)
        self._left -= len(stored.content)
        try:
            return parse_manifest(stored)
        except RegistryError as error:
            raise _MalformedError(error.message) from None


class _MalformedError(PipelineError):
    """A manifest that is there and makes no sense; unlike other registry errors it concerns nothing else."""


def _rank(referrer: Descriptor) -> int:
    # A registry may leave annotations out of the list, so what says nothing comes before what says it is no signature.
    claimed = referrer.annotations.get(PREDICATE_TYPE_ANNOTATION)
    return 0 if claimed == SIGN_PREDICATE_TYPE else 1 if claimed is None else 2
