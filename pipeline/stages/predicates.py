"""Predicates about an artifact that are made and not given: how it was built, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.artifact.manifest import (
    ANNOTATION_CREATED,
    ANNOTATION_REVISION,
    ANNOTATION_SOURCE,
    parse_manifest,
)
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.attestation.bill import Bill
from pipeline.model.attestation.materials import Material, images_in, merged
from pipeline.model.attestation.provenance import BuildFacts, BuildPlatform, without_run, write_provenance
from pipeline.model.manifests import Manifests
from pipeline.model.trust.predicate_types import SLSA_PROVENANCE_V1
from pipeline.ports import Registry, SbomFormat
from pipeline.stages.fetch import read_artifact


@dataclass(frozen=True, slots=True)
class Predicate:
    """What :func:`pipeline.stages.attest.attest` signs a statement of.

    ``essence`` is what of such a body counts for whether the same was stated before.
    """

    type: str
    body: Mapping[str, Any] = field(repr=False, hash=False)
    essence: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(default=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An artifact with what is told of it.

    ``materials`` are all that it was made of, images included; ``created`` is RFC 3339, or empty.
    """

    artifact: PinnedReference
    manifests: Manifests
    materials: tuple[Material, ...] = ()
    source: str = ""
    revision: str = ""
    created: str = ""


def read_built(artifact: PinnedReference, registry: Registry, materials: tuple[Material, ...] = ()) -> Built:
    """What the artifact itself tells: its manifests, their images, and its annotations.

    ``materials`` are what else is known of.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: the bytes are not what their digest says, or the archive is hostile.
        ManifestError: what is in it cannot be read, or is no artifact with manifests.
        RegistryError: the registry could not be read.
    """
    manifests, facts = read_artifact(Reference(artifact.repository, artifact.tag, artifact.digest), registry)
    return Built(
        artifact=artifact,
        manifests=manifests,
        materials=merged(images_in(manifests), materials),
        source=facts.source,
        revision=facts.revision,
        created=facts.created,
    )


def read_annotated(artifact: PinnedReference, registry: Registry, materials: tuple[Material, ...] = ()) -> Built:
    """The same without the content, for provenance of what is still to be built, or is no artifact with manifests.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        TrustError: the bytes are not what their digest says.
        RegistryError: the registry could not be read.
    """
    annotations = parse_manifest(registry.read_manifest(artifact.digest)).annotations
    return Built(
        artifact=artifact,
        manifests=Manifests(),
        materials=merged(materials),
        source=annotations.get(ANNOTATION_SOURCE, ""),
        revision=annotations.get(ANNOTATION_REVISION, ""),
        created=annotations.get(ANNOTATION_CREATED, ""),
    )


def provenance_predicate(
    built: Built,
    platform: BuildPlatform,
    *,
    target: str = "",
    settings: tuple[str, str] = ("", ""),
    started_at: float | None = None,
    finished_at: float | None = None,
) -> Predicate:
    """SLSA provenance v1 of the build, by the platform it ran on.

    ``settings`` is the settings file's name and ``sha256:…`` digest; times are seconds since the epoch. A job that
    runs again builds the same from the same, so that what it would state was stated.
    """
    facts = BuildFacts(
        source=built.source,
        revision=built.revision,
        target=target,
        settings=settings[0],
        settings_digest=settings[1],
        materials=built.materials,
        started_at=started_at,
        finished_at=finished_at,
    )
    return Predicate(SLSA_PROVENANCE_V1, write_provenance(platform, facts), without_run)


def sbom_predicate(built: Built, sbom: SbomFormat) -> Predicate:
    """The bill of materials in that format; the same artifact and materials give the same document."""
    bill = Bill.of(
        built.artifact,
        built.manifests,
        built.materials,
        created=built.created,
        source=built.source,
        revision=built.revision,
    )
    return Predicate(sbom.predicate_type, sbom.write(bill))
