"""What every container engine promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, RegistryError, ToolError
from pipeline.model.artifact.reference import Repository
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import ImageBuild, RegistryLogin

from .conftest import Subject

SECRET = "s3cr3t-build-argument"


def name(subject: Subject, tag: str = "1", *, path: str = "acme/web") -> ImageName:
    return ImageName(subject.host, path, tag)


def test_it_says_what_it_is(subject: Subject) -> None:
    product, _, version = subject.engine.describe().partition(" ")

    assert product in {"memory", "docker", "podman"}
    assert version


def test_what_is_built_has_an_id_its_labels_and_a_platform_and_is_found(subject: Subject, folder: Path) -> None:
    image = name(subject, "built")

    made = subject.engine.build(ImageBuild(image=image, folder=folder, labels={"asked": "for"}))

    assert made.id.startswith("sha256:")
    assert made.platform.startswith("linux/")
    assert made.size == len("hello\n")
    assert made.labels == {"made": "here", "asked": "for"}
    assert subject.engine.find(image) == made


def test_what_was_never_built_is_not_found(subject: Subject) -> None:
    assert subject.engine.find(name(subject, path="never/built")) is None


def test_the_file_with_the_steps_may_be_another_and_outside_of_the_context(
    subject: Subject, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inside, outside = folder / "Other", tmp_path_factory.mktemp("outside") / "Containerfile"
    inside.write_text("FROM scratch\nCOPY hello /\nLABEL from=inside\n")
    outside.write_text("FROM scratch\nCOPY hello /\nLABEL from=outside\n")

    made = [
        subject.engine.build(ImageBuild(image=name(subject), folder=folder, containerfile=file)).labels["from"]
        for file in (inside, outside)
    ]

    assert made == ["inside", "outside"]


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("FROM scratch\nCOPY gone /gone\n", "step 2/2, COPY gone /gone"),
        ("FROM scratch\nMAKE it\n", "line 2: unknown instruction: MAKE"),
    ],
)
def test_a_step_that_fails_is_named(subject: Subject, folder: Path, steps: str, says: str) -> None:
    (folder / "Containerfile").write_text(steps)

    with pytest.raises(ToolError) as caught:
        subject.engine.build(ImageBuild(image=name(subject), folder=folder))

    assert says in caught.value.message
    assert str(folder / "Containerfile") in caught.value.message


def test_a_stage_that_is_not_there_is_refused(subject: Subject, folder: Path) -> None:
    with pytest.raises(ToolError, match="nowhere"):
        subject.engine.build(ImageBuild(image=name(subject), folder=folder, target="nowhere"))

    assert subject.engine.build(ImageBuild(image=name(subject), folder=folder, target="whole")).size


@pytest.mark.parametrize("missing", ["the folder", "the file", "the named file"])
def test_without_a_folder_or_a_file_with_steps_nothing_is_built(subject: Subject, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "gone" if missing == "the folder" else tmp_path
    file = tmp_path / "Gone" if missing == "the named file" else None

    with pytest.raises(ConfigurationError):
        subject.engine.build(ImageBuild(image=name(subject), folder=folder, containerfile=file))


def test_what_the_ignore_file_names_is_not_in_the_context(subject: Subject, folder: Path) -> None:
    (folder / ".containerignore").write_text("hello\n")

    with pytest.raises(ToolError, match="step 2/3, COPY hello"):
        subject.engine.build(ImageBuild(image=name(subject), folder=folder))


def test_values_of_secret_arguments_are_never_shown(subject: Subject, folder: Path) -> None:
    file = folder / "Containerfile"
    for steps in ("FROM scratch\nARG TOKEN\nCOPY gone /${TOKEN}\n", "FROM scratch\nMAKE it\n"):
        file.write_text(steps)
        build = ImageBuild(
            image=name(subject), folder=folder, arguments={"TOKEN": SECRET}, secret_arguments=frozenset({"TOKEN"})
        )

        with pytest.raises(ToolError) as caught:
            subject.engine.build(build)

        assert SECRET not in f"{caught.value.message} {caught.value.hint} {build!r} {subject.talk.getvalue()}"


def test_an_image_can_have_several_names(subject: Subject, folder: Path) -> None:
    made = subject.engine.build(ImageBuild(image=name(subject), folder=folder))

    subject.engine.tag(name(subject), name(subject, "again", path="acme/other"))

    assert subject.engine.find(name(subject, "again", path="acme/other")) == made
    with pytest.raises(ConfigurationError, match="no image"):
        subject.engine.tag(name(subject, path="never/built"), name(subject, "x"))


def test_what_is_pushed_has_the_digest_that_the_registry_knows(subject: Subject, folder: Path) -> None:
    image = name(subject, "pushed")
    subject.engine.build(ImageBuild(image=image, folder=folder))

    digest = subject.engine.push(image, None)

    registry = subject.open(Repository(image.host, image.path))
    assert registry.resolve("pushed").digest == digest
    assert registry.read_manifest(digest).digest == digest


def test_an_image_that_is_not_there_cannot_be_pushed(subject: Subject) -> None:
    with pytest.raises(ConfigurationError, match="no image"):
        subject.engine.push(name(subject, path="never/built"), None)


def test_a_registry_that_wants_a_login_gets_it_or_refuses(subject: Subject, folder: Path) -> None:
    image = ImageName(subject.guarded_host, "acme/web", "1")
    subject.engine.build(ImageBuild(image=image, folder=folder))

    for login in (None, RegistryLogin("gitless", "wrong-password")):
        with pytest.raises(RegistryError) as caught:
            subject.engine.push(image, login)
        assert caught.value.code == "registry.denied"
        assert "wrong-password" not in f"{caught.value.message} {caught.value.hint}"

    assert subject.engine.push(image, subject.login).startswith("sha256:")
