"""Images that are not what they were when somebody looked at them."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.attestation.image_names import ImageName, parse_image_name
from pipeline.model.documents.untyped import text_at
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.lint.pods import Container, PodTemplate
from pipeline.model.validation.lint.rule import Problem, lint_rule, shown
from pipeline.model.validation.lint.subject import Subject


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
    for pod, container, name in _images(subject):
        if not name.digest and name.tag in {"", "latest"}:
            says = "has the tag latest" if name.tag else "has no tag, which means latest"
            yield _problem(pod, container, says)


@lint_rule(
    "image-digest",
    Severity.WARNING,
    title="An image without a digest",
    reason="A tag can be moved: the artifact's signature says which name runs, and not which image.",
    fix="add the digest that the tag has now: IMAGE:TAG@sha256:…",
)
def image_digest(subject: Subject) -> Iterator[Problem]:
    """A tag that says a version, but no digest."""
    for pod, container, name in _images(subject):
        if not name.digest and name.tag not in {"", "latest"}:
            yield _problem(pod, container, "is not pinned by a digest")


def _images(subject: Subject) -> Iterator[tuple[PodTemplate, Container, ImageName]]:
    for pod, container in subject.containers:
        name = parse_image_name(text_at(container.body, "image"))
        if name is not None:
            yield pod, container, name


def _problem(pod: PodTemplate, container: Container, says: str) -> Problem:
    image = shown(text_at(container.body, "image"))
    return Problem(
        pod.resource, f"{container.path}.image", f"image {image} of container '{shown(container.name)}' {says}"
    )
