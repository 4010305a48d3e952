from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import ConfigurationError, ManifestError, TrustError, UsageError
from pipeline.folders import read_input, write_folder
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.unpacking import ArchiveEntry


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def names(root: Path, *ignored: str, default_ignores: bool = True) -> list[str]:
    return [name for name, _ in read_input(str(root), ignored=ignored, default_ignores=default_ignores)]


def test_folder_is_read_whole_but_for_the_defaults(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a.yaml": "1", "b/c.yaml": "2", ".git/config": "3", "logo.png": "4", ".hidden/d.yaml": "5"})

    assert names(tmp_path) == [".hidden/d.yaml", "a.yaml", "b/c.yaml"]
    assert "logo.png" in names(tmp_path, default_ignores=False)


def test_sourceignore_counts_for_its_folder_and_options_for_all(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            ".sourceignore": "*.md\n!logo.png\n",
            "a.md": "",
            "logo.png": "",
            "sub/.sourceignore": "/x.yaml\n!keep.md\n",
            "sub/x.yaml": "",
            "sub/deep/x.yaml": "",
            "sub/keep.md": "",
            "test/y.yaml": "",
        },
    )

    assert names(tmp_path, "test/", "**/x.yaml") == [
        ".sourceignore",
        "logo.png",
        "sub/.sourceignore",
        "sub/keep.md",
    ]


def test_single_file_is_packed_under_its_name(tmp_path: Path) -> None:
    lay_out(tmp_path, {"deep/app.yaml": "a: 1\n"})

    assert read_input(str(tmp_path / "deep/app.yaml")) == [("app.yaml", b"a: 1\n")]


def test_standard_input_has_a_stable_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a: 1\r\n")))

    assert read_input("-") == [("manifests.yaml", b"a: 1\r\n")]


def test_nothing_on_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b" \n")))

    with pytest.raises(UsageError, match="nothing on standard input"):
        read_input("-")


def test_modes_times_and_order_on_disk_do_not_matter(tmp_path: Path) -> None:
    one = lay_out(tmp_path / "one", {"a.yaml": "1", "b/c.yaml": "2"})
    two = lay_out(tmp_path / "elsewhere" / "two", {"b/c.yaml": "2", "a.yaml": "1"})
    (two / "a.yaml").chmod(0o755)
    (two / "b").chmod(0o700)
    (two / "empty").mkdir()
    os.utime(two / "a.yaml", (1, 1))

    assert pack(read_input(str(one))) == pack(read_input(str(two)))


def test_links_inside_are_packed_as_what_they_point_at(tmp_path: Path) -> None:
    lay_out(tmp_path, {"base/a.yaml": "a: 1\n"})
    (tmp_path / "link.yaml").symlink_to("base/a.yaml")

    assert dict(read_input(str(tmp_path)))["link.yaml"] == b"a: 1\n"


@pytest.mark.parametrize(
    ("target", "complaint"),
    [("../secret", "leads out"), ("/etc/passwd", "leads out"), ("missing", "to nothing"), ("base", "to a folder")],
)
def test_other_links_are_refused_and_can_be_ignored(tmp_path: Path, target: str, complaint: str) -> None:
    root = lay_out(tmp_path / "in", {"base/a.yaml": "1", "../secret": "s"})
    (root / "link").symlink_to(target)

    with pytest.raises(ManifestError, match=complaint) as refused:
        names(root)
    assert refused.value.hint is not None
    assert "--ignore-path '/link'" in refused.value.hint
    assert names(root, "/link") == ["base/a.yaml"]


def test_special_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")

        with pytest.raises(ManifestError, match="socket is neither"):
            names(Path())


@pytest.mark.parametrize("inside", ["out", ".out", ".gitless/app", "deep/.gitless/app [1]*!", "b"])
def test_layout_that_is_written_is_not_packed(tmp_path: Path, inside: str) -> None:
    lay_out(tmp_path, {"a.yaml": "1", "bb/c.yaml": "2", f"{inside}/index.json": "3", "other/out.yaml": "4"})

    files = [name for name, _ in read_input(str(tmp_path), output=str(tmp_path / inside))]

    assert files == ["a.yaml", "bb/c.yaml", "other/out.yaml"]


def test_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        read_input(str(tmp_path / "nowhere"))


def test_ignore_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / ".sourceignore").write_bytes(b"\xff")

    with pytest.raises(ConfigurationError, match="not UTF-8"):
        names(tmp_path)


ENTRIES = [ArchiveEntry("b", is_folder=True), ArchiveEntry("b/c", b"2"), ArchiveEntry("a", b"1", is_executable=True)]


@pytest.mark.parametrize("exists", [True, False])
def test_entries_become_files(tmp_path: Path, exists: bool) -> None:  # noqa: FBT001 - a parameter
    target = tmp_path / "deep" / "out"
    if exists:
        target.mkdir(parents=True)

    written = write_folder([*ENTRIES, ArchiveEntry("l", link_target="a")], target)

    assert (written.files, written.size, written.left_out) == (2, 2, ("l",))
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*")) == ["a", "b", "b/c"]
    assert os.access(target / "a", os.X_OK)
    assert not os.access(target / "b" / "c", os.X_OK)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("exists", [True, False])
def test_nothing_is_left_where_the_end_is_bad(tmp_path: Path, exists: bool) -> None:  # noqa: FBT001 - a parameter
    """The digest is known only at the end; until then nobody must see any of it."""
    target = tmp_path / "out"
    if exists:
        target.mkdir()

    def entries() -> Iterator[ArchiveEntry]:
        yield from ENTRIES
        raise TrustError("other bytes")

    with pytest.raises(TrustError):
        write_folder(entries(), target)
    assert list(tmp_path.rglob("*")) == ([target] if exists else [])


def test_target_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="not empty"):
        write_folder(ENTRIES, tmp_path)
    with pytest.raises(UsageError, match="not a folder"):
        write_folder(ENTRIES, tmp_path / "file")


def test_link_is_not_followed_as_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    with pytest.raises(UsageError, match="not a folder"):
        write_folder(ENTRIES, tmp_path / "link")


def test_link_that_somebody_puts_there_meanwhile_is_not_followed(tmp_path: Path) -> None:
    target, outside = tmp_path / "out", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()

    def entries() -> Iterator[ArchiveEntry]:
        yield from ENTRIES
        (target / "b").symlink_to(outside)

    with pytest.raises(ConfigurationError, match="somebody else"):
        write_folder(entries(), target)
    assert list(outside.iterdir()) == []


def test_names_that_clash_on_this_file_system_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_folder([ArchiveEntry("n" * 300, b"1")], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
