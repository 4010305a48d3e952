"""The lock put into manifests: every image with a tag gets the digest that is locked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.attestation.materials import image_fields
from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.manifests import Manifests, Resource


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image without digest that manifests name, and the objects that do."""

    image: str
    resources: tuple[Resource, ...]

    @property
    def is_readable(self) -> bool:
        """Whether it follows the grammar of image names at all."""
        return parse_image_name(self.image) is not None


@dataclass(frozen=True, slots=True)
class Pinned:
    """Manifests with their images pinned, what was used of the lock, and what it does not have."""

    manifests: Manifests
    used: tuple[LockedImage, ...]
    missing: tuple[NamedImage, ...]


def tagged_images(resources: Iterable[Resource]) -> tuple[NamedImage, ...]:
    """Every image without digest, by name, each once with all objects that name it."""
    found: dict[str, dict[int, Resource]] = {}
    for resource in resources:
        for _, image in image_fields(resource):
            if "@" not in image:
                found.setdefault(image, {})[id(resource)] = resource
    return tuple(NamedImage(image, tuple(found[image].values())) for image in sorted(found))


def pin(manifests: Manifests, lock: ImagesLock) -> Pinned:
    """Give every image its locked digest; what has one is left alone. Identity and origin stay as they are."""
    known = {locked.image: locked for locked in lock.images}
    named = tagged_images(manifests)
    return Pinned(
        Manifests(tuple(_pinned(resource, known) for resource in manifests)),
        tuple(known[found.image] for found in named if found.image in known),
        tuple(found for found in named if found.image not in known),
    )


def _pinned(resource: Resource, known: Mapping[str, LockedImage]) -> Resource:
    body: Any = resource.body
    for path, image in image_fields(resource):
        if image in known:
            body = _with(body, path, known[image].pinned)
    return resource if body is resource.body else replace(resource, body=body)


def _with(value: Any, path: tuple[str | int, ...], text: str) -> Any:  # noqa: ANN401 - JSON data
    """The value with one text in it replaced; what is around it is copied, the rest shared."""
    if not path:
        return text
    copied: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copied[path[0]] = _with(copied[path[0]], path[1:], text)
    return copied
