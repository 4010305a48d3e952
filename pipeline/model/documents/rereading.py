"""Documents that two sets of manifests share are read once: most of what is compared has not changed.

A stream of YAML is taken apart where its documents begin, and each part looked up by its bytes. What cannot be taken
apart with certainty is one part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from pipeline.errors import ManifestError
from pipeline.model.manifests import Origin, Resource

Read = Callable[[bytes, str], list[Resource]]
"""From content and file name to objects, each with its line."""
Part = tuple[bytes, int]
"""What means the same as a file of its own, and how many lines stand before it; the first may be one too many."""

_ANCHOR = re.compile(rb"(?<![0-9A-Za-z&=>;/%])&[0-9A-Za-z_-]")
"""Whatever may be one; how far aliases unfold is counted over the whole file."""
_LINE_BREAKS = ("\x85".encode(), "\u2028".encode(), "\u2029".encode())
_BYTE_ORDER_MARK = "\ufeff".encode()


class RememberedParts:
    """Reads what it has not seen yet, and gives the rest again with the file and line where it stands now."""

    def __init__(self) -> None:
        self._objects: dict[bytes, tuple[Resource, ...]] = {}

    def read(self, content: bytes, file: str, read: Read) -> list[Resource]:
        """As ``read`` does.

        Raises:
            ManifestError: as ``read``.
        """
        parts = parts_of(content)
        unknown = [part for part, _ in parts if part not in self._objects]
        if len(unknown) * 2 > len(parts):
            return self._read_whole(content, file, read, parts)
        try:
            for part in unknown:
                self._objects[part] = tuple(read(part, file))
        except ManifestError:
            # Read as a whole, it is refused with the place in the whole.
            return read(content, file)
        return [_moved(known, file, before) for part, before in parts for known in self._objects[part]]

    def _read_whole(self, content: bytes, file: str, read: Read, parts: list[Part]) -> list[Resource]:
        found = read(content, file)
        rest = iter(found)
        resource = next(rest, None)
        for index, (part, before) in enumerate(parts):
            end = parts[index + 1][1] if index + 1 < len(parts) else None
            its_own = []
            while resource is not None and (end is None or _line(resource) <= end):
                its_own.append(_moved(resource, file, -before))
                resource = next(rest, None)
            self._objects[part] = tuple(its_own)
        return found


REMEMBERED: ContextVar[RememberedParts | None] = ContextVar("remembered parts", default=None)


@contextmanager
def sharing_documents() -> Iterator[None]:
    """Have ``read_manifests`` remember all that it reads within, for who reads two versions of one thing.

    Equal documents become objects that share one body.
    """
    token = REMEMBERED.set(RememberedParts())
    try:
        yield
    finally:
        REMEMBERED.reset(token)


def parts_of(content: bytes) -> list[Part]:
    """The documents of a stream, each with its ``---``; all of it as one part where that would not be certain.

    Marks of documents count wherever a line begins with them, but a part must not need what stands before it
    (directives), end in another way (``...``), or share its budget of aliases.
    """
    if not _can_be_parted(content):
        return [(content, 0)]
    text, before = (b"\n" + content, 0) if content.startswith(b"---") else (b"\n---\n" + content, -1)
    pieces = text[:-1].split(b"\n---")[1:]
    parts = []
    for piece in pieces:
        if piece and piece[0] not in b" \t\n":
            return [(content, 0)]
        parts.append((b"---" + piece + b"\n", before))
        before += piece.count(b"\n") + 1
    return parts


def _can_be_parted(content: bytes) -> bool:
    if content[-1:] != b"\n" or content[:1] == b"%" or content.lstrip()[:1] == b"{":
        return False
    if b"\r" in content or b"\n%" in content or b"\n..." in content or content.startswith(b"..."):
        return False
    if not content.isascii() and any(mark in content for mark in (*_LINE_BREAKS, _BYTE_ORDER_MARK)):
        return False
    return b"&" not in content or not _ANCHOR.search(content)


def _moved(resource: Resource, file: str, lines: int) -> Resource:
    return replace(resource, origin=Origin(file, _line(resource) + lines))


def _line(resource: Resource) -> int:
    return 0 if resource.origin is None or resource.origin.line is None else resource.origin.line
