from __future__ import annotations

import os
import socket
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.engines.contexts import containerfile_of, pack_context
from pipeline.errors import ConfigurationError
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import ImageBuild

NAME = ImageName("memory.test", "acme/web", "1")


def members(build: ImageBuild) -> dict[str, tarfile.TarInfo]:
    stream, _ = pack_context(build, containerfile_of(build))
    with stream, tarfile.open(fileobj=stream) as archive:
        return {member.name: member for member in archive.getmembers()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    for name in ("Dockerfile", "src/a", "src/deep/b", "notes.md"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_everything_is_sorted_and_owned_by_root(folder: Path) -> None:
    (folder / "src" / "link").symlink_to("a")
    os.link(folder / "src" / "a", folder / "src" / "twin")

    found = members(ImageBuild(image=NAME, folder=folder))

    assert list(found) == [
        "Dockerfile", "notes.md", "src", "src/a", "src/deep", "src/deep/b", "src/link", "src/twin",
    ]  # fmt: skip
    assert {(member.uid, member.gid, member.uname) for member in found.values()} == {(0, 0, "")}
    assert found["src/link"].issym()
    assert found["src/twin"].isreg()
    assert found["src/twin"].size == len("src/a")


def test_a_given_time_is_that_of_every_file(folder: Path) -> None:
    found = members(ImageBuild(image=NAME, folder=folder, epoch=1_700_000_000))

    assert {member.mtime for member in found.values()} == {1_700_000_000}


@pytest.mark.parametrize("name", [".containerignore", ".dockerignore"])
def test_ignore_files_leave_out_and_take_back_but_never_the_steps(folder: Path, name: str) -> None:
    (folder / name).write_text("# a comment\n*\n!src\nsrc/a\n\n")

    found = members(ImageBuild(image=NAME, folder=folder))

    assert set(found) - {".dockerignore"} == {"Dockerfile", "src", "src/deep", "src/deep/b"}


def test_podmans_ignore_file_counts_before_dockers(folder: Path) -> None:
    (folder / ".containerignore").write_text("notes.md\n")
    (folder / ".dockerignore").write_text("src\n")

    found = members(ImageBuild(image=NAME, folder=folder))

    assert "src/a" in found
    assert "notes.md" not in found


def test_the_containerfile_counts_before_the_dockerfile(folder: Path) -> None:
    (folder / "Containerfile").write_text("FROM scratch\n")

    assert containerfile_of(ImageBuild(image=NAME, folder=folder)).name == "Containerfile"


def test_sockets_and_pipes_are_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    os.mkfifo(folder / "pipe")
    with closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind("s")
        found = members(ImageBuild(image=NAME, folder=folder))

    assert not {"pipe", "s"} & set(found)


def test_a_file_that_goes_away_is_an_error_of_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = ImageBuild(image=NAME, folder=folder)
    monkeypatch.setattr("docker.utils.build.exclude_paths", lambda *_, **__: {"gone"})

    with pytest.raises(ConfigurationError, match=r"gone cannot be read"):
        pack_context(build, containerfile_of(build))
