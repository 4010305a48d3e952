"""Look images up: the digest that each tag has now, and the tags that policies choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import ArtifactNotFoundError, ConfigurationError, ExpressionError
from pipeline.model.artifact.reference import Repository
from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.images.choosing import Extracting, admitted, newest, passing
from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.images.policy import ChosenImage, ImagePolicy, Reflection
from pipeline.ports import Registry, Reporter
from pipeline.stages.parallel import in_parallel

CONCURRENCY = 8
_LATEST = "latest"

Opening = Callable[[Repository], Registry]


@dataclass(frozen=True, slots=True)
class ImagePorts:
    """What images are looked up with; ``opening`` makes the registry of a repository, each anew."""

    opening: Opening
    extracting: Extracting
    reporter: Reporter


def digests_of(images: Sequence[str], ports: ImagePorts) -> dict[str, str | None]:
    """What each image's tag points at now: the index of one for several platforms; ``None`` where there is none.

    Raises:
        RegistryError: a registry cannot be asked; the image is named.
    """
    wanted = sorted({image for image in images if parse_image_name(image) is not None})
    registries = _registries({_repository(image) for image in wanted}, ports)
    done = 0

    def resolve(image: str) -> str | None:
        nonlocal done
        name = parse_image_name(image)
        assert name is not None  # noqa: S101 - those have been left out
        try:
            found = registries[_repository(image)].resolve(name.tag or _LATEST).digest
        except ArtifactNotFoundError:
            found = None
        done += 1
        ports.reporter.progress("images", done, len(wanted))
        return found

    return dict(zip(wanted, in_parallel(resolve, wanted, concurrency=CONCURRENCY), strict=True))


def choose_images(policies: Sequence[ImagePolicy], ports: ImagePorts) -> dict[str, ChosenImage]:
    """What each policy chooses, by its key; the tags of a repository are listed once.

    Raises:
        ConfigurationError: a policy allows no tag that there is, or its pattern is no regular expression.
        RegistryError: a registry cannot be asked.
    """
    repositories = sorted({_of_policy(policy) for policy in policies}, key=lambda repository: repository.name)
    registries = _registries(repositories, ports)
    listed = in_parallel(lambda repository: registries[repository].tags(), repositories, concurrency=CONCURRENCY)
    tags = dict(zip(repositories, listed, strict=True))

    def choose(policy: ImagePolicy) -> ChosenImage:
        repository = _of_policy(policy)
        try:
            values = admitted(policy, tags[repository], ports.extracting)
        except ExpressionError as error:
            raise ConfigurationError(
                f"{policy}: {error.message}",
                hint=f"correct its filterTags, or the exclusionList of its repository ({policy.place})",
                code="configuration.image-policy",
            ) from None
        tag = newest(policy, values)
        digest = registries[repository].resolve(tag).digest
        return ChosenImage(policy=policy, tag=tag, digest=digest, passing=passing(policy, values))

    return {made.policy.key: made for made in in_parallel(choose, list(policies), concurrency=CONCURRENCY)}


def governing(image: str, chosen: Iterable[ChosenImage]) -> ChosenImage | None:
    """Which policy decides about an image that no marker speaks of.

    It is the one of the image's repository; where there are several, the only one whose rule the image's tag passes.
    """
    name = parse_image_name(image)
    if name is None or name.digest:
        return None
    of_repository = [made for made in chosen if made.policy.repository.repository == name.repository]
    if len(of_repository) > 1:
        of_repository = [made for made in of_repository if (name.tag or _LATEST) in made.passing]
    return of_repository[0] if len(of_repository) == 1 else None


def governed(images: Iterable[str], lock: ImagesLock, chosen: Mapping[str, ChosenImage]) -> tuple[LockedImage, ...]:
    """The entries of images that a policy decides about, under the names that manifests have for them."""
    found = []
    for image in images:
        made = governing(image, chosen.values())
        if made is not None:
            found.append(_entry(image, made, lock.entry(image)))
    return tuple(found)


def _entry(image: str, made: ChosenImage, before: LockedImage | None) -> LockedImage:
    name = parse_image_name(image)
    tag = "" if name is not None and (name.tag or _LATEST) == made.tag else made.tag
    entry = LockedImage(image, made.digest, made.policy.key, tag)
    is_kept = made.policy.reflection is Reflection.IF_NOT_PRESENT and before is not None and before.tag == tag
    return LockedImage(image, before.digest, entry.policy, tag) if is_kept and before is not None else entry


def _registries(repositories: Iterable[Repository], ports: ImagePorts) -> dict[Repository, Registry]:
    return {repository: ports.opening(repository) for repository in repositories}


def _repository(image: str) -> Repository:
    name = parse_image_name(image)
    assert name is not None  # noqa: S101 - whoever asks has looked
    return Repository(name.host, name.path)


def _of_policy(policy: ImagePolicy) -> Repository:
    return Repository(policy.repository.host, policy.repository.path)
