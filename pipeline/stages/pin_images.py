"""Pin images: a build whose images have the digests that are locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.errors import RefusedError
from pipeline.model.attestation.materials import merged
from pipeline.model.documents.printable import printable
from pipeline.model.images.fields import ImageField, materials_at
from pipeline.model.images.lock import ImagesLock
from pipeline.model.images.pinning import NamedImage, pin
from pipeline.model.outcome.build import BuildResult, ImagesPinned
from pipeline.ports import Reporter

_SHOWN = 5


def pin_images(
    built: BuildResult,
    lock: ImagesLock,
    *,
    file: str,
    digest: str = "",
    require: bool = False,
    fields: Sequence[ImageField] = (),
    reporter: Reporter,
) -> BuildResult:
    """Give every image of the build its digest; ``digest`` is that of the lock file, where it comes from one.

    An image that is not in the lock is a warning, or refused where every one is required.

    Raises:
        RefusedError: one is required and missing.
    """
    pinned = pin(built.manifests, lock, fields)
    if pinned.missing:
        message = f"{file} does not have {_names(pinned.missing)}"
        if require:
            raise RefusedError(message, hint="lock it: gitless images lock", code="refused.image-not-locked")
        reporter.warn(f"{message}; lock it: gitless images lock")
    told = ImagesPinned(
        file=file, digest=digest, images=pinned.used, missing=tuple(found.image for found in pinned.missing)
    )
    named = merged(built.from_sources, materials_at(pinned.manifests, fields))
    return replace(built, manifests=pinned.manifests, from_sources=named, images=told)


def _names(images: Sequence[NamedImage]) -> str:
    shown = [
        f"{printable(found.image, 200)} ({found.resources[0]})" if found.resources else printable(found.image, 200)
        for found in images[:_SHOWN]
    ]
    more = f" and {len(images) - _SHOWN} more" if len(images) > _SHOWN else ""
    return ", ".join(shown) + more
