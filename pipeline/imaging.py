"""Images from settings: what is built, under which names, and which files name the digest afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline import wiring
from pipeline.config import load_images_lock
from pipeline.environment import Provenance, creation_time, without_credentials
from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.artifact.manifest import ANNOTATION_CREATED, ANNOTATION_REVISION, ANNOTATION_SOURCE
from pipeline.model.artifact.reference import Repository, check_tag
from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.images.engine import ImageBuild
from pipeline.model.images.lock import LockedImage, lock_text
from pipeline.model.images.writing import PinnedImage, write_kustomization, write_values
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.outcome.image import ImageResult
from pipeline.model.outcome.image_build import ImageBuildResult
from pipeline.model.outcome.image_push import ImagePushResult
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.image_builds import ImageSettings, WrittenPlaces
from pipeline.ports import Environment, ImageEngine, Reporter
from pipeline.stages.image import NamedImage, build_image, push_image
from pipeline.whole_files import rewrite

EPOCH: Final = "SOURCE_DATE_EPOCH"
_COMMIT = re.compile(r"(?:^|@)sha(?:1|256):([0-9a-f]{40,64})$")
_SHORT = 12
"""Hexadecimal digits of a commit that make a tag."""
_UNKNOWN_DIGEST = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Imaging:
    """What building and pushing need from the surroundings.

    Attributes:
        provenance: source and revision of what is built.
        created: RFC 3339, where SOURCE_DATE_EPOCH or the user says a time; else empty, and no label has one.
    """

    engine: ImageEngine
    environment: Environment
    reporter: Reporter
    registry: RegistryOptions
    provenance: Provenance
    created: str = ""

    def build(self, settings: ImageSettings) -> ImageBuildResult:
        """Build one image.

        Raises:
            UsageError: it has no usable name, or an argument no value.
            ConfigurationError: no engine, no context, or SOURCE_DATE_EPOCH is no number.
            ToolError: a step failed.
        """
        named = self.named(settings.image)
        arguments, secret = _arguments(settings.arguments, self.environment)
        labels = {
            ANNOTATION_SOURCE: self.provenance.source,
            ANNOTATION_REVISION: commit_of(self.provenance.revision),
            ANNOTATION_CREATED: self.created,
        }
        build = ImageBuild(
            image=named.name,
            folder=settings.folder,
            containerfile=settings.containerfile,
            target=settings.target,
            arguments=arguments,
            secret_arguments=secret,
            labels={**{key: value for key, value in labels.items() if value}, **settings.labels},
            platform=settings.platform,
            network=settings.network,
            pull=settings.pull,
            cache=settings.cache,
            epoch=_epoch(self.environment),
        )
        self.reporter.info(f"building {named.text} from {settings.folder}")
        return build_image(named, build, self.engine, source=self.provenance.source, revision=self.provenance.revision)

    def push(self, text: str, tags: tuple[str, ...], places: WrittenPlaces) -> ImagePushResult:
        """Push one image, and write its digest wherever it belongs.

        Raises:
            UsageError: it has no usable name.
            ConfigurationError: no engine, no such image, or a file that cannot be edited: then nothing is pushed.
            RegistryError: the registry refused it.
            RefusedError: somebody else pushed to the same tag meanwhile.
        """
        for tag in tags:
            check_tag(tag)
        named = self.named(text)
        # Files that cannot be edited show before anything is pushed.
        unknown = PinnedImage(repository=named.repository, tag=named.name.tag, digest=_UNKNOWN_DIGEST)
        list(_edits(unknown, places))
        repository = Repository(named.name.host, named.name.path)
        registry = wiring.registry(repository, self.registry, self.environment, self.reporter)
        login = wiring.registry_login(repository, self.registry, self.environment, self.reporter)
        self.reporter.info(f"pushing {named.text}")
        result = push_image(named, tags, self.engine, login, registry)
        return replace(result, written=tuple(_write(result.image, places)))

    def publish(self, images: Sequence[ImageSettings]) -> ImageResult:
        """Build all of them, and then push all of them.

        Raises:
            PipelineError: whatever building or pushing says.
        """
        built = [self.build(image) for image in images]
        pushed = [self.push(image.image, image.tags, image.written) for image in images]
        return ImageResult(tuple(zip(built, pushed, strict=True)))

    def named(self, text: str) -> NamedImage:
        """The image by its name; one without a tag has the commit's first digits for one.

        Raises:
            UsageError: it is no name of an image, or has neither a tag nor a commit.
        """
        given = text.removeprefix("oci://")
        name = parse_image_name(given)
        if name is None or name.digest:
            raise UsageError(
                f"'{text}' is not the name of an image; expected HOST/PATH:TAG, such as ghcr.io/acme/web:1.4.2"
            )
        repository = given.removesuffix(f":{name.tag}") if name.tag else given
        tag = name.tag or commit_of(self.provenance.revision)[:_SHORT]
        if not tag:
            raise UsageError(
                f"{text} has no tag, and the folder is in no checkout whose commit could be one", hint=f"say {text}:TAG"
            )
        return NamedImage(repository, replace(name, tag=tag))


def imaging(
    path: Path,
    engine: str,
    registry: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
    *,
    source: str | None = None,
    revision: str | None = None,
    created: str = "",
) -> Imaging:
    """Building and pushing with the engine at an address, of what is at the path; what is given wins over Git."""
    detected = Provenance()
    if source is None or revision is None:
        detected = wiring.provenance(path, environment, reporter)
    return Imaging(
        engine=wiring.image_engine(engine, environment, reporter),
        environment=environment,
        reporter=reporter,
        registry=registry,
        provenance=Provenance(
            detected.source if source is None else without_credentials(source),
            detected.revision if revision is None else revision,
        ),
        created=created,
    )


def label_time(asked: str | None, environment: Environment, now: Callable[[], float]) -> str:
    """The time for the label ``created``: what is asked for, or SOURCE_DATE_EPOCH; otherwise none.

    A label with the time of the build would make another image, and so another digest, of the same content.

    Raises:
        UsageError: what is asked for is no time.
        ConfigurationError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    return creation_time(asked, environment, now) if asked or environment.get(EPOCH) else ""


def commit_of(revision: str) -> str:
    """The commit in a revision such as ``main@sha1:…``; empty where there is none."""
    match = _COMMIT.search(revision)
    return match[1] if match else ""


def _arguments(given: Mapping[str, str | None], environment: Environment) -> tuple[dict[str, str], frozenset[str]]:
    taken = {name for name, value in given.items() if value is None}
    for name in sorted(taken):
        if name not in environment:
            raise UsageError(
                f"the build argument {name} has no value, and the environment has no {name}",
                hint=f"set {name}, or give {name}=VALUE",
            )
    values = {name: environment[name] if value is None else value for name, value in given.items()}
    epoch = {EPOCH: environment[EPOCH]} if environment.get(EPOCH) else {}
    return {**epoch, **values}, frozenset(taken)


def _epoch(environment: Environment) -> int | None:
    seconds = environment.get(EPOCH, "")
    if not seconds:
        return None
    if not seconds.isdecimal():
        raise ConfigurationError(f"{EPOCH} is '{seconds}', not a number of seconds")
    return int(seconds)


def _write(image: PinnedImage, places: WrittenPlaces) -> Iterator[str]:
    for file, text in _edits(image, places):
        rewrite(file, text.encode())
        yield str(file)


def _edits(image: PinnedImage, places: WrittenPlaces) -> Iterator[tuple[Path, str]]:
    """Each file with its new text. A file that is named twice is read again after it was written."""
    for place in places.kustomizations:
        file = _kustomization_in(place.path)
        yield file, write_kustomization(_read(file), str(file), image, place.where)
    for place in places.values:
        yield place.path, write_values(_read(place.path), str(place.path), image, place.where or "image")
    if places.lock is not None:
        yield places.lock, lock_text(load_images_lock(places.lock).with_images(LockedImage(image.tagged, image.digest)))


def _kustomization_in(path: Path) -> Path:
    if path.is_file():
        return path
    found = next((path / name for name in KUSTOMIZATION_FILES if (path / name).is_file()), None)
    if found is None:
        raise ConfigurationError(f"{path} has no {KUSTOMIZATION_FILES[0]}", hint="name the folder that has one")
    return found


def _read(file: Path) -> str:
    try:
        # With its own line ends.
        return file.read_bytes().decode()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8") from None
