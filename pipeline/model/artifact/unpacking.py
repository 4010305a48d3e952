"""Read what somebody else packed: every entry is judged before anything is done with it.

Refused: names that leave the folder, links that do, devices and other special files, duplicates, and archives that are
larger, more numerous or better compressed than the limits allow. Links that stay inside are left out, as Flux does.
"""

from __future__ import annotations

import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tarfile import HeaderError
from typing import IO, Self, cast

from pipeline.errors import TrustError

# tarfile's default errors="surrogateescape" is what lets names that are not UTF-8 be told apart and refused.
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_STEP = 256 * 1024
_READ = 8 * tarfile.BLOCKSIZE
"""What tarfile reads at once: whatever it takes out of that, it copies the rest."""
_RATIO_FLOOR = 8 * 1024 * 1024
"""Bytes below which the ratio does not matter: a thousand alike manifests compress well, and so little harms nobody."""
_DRIVE = re.compile(r"[A-Za-z]:/")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may unpack to.

    Attributes:
        max_bytes: of the unpacked archive, headers included.
        max_entries: files, folders and links.
        max_ratio: unpacked to packed bytes, counted once more than 8 MiB are unpacked.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_entries: int = 20_000
    max_ratio: int = 200


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One entry that passed; ``path`` is relative, with ``/``, without ``.`` and ``..``."""

    path: str
    content: bytes = field(default=b"", repr=False)
    is_folder: bool = False
    is_executable: bool = False
    link_target: str | None = None
    """Set for a symbolic link that stays inside; it is for the caller to leave out and say so."""


def read_archive(chunks: Iterable[bytes], limits: Limits | None = None) -> dict[str, bytes]:
    """Path to content of every file of a gzipped tar, in its order; folders and inner links are left out.

    The chunks are read to their end, so that whatever they check there has been checked.

    Raises:
        TrustError: the archive is damaged, hostile or beyond the limits; the message says which entry and why.
    """
    entries = read_entries(chunks, limits)
    return {entry.path: entry.content for entry in entries if not entry.is_folder and entry.link_target is None}


def read_entries(chunks: Iterable[bytes], limits: Limits | None = None) -> Iterator[ArchiveEntry]:
    """Every entry of a gzipped tar, one at a time; only the end of the iteration says that all of it was good.

    Raises:
        TrustError: as for :func:`read_archive`.
    """
    limits = limits or Limits()
    stream = _Unpacked(chunks, limits)
    readable = cast("IO[bytes]", stream)  # all that tarfile does with it is to read
    seen: dict[str, bool] = {}
    try:
        # ``r|``: strictly forward, so that no header can send the reader back over what it has read.
        with tarfile.open(
            fileobj=readable, mode="r|", bufsize=_READ, tarinfo=_StrictHeader, encoding="utf-8"
        ) as archive:
            for number, member in enumerate(archive, start=1):
                if number > limits.max_entries:
                    raise TrustError(
                        f"the archive has more than {limits.max_entries} entries",
                        hint="--max-entries allows more",
                        code="trust.archive",
                    )
                entry = _judge(member, archive)
                # The root itself has no name; Flux writes it, others do not.
                if entry.path:
                    _check_new(entry, seen)
                    yield entry
        stream.drain()
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
        raise _damaged(error) from None


def unpacked(chunks: Iterable[bytes], limits: Limits | None = None) -> Iterator[bytes]:
    """The uncompressed bytes of a gzipped layer, under the limits on size and ratio.

    Raises:
        TrustError: it is damaged or beyond the limits.
    """
    return _Unpacked(chunks, limits or Limits()).steps()


def checked_path(name: str) -> str:
    """The name as a clean relative path; empty for the root.

    Raises:
        TrustError: it is absolute, leaves the folder, or cannot be a file's name everywhere.
    """
    if not name:
        raise TrustError("the archive has an entry without a name", code="trust.archive")
    if "\\" in name:
        raise _hostile(name, "has a backslash in its name")
    if name.startswith("/") or _DRIVE.match(name):
        raise _hostile(name, "has an absolute name")
    # Flux refuses the mere substring; what it would refuse in the cluster must not get that far.
    if "../" in f"{name}/":
        raise _hostile(name, "has a name that leads out of the folder")
    if "\0" in name:
        raise _hostile(name, "has a zero byte in its name")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise _hostile(name, "has a name that is not UTF-8") from None
    return "/".join(part for part in name.split("/") if part not in {"", "."})


def _judge(member: tarfile.TarInfo, archive: tarfile.TarFile) -> ArchiveEntry:
    path = checked_path(member.name)
    if member.isdir():
        return ArchiveEntry(path, is_folder=True)
    if not path:
        raise _hostile(member.name, "is the root, but no folder")
    if member.issym():
        return ArchiveEntry(path, link_target=_checked_target(path, member.linkname))
    if member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or member.issparse():
        raise _hostile(member.name, f"is a {_KINDS.get(member.type, 'special file')}, which no manifest needs")
    if member.name.endswith("/"):
        raise _hostile(member.name, "is a file with a folder's name")
    stream = archive.extractfile(member)
    content = stream.read() if stream else b""
    if len(content) != member.size:
        raise _hostile(member.name, "ends before its size")
    return ArchiveEntry(path, content, is_executable=bool(member.mode & 0o100))


_KINDS = {
    tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "character device",
    tarfile.BLKTYPE: "block device",
    tarfile.FIFOTYPE: "named pipe",
    tarfile.CONTTYPE: "contiguous file",
    tarfile.GNUTYPE_SPARSE: "sparse file",
    tarfile.REGTYPE: "sparse file",
}


def _checked_target(path: str, target: str) -> str:
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if target.startswith("/") or "\\" in target or resolved == ".." or resolved.startswith("../"):
        raise _hostile(path, f"is a link that leads out of the folder, to {target!r}")
    return target


def _check_new(entry: ArchiveEntry, seen: dict[str, bool]) -> None:
    if entry.path in seen and not (entry.is_folder and seen[entry.path]):
        raise _hostile(entry.path, "is in the archive twice")
    parent = posixpath.dirname(entry.path)
    while parent and parent not in seen:
        seen[parent] = True
        parent = posixpath.dirname(parent)
    if parent and not seen[parent]:
        raise _hostile(entry.path, f"lies below {parent!r}, which is no folder")
    seen[entry.path] = entry.is_folder


class _StrictHeader(tarfile.TarInfo):
    """Complains about headers that tarfile, behind the first one, takes for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        """The next header."""
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            # The two ways in which an archive may end: a block of zeros, or nothing more. Both names are unknown to
            # the type checker's library.
            if type(error).__name__ in {"EOFHeaderError", "EmptyHeaderError"}:
                raise
            raise _damaged(error) from None


def _damaged(why: object) -> TrustError:
    return TrustError(f"the archive is damaged: {why}", code="trust.archive")


def _hostile(name: str, complaint: str) -> TrustError:
    return TrustError(f"the archive is refused: {name!r} {complaint}", code="trust.archive")


class _Unpacked:
    """The unpacked bytes as a file to read from, never holding much more than is asked for."""

    def __init__(self, chunks: Iterable[bytes], limits: Limits) -> None:
        # An empty chunk is not the end: whoever yields it may still have a digest to compare.
        self._chunks = (chunk for chunk in chunks if chunk)
        self._limits = limits
        self._inflater: zlib._Decompress | None = None
        self._pending = b""
        self._buffer = bytearray()
        self._packed = 0
        self._unpacked = 0

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes unless the archive ends before."""
        while len(self._buffer) < size:
            step = self._step()
            if step is None:
                break
            self._buffer += step
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def drain(self) -> None:
        """Read on to the end, so that checksums and whatever the chunks check at their end are checked."""
        self._buffer.clear()
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[bytes]:
        """Whatever comes, until the end."""
        while (step := self._step()) is not None:
            yield step

    def _step(self) -> bytes | None:
        """Some more unpacked bytes, perhaps none, or ``None`` at the end."""
        if not self._pending:
            self._pending = next(self._chunks, b"")
            self._packed += len(self._pending)
        is_last = not self._pending
        if self._inflater is None:
            if is_last and self._packed:
                return None
            self._begin()
            return b""
        try:
            # Also at the end: what did not fit into the last step is still in there.
            unpacked = self._inflater.decompress(self._pending, _STEP)
        except zlib.error as error:
            raise _damaged(error) from None
        self._count(len(unpacked))
        if self._inflater.eof:
            self._pending, self._inflater = self._inflater.unused_data, None
        elif is_last and not unpacked:
            raise _damaged("it ends too early")
        else:
            self._pending = self._inflater.unconsumed_tail
        return unpacked

    def _begin(self) -> None:
        """A gzip member begins here; there may be several, one behind the other (RFC 1952)."""
        while len(self._pending) < len(_ZSTD_MAGIC) and (more := next(self._chunks, b"")):
            self._pending += more
            self._packed += len(more)
        if not self._pending.startswith(_GZIP_MAGIC):
            raise TrustError(f"the layer is {_what(self._pending)}, not a gzipped tar archive", code="trust.archive")
        self._inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._limits.max_bytes:
            raise TrustError(
                f"the archive unpacks to more than {self._limits.max_bytes} bytes",
                hint="--max-size allows more",
                code="trust.archive",
            )
        if self._unpacked > _RATIO_FLOOR and self._unpacked > self._packed * self._limits.max_ratio:
            raise TrustError(
                f"the archive unpacks to more than {self._limits.max_ratio} times its size",
                hint="--max-ratio allows more",
                code="trust.archive",
            )


def _what(head: bytes) -> str:
    if head.startswith(_ZSTD_MAGIC):
        return "compressed with zstd"
    if head.rstrip(b"\0") == b"":
        return "empty or padded with zero bytes"
    return "something else or uncompressed"
