"""Logins by identity, kept for as long as the process runs and they are good."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock

from pipeline.model.settings.credentials import Credentials
from pipeline.ports import Clock, RegistryIdentity

_MARGIN = 60.0
"""Seconds; who begins an upload must be able to end it."""


class Logins:
    """Every login that there is, so that the same is not asked for twice. Safe in many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[Hashable, Credentials] = {}
        self._asking: dict[Hashable, Lock] = {}
        self._told: set[Hashable] = set()

    def find(
        self, key: Hashable, identity: RegistryIdentity, host: str, refused: Credentials | None, clock: Clock
    ) -> Credentials:
        """The login that is kept under the key, unless it was refused or is about to end; else a new one."""
        with self._lock:
            asking = self._asking.setdefault(key, Lock())
        with asking:
            known = self._known.get(key)
            if known is not None and known != refused and _is_good(known, clock):
                return known
            found = self._known[key] = identity.credentials(host)
            return found

    def first_time(self, key: Hashable) -> bool:
        """Whether nobody has asked this about the key before."""
        with self._lock:
            is_first = key not in self._told
            self._told.add(key)
        return is_first


def _is_good(known: Credentials, clock: Clock) -> bool:
    return known.expires is None or known.expires - _MARGIN > clock.now()
