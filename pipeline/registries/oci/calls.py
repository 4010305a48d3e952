"""A request to a registry as we mean it, before credentials, retries and redirects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.errors import RegistryError
from pipeline.registries.oci.challenges import Scopes

SAFE = frozenset({"GET", "HEAD"})
_OK = frozenset({200, 201, 202, 204})


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as we mean it; ``what`` completes "cannot …" in messages.

    ``content`` is called anew for every try. ``accepted`` statuses are returned, all others raised.
    """

    method: str
    url: str
    what: str
    scopes: Scopes = field(hash=False)
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    content: Callable[[], Iterable[bytes]] | None = None
    size: int = 0
    accepted: frozenset[int] = _OK
    idempotent: bool = True
    retried: bool = True
    stream: bool = False


class SizedBody:
    """A body with a known length that is never in memory at once."""

    def __init__(self, content: Callable[[], Iterable[bytes]], size: int) -> None:
        self._content = content
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        try:
            for chunk in self._content():
                sent += len(chunk)
                if sent > self._size:
                    break
                yield chunk
        except OSError as error:
            # Passed on as it is, it would look like a broken connection.
            raise RegistryError(f"cannot read what is to be uploaded: {error.strerror or 'unknown reason'}") from error
        if sent != self._size:
            raise RegistryError("what is to be uploaded changed while it was sent")
