"""Find the Notary Project signatures of a digest; whose they are is for notation to say."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.manifest import Descriptor, StoredManifest, parse_manifest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.notation import ENVELOPES, NOTATION_SIGNATURE, NotationMaterial
from pipeline.model.trust.notation_times import signing_time
from pipeline.ports import Registry
from pipeline.stages.finding import MAX_REFERRERS, read_bounded

MAX_ENVELOPE_BYTES = 1024 * 1024
MAX_SIGNATURES = 64


def find_notation_signatures(artifact: PinnedReference, registry: Registry) -> NotationMaterial:
    """The artifact's manifest and everything beside it that could be such a signature.

    What cannot be read is left out: anybody who may push could otherwise keep a good signature from being found.

    Raises:
        RegistryError: the registry could not be asked.
        TrustError: there is more than we are willing to read.
    """
    subject = registry.read_manifest(artifact.digest)
    referrers = registry.referrers(artifact.digest)
    if len(referrers) > MAX_REFERRERS:
        raise TrustError(f"{artifact} has {len(referrers)} referrers, more than the {MAX_REFERRERS} we read")
    found: list[tuple[StoredManifest, bytes]] = []
    for referrer in referrers:
        try:
            manifest = registry.read_manifest(referrer.digest)
            envelope = _envelope_in(manifest)
            if envelope is not None:
                found.append((manifest, read_bounded(registry, envelope, MAX_ENVELOPE_BYTES)))
        except (TrustError, ArtifactNotFoundError):
            continue
        if len(found) == MAX_SIGNATURES:
            break
    return NotationMaterial(subject, tuple(item for item, _ in found), tuple(content for _, content in found))


def notation_issued_at(material: NotationMaterial, is_verified: Callable[[NotationMaterial], bool]) -> float | None:
    """When an artifact that was verified was first signed, by its signers' words; ``None`` where none says.

    All of its signatures are asked about, one by one: others that are added must not hide the one that tells.
    """
    each = [material] if len(material.signatures) == 1 else [one for one in material.each() if is_verified(one)]
    times = (signing_time(envelope) for one in each for envelope in one.envelopes)
    return min((time for time in times if time is not None), default=None)


def _envelope_in(manifest: StoredManifest) -> Descriptor | None:
    """Where the signature is, if it is one."""
    try:
        parsed = parse_manifest(manifest)
    except RegistryError:
        return None
    if parsed.artifact_type != NOTATION_SIGNATURE or len(parsed.layers) != 1:
        return None
    (layer,) = parsed.layers
    return layer if layer.media_type in ENVELOPES and layer.size <= MAX_ENVELOPE_BYTES else None
