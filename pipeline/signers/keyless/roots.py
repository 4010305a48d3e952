"""Trusted roots: read from a file's text or a TUF repository, opened once and kept for a while.

Formats: ``dev.sigstore.trustroot.v1.TrustedRoot`` (``sigstore/protobuf-specs``), The Update Framework 1.0.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pipeline.errors import TrustError
from pipeline.model.trust.policy import TrustedRoot
from pipeline.ports import Environment
from pipeline.signers.keyless.opened_root import OpenedRoot, open_root
from pipeline.signers.keyless.tuf import read_target

_MOST = 16
"""Roots kept at a time; a puller has a few, a policy document one."""
_FRESH = 3600.0
"""Seconds after which a TUF repository is asked again."""
_STALE = 24 * 3600.0
"""Seconds for which what it said last still counts while it cannot be reached."""
_PAUSE = 60.0
"""Seconds before it is tried again after a failure: every signature would wait for it otherwise."""


def tuf_folder(environment: Environment) -> Path:
    """Where TUF repositories are kept between runs: below ``XDG_CACHE_HOME``, or ``~/.cache``."""
    base = environment.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environment.get("HOME") or Path.home()) / ".cache"
    return home / "gitless" / "tuf"


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    opened: OpenedRoot | None = None
    failure: TrustError | None = None
    read_at: float = 0.0
    tried_at: float = 0.0


@lru_cache(maxsize=16)
def roots_in(folder: Path) -> Roots:
    """The ones of this process that keep TUF repositories in the folder: each root is opened once for all verifiers."""
    return Roots(folder)


class Roots:
    """The roots that were used last; safe in many threads, of which only those wait that want the same root."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[TrustedRoot, _Kept] = OrderedDict()

    def open(self, root: TrustedRoot) -> OpenedRoot:
        """The root, ready to verify with.

        Raises:
            TrustError: it cannot be read or makes no sense.
        """
        kept = self._entry(root)
        with kept.lock:
            now = self._clock()
            if kept.opened is not None and (root.content or now - kept.read_at < _FRESH):
                return kept.opened
            if kept.failure is not None and now - kept.tried_at < _PAUSE:
                return _still_good(kept, now)
            kept.tried_at = now
            try:
                kept.opened, kept.read_at, kept.failure = open_root(self._read(root), root.source), now, None
            except TrustError as error:
                kept.failure = error
                return _still_good(kept, now)
            return kept.opened

    def _entry(self, root: TrustedRoot) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(root, _Kept())
            self._kept.move_to_end(root)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
            return kept

    def _read(self, root: TrustedRoot) -> bytes:
        if root.content:
            return root.content.encode("utf-8")
        return read_target("trusted_root.json", root, self._folder)


def _still_good(kept: _Kept, now: float) -> OpenedRoot:
    if kept.opened is not None and now - kept.read_at < _STALE:
        return kept.opened
    failure = kept.failure or TrustError("the trusted root cannot be had")
    raise TrustError(failure.message, hint=failure.hint, code=failure.code)
