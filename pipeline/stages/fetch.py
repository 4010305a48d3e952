"""Fetch: from a reference to manifests; the one place where anything becomes :class:`TrustedManifests`.

The order is the point: resolve the tag once, verify the signature of that digest, then read the manifest and its
layer by digest. A tag that moves in between changes nothing, and nothing is unpacked that nobody vouches for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.model.artifact.contents import content_layer, manifests_in
from pipeline.model.artifact.manifest import ANNOTATION_CREATED, ANNOTATION_REVISION, ANNOTATION_SOURCE, parse_manifest
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.artifact.unpacking import Limits, read_archive
from pipeline.model.manifests import Manifests
from pipeline.model.trust.evidence import VerifiedSignature
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Registry, TreeBuilder
from pipeline.stages.trust import TrustPorts, check_policy, require_trust

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class ArtifactFacts:
    """Which artifact was read, and what its annotations say about where it came from."""

    artifact: PinnedReference
    source: str = ""
    revision: str = ""
    created: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The folder of an artifact that a Kustomization builds (``spec.path``; empty: all of it), and who builds it."""

    path: str
    trees: TreeBuilder


def fetch(
    reference: Reference,
    registry: Registry,
    ports: TrustPorts,
    policy: TrustPolicy | UnsafeSkipVerification,
    *,
    limits: Limits | None = None,
    part: Part | None = None,
) -> TrustedManifests:
    """Verify an artifact and read its manifests, or those of a ``part``.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: the policy is not satisfied, the bytes are not what their digest says, or the archive is hostile.
        ManifestError: what is in it cannot be read, or is no artifact with manifests.
        RegistryError: the registry could not be read.
    """
    if isinstance(policy, TrustPolicy):
        check_policy(policy)
    artifact = pin(reference, registry)
    signatures: tuple[VerifiedSignature, ...] = ()
    if isinstance(policy, TrustPolicy):
        signatures = require_trust(artifact, registry, ports, policy).signatures
    manifests, facts = _read(artifact, registry, limits, part)
    return TrustedManifests(manifests, artifact, facts.source, facts.revision, signatures)


def trust_local(
    manifests: Manifests, skip: UnsafeSkipVerification, *, source: str = "", revision: str = ""
) -> TrustedManifests:
    """Let a local folder be applied, which nobody signed: only for who asked to skip verification."""
    del skip  # the proof that it was asked for
    return TrustedManifests(manifests, None, source, revision)


def trust_reconciled(
    manifests: Manifests, artifact: PinnedReference, *, source: str = "", revision: str = ""
) -> TrustedManifests:
    """Manifests that the puller rendered from an artifact which it took by digest, verified as its source asks."""
    return TrustedManifests(manifests, artifact, source, revision)


def read_artifact(
    reference: Reference, registry: Registry, *, limits: Limits | None = None, part: Part | None = None
) -> tuple[Manifests, ArtifactFacts]:
    """Read an artifact, or a ``part`` of it, to look at it, as diff does.

    Nothing is verified but digests, and nothing of it can be applied.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: the bytes are not what their digest says, or the archive is hostile.
        ManifestError: what is in it cannot be read, or is no artifact with manifests.
        RegistryError: the registry could not be read.
    """
    return _read(pin(reference, registry), registry, limits, part)


def artifact_files(
    artifact: PinnedReference, registry: Registry, *, limits: Limits | None = None
) -> Mapping[str, bytes]:
    """Every file in an artifact that was read before, by its path there; nothing is verified but digests.

    Raises:
        TrustError, ManifestError, RegistryError: as :func:`read_artifact`.
    """
    manifest = parse_manifest(registry.read_manifest(artifact.digest))
    return read_archive(registry.read_blob(content_layer(manifest, artifact.digest_url)), limits)


def pin(reference: Reference, registry: Registry) -> PinnedReference:
    """The reference with a digest: its own, or what its tag (``latest`` without one) points at now.

    A tag beside a digest is only remembered.

    Raises:
        ArtifactNotFoundError: no such tag.
    """
    if reference.digest is not None:
        return reference.pinned()
    tag = reference.tag or LATEST
    return PinnedReference(reference.repository, registry.resolve(tag).digest, tag)


def _read(
    artifact: PinnedReference, registry: Registry, limits: Limits | None, part: Part | None
) -> tuple[Manifests, ArtifactFacts]:
    manifest = parse_manifest(registry.read_manifest(artifact.digest))
    name = artifact.digest_url
    files = read_archive(registry.read_blob(content_layer(manifest, name)), limits)
    facts = ArtifactFacts(
        artifact,
        manifest.annotations.get(ANNOTATION_SOURCE, ""),
        manifest.annotations.get(ANNOTATION_REVISION, ""),
        manifest.annotations.get(ANNOTATION_CREATED, ""),
    )
    if part is None:
        return manifests_in(files, name), facts
    from pipeline.stages.render_kustomization import render_folder

    return render_folder(files, part.path, part.trees), facts
