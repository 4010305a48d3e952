"""Artifacts on local disk, by content; losing any of it costs one pull.

A file is named by the digest of its bytes and appears by a rename, so that a process killed at any instant leaves whole
files and ``*.part`` files that the next start removes. Nothing is synced to the disk: what a crash of the machine tears
is found out when it is read, since every read compares the digest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import RLock

from pipeline.errors import ConfigurationError, PipelineError, TrustError
from pipeline.model.artifact.reference import is_digest
from pipeline.model.artifact.unpacking import ArchiveEntry, Limits, read_entries

_CHUNK = 256 * 1024
_NAME = re.compile(r"([0-9a-f]{64})\.tar\.gz")
_UNFINISHED = ".part"
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class CacheError(PipelineError):
    """The cache cannot be read or written."""

    exit_code = 8
    code = "cache"


class CacheFullError(CacheError):
    """The artifact does not fit: it is larger than the cache may be, the rest is in use, or the disk is full."""

    code = "cache.full"


class ArtifactMissingError(CacheError):
    """The artifact is not in the cache, or was damaged and has been removed: pull it again."""

    code = "cache.missing"


class ArtifactCache:
    """Gzipped tars by ``sha256:<hex>``; the least recently used go first when room is needed. Safe in many threads."""

    def __init__(self, directory: str | Path, max_bytes: int) -> None:
        """Take over what is in the directory, and make it where it is missing.

        Raises:
            ConfigurationError: the directory cannot be made, read or written.
        """
        self.directory = Path(directory)
        self.max_bytes = max_bytes
        self._lock = RLock()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._total = 0
        self._kept: frozenset[str] = frozenset()
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_over()
            probe = self.directory / f"{uuid.uuid4().hex}{_UNFINISHED}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ConfigurationError(
                f"{self.directory}: artifacts cannot be kept there: {error.strerror or error}",
                hint="name a folder that may be written: --cache-dir",
            ) from error

    @property
    def size(self) -> int:
        """Bytes of all artifacts together."""
        return self._total

    def keep(self, digests: Iterable[str]) -> None:
        """These are in use and never evicted, until the next call names others."""
        kept = frozenset(digests)
        with self._lock:
            self._kept = kept

    def hold(self, digest: str) -> None:
        """This one is in use as well, until the next call of :meth:`keep` decides."""
        with self._lock:
            self._kept |= {digest}

    def has(self, digest: str) -> bool:
        """Whether the artifact is there; its bytes are compared only when they are read."""
        with self._lock:
            known = digest in self._sizes
        return known and self._file(digest).exists()

    def store(self, content: bytes | Iterable[bytes]) -> tuple[str, int]:
        """Keep the bytes; returns their digest and size. An error of the iterable's own goes through, and leaves none.

        Raises:
            CacheFullError: they do not fit, and what else is there is in use; nothing of them is left.
            CacheError: they cannot be written.
        """
        unfinished = self.directory / f"{uuid.uuid4().hex}{_UNFINISHED}"
        try:
            try:
                digest, size = self._write(unfinished, (content,) if isinstance(content, bytes) else content)
                with self._lock:
                    self._forget(digest)
                    self._make_room(size)
                    unfinished.replace(self._file(digest))
                    self._sizes[digest] = size
                    self._total += size
            except OSError as error:
                raise self._failure(error) from error
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
        return digest, size

    def chunks(self, digest: str) -> Iterator[bytes]:
        """The packed bytes, good only once the iterator has ended without an error.

        Raises:
            ArtifactMissingError: it is not there, or was damaged and has been removed.
            CacheError: it cannot be read.
        """
        running = hashlib.sha256()
        try:
            with self._file(digest).open("rb") as file:
                self._used(digest)
                while chunk := file.read(_CHUNK):
                    running.update(chunk)
                    yield chunk
        except FileNotFoundError:
            with self._lock:
                # Somebody may have stored it since.
                if not self._file(digest).exists():
                    self._forget(digest)
            raise ArtifactMissingError(f"artifact {digest} is not in the cache") from None
        except OSError as error:
            raise CacheError(f"{self._file(digest)}: cannot be read: {error.strerror or error}") from error
        if f"sha256:{running.hexdigest()}" != digest:
            self.remove(digest)
            raise ArtifactMissingError(f"artifact {digest} was damaged in the cache and has been removed")

    def read(self, digest: str, limits: Limits | None = None) -> dict[str, bytes]:
        """Path to content of every file of the artifact.

        Raises:
            ArtifactMissingError: it is not there, or was damaged and has been removed.
            TrustError: the archive is hostile or beyond the limits.
            CacheError: it cannot be read.
        """
        entries = self.entries(digest, limits)
        return {entry.path: entry.content for entry in entries if not entry.is_folder and entry.link_target is None}

    def entries(self, digest: str, limits: Limits | None = None) -> Iterator[ArchiveEntry]:
        """Every entry, one at a time; only the end of the iteration says that all of it was good.

        Raises:
            ArtifactMissingError: as for :meth:`read`.
            TrustError: the same.
            CacheError: the same.
        """
        try:
            yield from read_entries(self.chunks(digest), limits)
        except TrustError:
            # Damage makes bad archives: tell it from a bad archive that is just what was stored.
            for _ in self.chunks(digest):
                pass
            raise

    def check(self, digest: str) -> bool:
        """Whether the artifact is there and its bytes are right; damaged ones are removed."""
        try:
            for _ in self.chunks(digest):
                pass
        except CacheError:
            return False
        return True

    def remove(self, digest: str) -> None:
        """Remove the artifact, if it is there."""
        # Both at once: what somebody stores in between would be gone, or be there and not be counted.
        with self._lock:
            self._forget(digest)
            with suppress(OSError):
                self._file(digest).unlink()

    def _file(self, digest: str) -> Path:
        if not is_digest(digest):
            raise ArtifactMissingError(f"'{digest[:100]}' is not a digest; expected sha256: and 64 hexadecimal digits")
        return self.directory / f"{digest.removeprefix('sha256:')}.tar.gz"

    def _take_over(self) -> None:
        found: list[tuple[float, str, int]] = []
        for entry in self.directory.iterdir():
            if entry.name.endswith(_UNFINISHED):
                entry.unlink()
            elif (match := _NAME.fullmatch(entry.name)) is not None:
                facts = entry.stat()
                found.append((facts.st_mtime, f"sha256:{match.group(1)}", facts.st_size))
        for _, digest, size in sorted(found):
            self._sizes[digest] = size
            self._total += size

    def _write(self, file: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
        running = hashlib.sha256()
        size = 0
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            for chunk in chunks:
                size += len(chunk)
                if size > self.max_bytes:
                    raise CacheFullError(
                        f"the artifact is larger than the cache may be ({self.max_bytes} bytes)",
                        hint="--cache-max-size allows more",
                    )
                running.update(chunk)
                self._write_chunk(descriptor, chunk)
        finally:
            os.close(descriptor)
        return f"sha256:{running.hexdigest()}", size

    def _write_chunk(self, descriptor: int, chunk: bytes) -> None:
        left = memoryview(chunk)
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except OSError as error:
                # A full disk may be full of what nobody needs.
                if error.errno not in _NO_SPACE or not self._evict_one():
                    raise

    def _make_room(self, size: int) -> None:
        while self._total + size > self.max_bytes:
            if not self._evict_one():
                raise CacheFullError(
                    f"{size} bytes do not fit into the cache ({self.max_bytes} bytes): all that is there is in use",
                    hint="--cache-max-size allows more",
                )

    def _evict_one(self) -> bool:
        with self._lock:
            digest = next((digest for digest in self._sizes if digest not in self._kept), None)
            if digest is None:
                return False
            self.remove(digest)
        return True

    def _used(self, digest: str) -> None:
        with self._lock:
            if digest in self._sizes:
                self._sizes.move_to_end(digest)
        with suppress(OSError):
            os.utime(self._file(digest))

    def _forget(self, digest: str) -> None:
        with self._lock:
            self._total -= self._sizes.pop(digest, 0)

    def _failure(self, error: OSError) -> CacheError:
        why = error.strerror or str(error)
        if error.errno in _NO_SPACE:
            return CacheFullError(f"{self.directory}: the artifact cannot be kept: {why.lower()}")
        return CacheError(f"{self.directory}: the artifact cannot be kept: {why.lower()}")
