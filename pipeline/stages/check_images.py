"""Check images: the manifests against the lock, the lock against the registry, and both against the policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.images.fields import ImageField
from pipeline.model.images.lock import ImagesLock
from pipeline.model.images.pinning import NamedImage, tagged_images
from pipeline.model.images.policy import ChosenImage, ImagePolicy
from pipeline.model.manifests import Resource
from pipeline.model.outcome.images_check import CheckedImage, ImageProblem, ImagesCheckResult
from pipeline.stages.image_lookup import ImagePorts, choose_images, digests_of, governing


def check_images(
    resources: Iterable[Resource],
    lock: ImagesLock,
    policies: Sequence[ImagePolicy],
    ports: ImagePorts,
    *,
    file: str,
    fields: Sequence[ImageField] = (),
) -> ImagesCheckResult:
    """Everything that does not fit, by image; nothing is written.

    Raises:
        ConfigurationError: a policy allows no tag that there is.
        RegistryError: a registry cannot be asked.
    """
    images = tagged_images(resources, fields)
    chosen = choose_images(policies, ports)
    digests = digests_of([_running(found.image, lock) for found in images], ports)
    problems = [problem for found in images for problem in _problems(found, lock, digests, chosen.values())]
    named = {found.image for found in images}
    problems += [
        CheckedImage(problem=ImageProblem.UNUSED, image=entry.image, locked=entry.digest, policy=entry.policy)
        for entry in lock.images
        if entry.image not in named
    ]
    return ImagesCheckResult(file=file, images=len(images), problems=tuple(problems))


def _problems(
    found: NamedImage, lock: ImagesLock, digests: dict[str, str | None], chosen: Iterable[ChosenImage]
) -> Iterator[CheckedImage]:
    entry, image = lock.entry(found.image), found.image
    if not found.is_readable:
        yield CheckedImage(problem=ImageProblem.UNREADABLE, image=image, resources=found.resources)
        return
    digest, locked = digests[_running(image, lock)], entry.digest if entry else ""
    if digest is None:
        yield CheckedImage(problem=ImageProblem.GONE, image=image, locked=locked, resources=found.resources)
    elif entry is None:
        yield CheckedImage(problem=ImageProblem.MISSING, image=image, found=digest, resources=found.resources)
    elif digest != locked:
        yield CheckedImage(
            problem=ImageProblem.STALE, image=image, locked=locked, found=digest, resources=found.resources
        )
    made = governing(image, chosen)
    name = parse_image_name(_running(image, lock))
    if made is not None and name is not None and (name.tag or "latest") != made.tag:
        yield CheckedImage(
            problem=ImageProblem.OUTDATED, image=image, locked=locked, found=made.text, policy=made.policy.key,
            resources=found.resources,
        )  # fmt: skip


def _running(image: str, lock: ImagesLock) -> str:
    """The image with the tag that the lock has it run with."""
    entry = lock.entry(image)
    return entry.pinned.partition("@")[0] if entry is not None else image
