"""Images that are not what they were when somebody looked at them, or that nobody can pull."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.comparison.merge_keys import is_builtin
from pipeline.model.documents.untyped import items_at, text_at
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.pods import PodTemplate
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject
from pipeline.model.validation.unfinished import is_unfinished

_OTHER_DIGEST: Final = re.compile(r"@(?!sha256:)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$")
"""Of an algorithm that runtimes know besides SHA-256."""


@lint_rule(
    "image-latest",
    Severity.ERROR,
    title="An image with the tag latest, or without any",
    reason="Its tag moves with every release, so what runs after the next restart is something that nobody has"
    " reviewed, signed or tried.",
    fix="name the version that is meant, better still with its digest: IMAGE:1.2.3@sha256:…",
)
def image_latest(subject: Subject) -> Iterator[Problem]:
    """Neither digest nor a tag other than ``latest``."""
    for pod, path, user, image in _images(subject):
        name = parse_image_name(image)
        if name is not None and not name.digest and name.tag in {"", "latest"}:
            says = "has the tag latest" if name.tag else "has no tag, which means latest"
            yield Problem(pod.resource, path, f"image {shown(image)} of {user} {says}")


@lint_rule(
    "image-digest",
    Severity.WARNING,
    title="An image without a digest",
    reason="A tag can be moved: the artifact's signature says which name runs, and not which image.",
    fix="add the digest that the tag has now: IMAGE:TAG@sha256:…",
)
def image_digest(subject: Subject) -> Iterator[Problem]:
    """A tag that says a version, but no digest."""
    for pod, path, user, image in _images(subject):
        name = parse_image_name(image)
        if name is not None and not name.digest and name.tag not in {"", "latest"}:
            yield Problem(pod.resource, path, f"image {shown(image)} of {user} is not pinned by a digest")


@lint_rule(
    "image-invalid",
    Severity.ERROR,
    title="An image that no registry can have",
    reason="Nothing can be pulled by that name: the Pod never starts.",
    fix="write HOST/PATH:TAG@sha256:… in lower case, with a digest of 64 hexadecimal digits",
)
def image_invalid(subject: Subject) -> Iterator[Problem]:
    """A name that container runtimes do not read, or none; a variable may become any, and so may what is encrypted."""
    for pod, path, user, image in _images(subject):
        if not image and is_builtin(pod.resource.api_version):
            yield Problem(pod.resource, path, f"{user} has no image")
        elif image and not _becomes_another(image) and parse_image_name(_OTHER_DIGEST.sub("", image)) is None:
            yield Problem(pod.resource, path, f"image {shown(image)} of {user} is no name of an image")


def _becomes_another(image: str) -> bool:
    return "$" in image or is_unfinished(image)


def _images(subject: Subject) -> Iterator[tuple[PodTemplate, str, str, str]]:
    """The Pods, where an image is named, for what, and its name: of containers and of volumes."""
    for pod, container in subject.containers:
        name = text_at(container.body, "image")
        yield pod, f"{container.path}.image", f"container '{shown(container.name)}'", name
    for pod in subject.pods:
        for index, volume in items_at(pod.spec, "volumes"):
            if volume.get("image") is not None:
                path = f"{pod.path}.volumes[{index}].image.reference"
                yield pod, path, f"volume '{shown(text_at(volume, 'name'))}'", text_at(volume, "image", "reference")
