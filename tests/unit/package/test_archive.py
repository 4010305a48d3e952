from __future__ import annotations

import gzip
import io
import random
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ManifestError
from pipeline.model.artifact.archive import pack, write_tar
from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.artifact.unpacking import read_archive

FILES = [("base/app.yaml", b"kind: Deployment\n"), ("base.yaml", b"kind: Service\n"), ("README", b"")]

names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"), min_size=1, max_size=40).filter(
        lambda part: part not in {".", ".."} and not part.endswith("..") and part[1:2] != ":"
    ),
    min_size=1,
    max_size=5,
).map("/".join)


def without_clashes(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: body for name, body in files.items() if not any(other.startswith(f"{name}/") for other in files)}


def test_bytes_are_these_on_every_machine() -> None:
    """Digests that were published depend on it: a change here is a change for every user."""
    archive = pack(FILES)

    assert archive.content_digest == "sha256:ea003a4c78515256d36e2ad2aa8d02e5436f4b27bc7662976ef15160b6a5dcf1"
    assert sha256_digest(archive.content) == "sha256:8ae9e17ceadd4b1cd5d423a8d64d85f4044a9890a8fef162b5e6ffc73ddfb105"


def test_entries_are_in_flux_order_with_the_root_first() -> None:
    with tarfile.open(fileobj=io.BytesIO(write_tar(FILES).tar)) as archive:
        members = archive.getmembers()

    assert [member.name for member in members] == [".", "README", "base", "base/app.yaml", "base.yaml"]
    assert [member.isdir() for member in members] == [True, False, True, False, False]
    assert {(member.uid, member.gid, member.uname, member.gname, member.mtime) for member in members} == {
        (0, 0, "", "", 0)
    }
    assert {member.mode for member in members if member.isdir()} == {0o755}
    assert {member.mode for member in members if member.isfile()} == {0o644}


def test_folders_have_no_trailing_slash() -> None:
    tar = write_tar(FILES).tar

    assert tar[:2] == b".\0"
    assert b"base\0" in tar
    assert b"base/\0" not in tar


def test_gzip_header_holds_no_name_and_no_time() -> None:
    content = pack(FILES).content

    assert content[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    assert gzip.decompress(content) == write_tar(FILES).tar


def test_order_of_the_files_does_not_matter() -> None:
    shuffled = FILES.copy()
    random.Random(1).shuffle(shuffled)

    assert pack(shuffled) == pack(FILES)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, st.binary(max_size=700), min_size=1, max_size=12).map(without_clashes))
def test_whatever_is_packed_is_unpacked_again_by_us_and_by_python(files: dict[str, bytes]) -> None:
    archive = pack(files.items())

    assert read_archive([archive.content]) == files
    assert pack(reversed(files.items())) == archive
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive.content))) as opened:
        seen = {member.name for member in opened if member.isfile()}
    assert seen == set(files)


@pytest.mark.parametrize(
    "name",
    [
        "a" * 100,
        "a" * 101,
        f"{'p' * 155}/{'n' * 100}",
        f"{'p' * 156}/{'n' * 100}",
        "/".join(["folder"] * 40) + "/file.yaml",
        "ü.yaml",
        "文" * 60,
    ],
)
def test_long_and_foreign_names_survive(name: str) -> None:
    content = pack([(name, b"x")]).content

    assert read_archive([content]) == {name: b"x"}
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        assert opened.getmembers()[-1].name == name


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "nothing to package"),
        ([("a", b""), ("a", b"")], "twice"),
        ([("a", b""), ("a/b", b"")], "both a file and a folder"),
        ([("../a", b"")], "leads out"),
        ([("a\\b", b"")], "backslash"),
        ([("a../b", b"")], "leads out"),
        ([("/a", b"")], "absolute"),
        ([("\udcff", b"")], "not UTF-8"),
    ],
)
def test_what_nobody_could_unpack_is_not_packed(files: list[tuple[str, bytes]], message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        pack(files)


def test_more_files_than_pull_takes_are_not_packed() -> None:
    with pytest.raises(ManifestError, match="20001 files"):
        pack((f"{number}", b"") for number in range(20_001))
