from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import TrustError
from pipeline.model.artifact.unpacking import ArchiveEntry, Limits, read_archive, read_entries


def entry(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def tar(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def packed(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    return gzip.compress(tar(*entries))


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]
        yield b""


def test_files_come_out_as_they_went_in() -> None:
    content = packed(
        entry(".", type=tarfile.DIRTYPE),
        entry("base", type=tarfile.DIRTYPE),
        entry("base/a.yaml", b"a: 1\n"),
        entry("./b.yaml", b""),
    )

    assert read_archive([content]) == {"base/a.yaml": b"a: 1\n", "b.yaml": b""}


@pytest.mark.parametrize("size", [1, 2, 7, 511, 100_000])
def test_chunks_may_have_any_size(size: int) -> None:
    body = bytes(range(256)) * 5000
    content = packed(entry("big", body), entry("small", b"x"))

    assert read_archive(pieces(content, size)) == {"big": body, "small": b"x"}


def test_modes_folders_and_inner_links_are_told() -> None:
    content = packed(
        entry("bin", type=tarfile.DIRTYPE),
        entry("bin/run", b"#!", mode=0o755),
        entry("bin/link", type=tarfile.SYMTYPE, linkname="../other"),
        entry("bin/data", b"", mode=0o600),
    )

    assert list(read_entries([content])) == [
        ArchiveEntry("bin", is_folder=True),
        ArchiveEntry("bin/run", b"#!", is_executable=True),
        ArchiveEntry("bin/link", link_target="../other"),
        ArchiveEntry("bin/data"),
    ]


def test_inner_links_are_no_files() -> None:
    assert read_archive([packed(entry("link", type=tarfile.SYMTYPE, linkname="a"), entry("a", b"1"))]) == {"a": b"1"}


def test_several_gzip_members_are_one_archive() -> None:
    whole = tar(entry("a", b"1" * 3000), entry("b", b"2"))

    assert read_archive([gzip.compress(whole[:1000]) + gzip.compress(whole[1000:])]) == {"a": b"1" * 3000, "b": b"2"}


def test_long_and_foreign_names_are_read() -> None:
    names = {"d/" * 60 + "name.yaml": b"1", "ümlaut/文.yaml": b"2"}

    assert read_archive([packed(*(entry(name, content) for name, content in names.items()))]) == names


def test_chunks_are_read_to_their_end() -> None:
    """Whoever yields the chunks compares their digest at the end, so the end must be reached."""
    reached = []

    def chunks() -> Iterator[bytes]:
        yield packed(entry("a", b"1"))
        yield b""
        reached.append(True)

    read_archive(chunks())

    assert reached


def sparse() -> bytes:
    header = bytearray(tar(entry("holes", b"x" * 512))[:512])
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[483:495] = b"77777777777\0"  # real size: 8 GiB
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    return gzip.compress(bytes(header) + b"x" * 512 + bytes(1024))


def latin() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo("\xff"))
    return stream.getvalue()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "traversal": (lambda: packed(entry("../evil", b"x")), r"'\.\./evil' has a name that leads out"),
    "hidden traversal": (lambda: packed(entry("a/b/../../../evil", b"x")), "leads out of the folder"),
    "traversal at the end": (lambda: packed(entry("a/..", type=tarfile.DIRTYPE)), "leads out of the folder"),
    "what Flux takes for traversal": (lambda: packed(entry("a../b", b"x")), "leads out of the folder"),
    "absolute": (lambda: packed(entry("/etc/passwd", b"x")), "'/etc/passwd' has an absolute name"),
    "drive": (lambda: packed(entry("C:/evil", b"x")), "absolute name"),
    "backslash": (lambda: packed(entry("..\\evil", b"x")), "has a backslash"),
    "no name": (lambda: packed(entry("", b"x")), "without a name"),
    "not UTF-8": (latin, "is not UTF-8"),
    "link out": (lambda: packed(entry("a", type=tarfile.SYMTYPE, linkname="../b")), "link that leads out"),
    "absolute link": (lambda: packed(entry("a", type=tarfile.SYMTYPE, linkname="/etc")), "link that leads out"),
    "link to the parent": (lambda: packed(entry("a/b", type=tarfile.SYMTYPE, linkname="../..")), "link that leads out"),
    "hard link": (
        lambda: packed(entry("a", b""), entry("b", type=tarfile.LNKTYPE, linkname="a")),
        "'b' is a hard link",
    ),
    "character device": (lambda: packed(entry("a", type=tarfile.CHRTYPE)), "is a character device"),
    "block device": (lambda: packed(entry("a", type=tarfile.BLKTYPE)), "is a block device"),
    "pipe": (lambda: packed(entry("a", type=tarfile.FIFOTYPE)), "is a named pipe"),
    "sparse": (sparse, "sparse file|damaged"),
    "duplicate": (lambda: packed(entry("a", b"1"), entry("./a", b"2")), "'a' is in the archive twice"),
    "file and folder": (lambda: packed(entry("a", b"1"), entry("a", type=tarfile.DIRTYPE)), "twice"),
    "file below file": (lambda: packed(entry("a", b"1"), entry("a/b", b"2")), "lies below 'a', which is no folder"),
    "file below link": (
        lambda: packed(entry("a", type=tarfile.SYMTYPE, linkname="b"), entry("a/b", b"2")),
        "lies below 'a', which is no folder",
    ),
    "folder became file": (lambda: packed(entry("a/b", b"1"), entry("a", b"2")), "twice"),
    "root is a file": (lambda: packed(entry("./.", b"1")), "is the root, but no folder"),
    "cut off": (lambda: packed(entry("a", b"1"))[:-6], "ends too early"),
    "cut off in the content": (lambda: gzip.compress(tar(entry("a", b"1" * 2000))[:1500]), "damaged"),
    "cut off in a header": (lambda: gzip.compress(tar(entry("a", b"1"), entry("b", b"1"))[:1300]), "damaged"),
    "bad second header": (lambda: gzip.compress(tar(entry("a", b"1"))[:1024] + b"garbage!" * 64), "damaged"),
    "bad checksum": (lambda: packed(entry("a", b"1"))[:-8] + b"\0\0\0\0" + packed(entry("a", b"1"))[-4:], "damaged"),
    "garbage behind": (lambda: packed(entry("a", b"1")) + b"more", "something else"),
    "not compressed": (lambda: tar(entry("a", b"1")), "uncompressed, not a gzipped tar"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd" + b"x" * 100, "compressed with zstd"),
    "nothing": (lambda: b"", "empty"),
    "empty gzip": (lambda: gzip.compress(b""), "damaged"),
    "text": (lambda: gzip.compress(b"kind: Namespace\n" * 100), "damaged"),
    "compressed too well": (lambda: packed(entry("a", bytes(9 * 1024 * 1024))), "more than 200 times its size"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archive_is_refused_with_its_reason(name: str) -> None:
    make, message = HOSTILE[name]

    with pytest.raises(TrustError, match=message):
        read_archive([make()])


def test_size_is_limited() -> None:
    content = packed(entry("a", b"x" * 5000))

    with pytest.raises(TrustError, match="more than 4096 bytes") as refused:
        read_archive([content], Limits(max_bytes=4096))
    assert refused.value.hint == "--max-size allows more"
    assert read_archive([content], Limits(max_bytes=20_000))["a"] == b"x" * 5000


def test_claimed_size_is_not_believed() -> None:
    """A header that promises more than there is must not cost memory."""
    info, _ = entry("a")
    info.size = 1 << 40
    with pytest.raises(TrustError):
        read_archive([gzip.compress(info.tobuf() + bytes(1024))])


def test_entries_are_limited() -> None:
    content = packed(*(entry(str(number)) for number in range(11)))

    with pytest.raises(TrustError, match="more than 10 entries"):
        read_archive([content], Limits(max_entries=10))
    assert len(read_archive([content], Limits(max_entries=11))) == 11


def test_ratio_counts_only_beyond_a_harmless_size() -> None:
    assert len(read_archive([packed(entry("a", bytes(7 * 1024 * 1024)))])["a"]) == 7 * 1024 * 1024


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for candidate in (content, gzip.compress(content)):
        try:
            files = read_archive([candidate], Limits(max_bytes=1 << 20))
        except TrustError:
            continue
        assert all(".." not in path.split("/") and not path.startswith("/") for path in files)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_damaged_headers_are_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(tar(entry("base/a.yaml", b"a: 1\n"), entry("b" * 120, b"x"), entry("c", b"y")))
    for _ in range(data.draw(st.integers(1, 4))):
        start = 512 * data.draw(st.integers(0, len(content) // 512 - 1))
        content[start + data.draw(st.integers(0, 511))] = data.draw(st.integers(0, 255))
        header = content[start : start + 512]
        # With a right checksum, so that the damage gets past the first check.
        content[start + 148 : start + 156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    try:
        files = read_archive([gzip.compress(bytes(content), 1)], Limits(max_bytes=1 << 20))
    except TrustError:
        return
    assert all(".." not in path.split("/") and not path.startswith("/") and "\\" not in path for path in files)
