"""The layer of an artifact: a compressed tar."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress

from pipeline.errors import PipelineError
from pipeline.model.artifact.archive import pack, write_tar
from pipeline.model.artifact.unpacking import Limits, read_archive

LIMITS = Limits(max_bytes=4 * 1024 * 1024, max_entries=200, max_ratio=200)


def seeds() -> Iterator[bytes]:
    files = [("a.yaml", b"a: 1\n"), ("b/c.yaml", b"c\n" * 300), ("d" * 120 + "/" + "e" * 120, b"long")]
    yield pack(files).content
    yield gzip.compress(write_tar(files).tar, mtime=0)
    yield write_tar(files).tar
    yield gzip.compress(bytes(3 * 1024 * 1024), mtime=0)


def consume(data: bytes) -> None:
    for content in (data, gzip.compress(data, 1)):
        with suppress(PipelineError):
            read_archive([content[:100], content[100:]], LIMITS)
