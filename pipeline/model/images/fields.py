"""Fields of custom resources that name images and that nobody could know: the settings say where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.model.attestation.materials import Material, image_fields, image_material
from pipeline.model.manifests import Resource

FieldPath = tuple[str | int, ...]
_EACH = "[]"


@dataclass(frozen=True, slots=True)
class ImageField:
    """A field of every object of one kind.

    Attributes:
        group: the API group; empty for the core's.
        path: keys divided by dots; ``[]`` behind one means each item of that list: ``spec.images[].name``.
    """

    group: str
    kind: str
    path: str


def named_images(resource: Resource, fields: Sequence[ImageField]) -> tuple[tuple[FieldPath, str], ...]:
    """Every image of an object with the path to it: those of pods, and those in these fields; each place once."""
    found = dict(image_fields(resource))
    for field in fields:
        if (field.group, field.kind) == (resource.id.group, resource.id.kind):
            found.update(_at(resource.body, (), field.path.split(".")))
    return tuple(found.items())


def materials_at(resources: Iterable[Resource], fields: Sequence[ImageField]) -> tuple[Material, ...]:
    """The images of these fields as materials; nothing where there are no fields."""
    if not fields:
        return ()
    return tuple(image_material(image) for resource in resources for _, image in named_images(resource, fields))


def _at(value: Any, path: FieldPath, steps: Sequence[str]) -> Iterator[tuple[FieldPath, str]]:  # noqa: ANN401 - JSON
    if not steps:
        if isinstance(value, str) and value:
            yield path, value
        return
    key = steps[0].removesuffix(_EACH)
    inner = value.get(key) if isinstance(value, Mapping) else None
    if not steps[0].endswith(_EACH):
        yield from _at(inner, (*path, key), steps[1:])
    elif isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _at(item, (*path, key, index), steps[1:])
