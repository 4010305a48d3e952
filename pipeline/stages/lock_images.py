"""Lock images: every tag of the manifests with the digest that it has now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.errors import ArtifactNotFoundError, ConfigurationError
from pipeline.model.documents.printable import printable
from pipeline.model.images.fields import ImageField, named_images
from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.images.pinning import tagged_images
from pipeline.model.images.policy import ImagePolicy
from pipeline.model.manifests import Resource
from pipeline.model.outcome.images_lock import ImagesLockResult
from pipeline.stages.image_lookup import ImagePorts, choose_images, digests_of, governed

_SHOWN = 5


def lock_images(
    resources: Sequence[Resource],
    before: ImagesLock,
    ports: ImagePorts,
    *,
    file: str,
    prune: bool = False,
    fields: Sequence[ImageField] = (),
) -> ImagesLockResult:
    """The lock for these objects; entries of other images stay, unless ``prune`` takes them out.

    An entry whose tag a policy chose keeps that tag. Nothing is written.

    Raises:
        RegistryError: a registry cannot be asked.
    """
    images = tagged_images(resources, fields)
    readable = [found.image for found in images if found.is_readable]
    entries = [before.entry(image) or LockedImage(image, "") for image in readable]
    running = {entry.image: entry.pinned.partition("@")[0] for entry in entries}
    digests = digests_of(list(running.values()), ports)
    found = [
        LockedImage(entry.image, digest, entry.policy, entry.tag)
        for entry in entries
        if (digest := digests[running[entry.image]]) is not None
    ]
    kept = ImagesLock() if prune else ImagesLock(tuple(entry for entry in before.images if entry.image not in running))
    return ImagesLockResult(
        file=file,
        before=before,
        lock=kept.with_images(*found),
        gone=tuple(running[image] for image in readable if digests[running[image]] is None),
        unreadable=tuple(item.image for item in images if not item.is_readable),
        pinned=len({name for resource in resources for _, name in named_images(resource, fields) if "@" in name}),
    )


def update_lock(
    resources: Iterable[Resource],
    before: ImagesLock,
    policies: Sequence[ImagePolicy],
    ports: ImagePorts,
    fields: Sequence[ImageField] = (),
) -> ImagesLock:
    """The lock with what the policies choose now, under the names that the manifests have.

    Images that no policy decides about keep their entries; see ``governing`` for which one decides.

    Raises:
        ConfigurationError: a policy allows no tag that there is.
        RegistryError: a registry cannot be asked.
    """
    images = [found.image for found in tagged_images(resources, fields)]
    return before.with_images(*governed(images, before, choose_images(policies, ports)))


def require_locked(result: ImagesLockResult) -> None:
    """End with an error where an image could not be locked.

    Raises:
        ArtifactNotFoundError: a tag is in no registry.
        ConfigurationError: something names no image.
    """
    if result.gone:
        raise ArtifactNotFoundError(
            f"not locked, because no registry has them: {_names(result.gone)}",
            hint="is the tag right, and are you logged in to that registry?",
        )
    if result.unreadable:
        raise ConfigurationError(f"not locked, because they are no names of images: {_names(result.unreadable)}")


def _names(images: Sequence[str]) -> str:
    more = f" and {len(images) - _SHOWN} more" if len(images) > _SHOWN else ""
    return ", ".join(printable(image, 200) for image in images[:_SHOWN]) + more
