"""Pack files so that the same files give the same bytes: on any machine, umask, time zone, checkout and Python.

The layout is Flux's (one ``.`` entry, folders before what is in them, byte order within a folder, no trailing slashes,
owner 0, time 0), except that modes are fixed: 0644 for files and 0755 for folders. Empty folders are left out, since
Git does not keep them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.errors import ManifestError, TrustError
from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.artifact.unpacking import Limits, checked_path

_BLOCK = 512
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755
_MAX_USTAR_SIZE = 0o77777777777
_NAME_BYTES = 100
_PREFIX_BYTES = 155
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Archive:
    """A packed folder; ``content_digest`` is that of the unpacked tar, which no compressor can change."""

    content: bytes = field(repr=False)
    content_digest: str
    files: int


def pack(files: Iterable[tuple[str, bytes]]) -> Archive:
    """Pack ``(path, content)`` pairs; paths are relative, with ``/``.

    Raises:
        ManifestError: there is nothing to pack or too much, a name that no unpacker would take, or the same name twice.
    """
    content = write_tar(files)
    limits = Limits()
    if len(content.tar) > limits.max_bytes or content.files > limits.max_entries:
        # Nobody with the default limits could pull it.
        raise ManifestError(
            f"{content.files} files with {len(content.tar)} bytes are more than an artifact may hold: "
            f"{limits.max_entries} files, {limits.max_bytes} bytes",
            hint="is it the right folder? .sourceignore and --ignore-path leave things out",
        )
    return Archive(compress(content.tar), sha256_digest(content.tar), content.files)


@dataclass(frozen=True, slots=True)
class Tar:
    """An uncompressed archive."""

    tar: bytes = field(repr=False)
    files: int


def write_tar(files: Iterable[tuple[str, bytes]], *, may_be_empty: bool = False) -> Tar:
    """The uncompressed archive.

    Raises:
        ManifestError: as for :func:`pack`.
    """
    contents: dict[str, bytes] = {}
    for name, content in files:
        path = _packable(name)
        if path in contents:
            raise ManifestError(f"{name} is there twice")
        contents[path] = content
    if not contents and not may_be_empty:
        raise ManifestError(
            "there is nothing to package: no files, or all of them are ignored",
            hint="see .sourceignore, --ignore-path and --no-default-ignores",
        )
    blocks = [_header(".", 0, is_folder=True)]
    written: set[str] = set()
    # By path components, as Go's WalkDir goes: "a/x" before "a.yaml", although "." sorts before "/".
    for path in sorted(contents, key=lambda path: path.encode().split(b"/")):
        for folder in _folders_of(path):
            if folder in contents:
                raise ManifestError(f"{folder} is both a file and a folder")
            if folder not in written:
                written.add(folder)
                blocks.append(_header(folder, 0, is_folder=True))
        content = contents[path]
        blocks += (_header(path, len(content), is_folder=False), content, bytes(-len(content) % _BLOCK))
    blocks.append(bytes(2 * _BLOCK))
    return Tar(b"".join(blocks), len(contents))


def write_file(name: str, content: bytes) -> bytes:
    """An uncompressed archive of one file alone, without a folder before it.

    Raises:
        ManifestError: a name that no unpacker would take.
    """
    header = _header(_packable(name), len(content), is_folder=False)
    return b"".join((header, content, bytes(-len(content) % _BLOCK), bytes(2 * _BLOCK)))


def compress(content: bytes) -> bytes:
    """Gzip without name and time.

    zlib does not do: which one the standard library links differs between systems (zlib-ng on Fedora and on Windows),
    each compresses to other bytes, and zlib-ng's differ by version and processor. zopfli takes seconds where this takes
    milliseconds. libdeflate's output depends on its version alone, which the package carries and we pin.
    """
    import deflate

    return bytes(deflate.gzip_compress(content, _LEVEL))


def _packable(name: str) -> str:
    try:
        path = checked_path(name)
    except TrustError as error:
        raise ManifestError(error.message.replace("the archive is refused: ", "")) from None
    if not path:
        raise ManifestError(f"{name!r} is no file name")
    return path


def _folders_of(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _header(path: str, size: int, *, is_folder: bool) -> bytes:
    """POSIX.1-1988 ustar; what does not fit (names that are long or not ASCII) goes into a POSIX.1-2001 record before.

    Written here and not by tarfile: that one puts a slash behind folders, and its bytes are no promise of Python's.
    """
    mode, kind = (_FOLDER_MODE, b"5") if is_folder else (_FILE_MODE, b"0")
    name = path.encode()
    prefix = b""
    extended = b""
    if size > _MAX_USTAR_SIZE:
        raise ManifestError(f"{path} is larger than 8 GiB")
    if not path.isascii() or (split := _split(name)) is None:
        record = _record("path", path)
        extended = _block(b"PaxHeaders.0/gitless", b"", _FILE_MODE, len(record), b"x")
        extended += record + bytes(-len(record) % _BLOCK)
        name = path.encode("ascii", "replace")[:_NAME_BYTES]
    else:
        prefix, name = split
    return extended + _block(name, prefix, mode, size, kind)


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    if len(name) <= _NAME_BYTES:
        return b"", name
    slash = name.rfind(b"/", 0, _PREFIX_BYTES + 1)
    if slash <= 0 or not 0 < len(name) - slash - 1 <= _NAME_BYTES:
        return None
    return name[:slash], name[slash + 1 :]


def _record(key: str, value: str) -> bytes:
    """Length, key and value on one line; the length counts its own digits."""
    body = f" {key}={value}\n".encode()
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def _block(name: bytes, prefix: bytes, mode: int, size: int, kind: bytes) -> bytes:
    fields = (
        name.ljust(_NAME_BYTES, b"\0"),
        b"%07o\0" % mode,
        b"%07o\0" % 0,  # user
        b"%07o\0" % 0,  # group
        b"%011o\0" % size,
        b"%011o\0" % 0,  # time
        b" " * 8,  # checksum, counted as spaces
        kind,
        bytes(100),  # link target
        b"ustar\x0000",
        bytes(64),  # names of user and group
        b"%07o\0" % 0,  # device numbers
        b"%07o\0" % 0,
        prefix.ljust(_PREFIX_BYTES, b"\0"),
        bytes(12),
    )
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]
