"""Image: build an application's image, and push it so that its digest is known from the registry itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import RefusedError
from pipeline.model.artifact.manifest import ANNOTATION_CREATED, parse_manifest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import ImageBuild, RegistryLogin
from pipeline.model.images.writing import PinnedImage
from pipeline.model.outcome.image_build import ImageBuildResult
from pipeline.model.outcome.image_push import ImagePushResult
from pipeline.ports import ImageEngine, Registry


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image by the repository's name as it was given, and as registries know it."""

    repository: str
    name: ImageName

    @property
    def text(self) -> str:
        """As it was given, with its tag."""
        return f"{self.repository}:{self.name.tag}"


def build_image(
    named: NamedImage, build: ImageBuild, engine: ImageEngine, *, source: str = "", revision: str = ""
) -> ImageBuildResult:
    """Build it and say what the engine has now; ``source`` and ``revision`` are those of the content, if known.

    Raises:
        ConfigurationError: no engine, no context or no Containerfile.
        ToolError: a step failed.
    """
    made = engine.build(build)
    return ImageBuildResult(
        image=named.text,
        image_id=made.id,
        size=made.size,
        platform=made.platform,
        engine=engine.describe(),
        source=source,
        revision=revision,
        created=build.labels.get(ANNOTATION_CREATED, ""),
    )


def push_image(
    named: NamedImage, tags: Sequence[str], engine: ImageEngine, login: RegistryLogin | None, registry: Registry
) -> ImagePushResult:
    """Push the image's own tag and these, and find every one of them in the registry with the same digest.

    The engine's word is not taken for it: the manifest is read from the registry and hashed.

    Raises:
        ConfigurationError: no engine, or it has no such image.
        RegistryError: the registry refused it, or could not be asked.
        RefusedError: somebody else pushed to one of the tags meanwhile.
    """
    digest = ""
    wanted = tuple(dict.fromkeys((named.name.tag, *tags)))
    for tag in wanted:
        name = ImageName(named.name.host, named.name.path, tag)
        if tag != named.name.tag:
            engine.tag(named.name, name)
        said = engine.push(name, login)
        found = registry.resolve(tag).digest
        # An engine that names no digest leaves the registry's answer as the only one.
        digest = digest or said or found
        if found != digest or (said and said != digest):
            raise RefusedError(
                f"{named.repository}:{tag} was pushed as {said or digest}, and points at {found} now",
                hint="somebody else pushed to the same tag: use a tag for each build, such as the commit",
                code="refused.concurrent-push",
            )
    manifest = registry.read_manifest(digest)
    parsed = parse_manifest(manifest)
    return ImagePushResult(
        image=PinnedImage(repository=named.repository, tag=named.name.tag, digest=manifest.digest),
        artifact=PinnedReference(registry.repository, manifest.digest, named.name.tag),
        tags=wanted,
        size=len(manifest.content) + sum(part.size for part in parsed.blobs),
    )
