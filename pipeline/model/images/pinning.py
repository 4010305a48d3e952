"""The lock put into manifests: every image with a tag gets the digest that is locked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.images.fields import FieldPath, ImageField, named_images
from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.manifests import Manifests, Resource

_Fields = tuple[tuple[FieldPath, str], ...]


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


def tagged_images(resources: Iterable[Resource], fields: Sequence[ImageField] = ()) -> tuple[NamedImage, ...]:
    """Every image without digest, by name, each once with all objects that name it."""
    return _named((resource, named_images(resource, fields)) for resource in resources)


def pin(manifests: Manifests, lock: ImagesLock, fields: Sequence[ImageField] = ()) -> Pinned:
    """Give every image its locked digest; what has one is left alone. Identity and origin stay as they are."""
    known = {locked.image: locked for locked in lock.images}
    found = [(resource, named_images(resource, fields)) for resource in manifests]
    named = _named(found)
    return Pinned(
        Manifests(tuple(_pinned(resource, fields, known) for resource, fields in found)),
        tuple(known[image.image] for image in named if image.image in known),
        tuple(image for image in named if image.image not in known),
    )


def _named(found: Iterable[tuple[Resource, _Fields]]) -> tuple[NamedImage, ...]:
    named: dict[str, dict[int, Resource]] = {}
    for resource, fields in found:
        for _, image in fields:
            if "@" not in image:
                named.setdefault(image, {})[id(resource)] = resource
    return tuple(NamedImage(image, tuple(named[image].values())) for image in sorted(named))


def _pinned(resource: Resource, fields: _Fields, known: Mapping[str, LockedImage]) -> Resource:
    body: Any = resource.body
    for path, image in fields:
        if image in known:
            body = _with(body, path, known[image].pinned)
    return resource if body is resource.body else replace(resource, body=body)


def _with(value: Any, path: FieldPath, text: str) -> Any:  # noqa: ANN401 - JSON data
    """The value with one text in it replaced; what is around it is copied, the rest shared."""
    if not path:
        return text
    copied: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copied[path[0]] = _with(copied[path[0]], path[1:], text)
    return copied
