"""What is live, kind by kind, read once for many: whoever asks at about the same time shares one list.

A Kustomization with nothing to do costs one list per kind. A thousand of them in one namespace would list the same
objects a thousand times; here a list serves everybody whose turn was asked for before it began.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Condition

from pipeline.errors import PipelineError
from pipeline.model.applying.fingerprint import fingerprint
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import OWNER_NAME_LABEL
from pipeline.model.health import Health, health
from pipeline.model.manifests import Body
from pipeline.ports import Cluster

_REST = 2.0
"""After a list that took so long, the next one waits this many times as long, so that others can join it."""
_LONGEST_REST = 1.0
_KEPT = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One live object; ``health`` is there where it was asked for."""

    fingerprint: str
    is_being_deleted: bool
    health: Health | None = None


Found = Mapping[tuple[str, str], Seen]
"""By namespace and name."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one list covers: for whom (what may be seen differs), which kind, where."""

    identity: str
    resource_type: ResourceType
    namespace: str | None
    with_health: bool


@dataclass
class _Slot:
    """The last list of a scope, and whether another is under way."""

    began: float = -1.0
    """Of the last one that ended well; seconds, ``time.monotonic``."""
    ended: float = -1.0
    found: Found = field(default_factory=dict)
    error: PipelineError | None = None
    failed: float = -1.0
    """When the list began that ended with the error."""
    is_loading: bool = False
    used: float = 0.0


class Snapshots:
    """Lists of all objects that belong to any Kustomization. Safe in many threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._slots: dict[Scope, _Slot] = {}

    def take(self, scope: Scope, cluster: Cluster, *, since: float) -> Found:
        """A list that began after that moment (seconds, ``time.monotonic``).

        Raises:
            ClusterError: the list could not be had.
        """
        with self._changed:
            slot = self._slots.setdefault(scope, _Slot())
            slot.used = time.monotonic()
            while slot.began < since:
                if slot.is_loading:
                    self._changed.wait()
                    if slot.error is not None and slot.failed >= since and not slot.is_loading:
                        # Who has waited for it shares the failure, too; each by itself would wait as long again.
                        raise slot.error
                    continue
                rest = slot.ended + min(_LONGEST_REST, _REST * (slot.ended - slot.began)) - time.monotonic()
                if rest <= 0:
                    slot.is_loading = True
                    break
                self._changed.wait(rest)
            else:
                return slot.found
        return self._load(slot, scope, cluster)

    def expire(self) -> None:
        """Forget what nobody has asked for of late."""
        limit = time.monotonic() - _KEPT
        with self._changed:
            for scope in [scope for scope, slot in self._slots.items() if slot.used < limit and not slot.is_loading]:
                del self._slots[scope]

    def _load(self, slot: _Slot, scope: Scope, cluster: Cluster) -> Found:
        began = time.monotonic()
        found: Found | None = None
        error: PipelineError | None = None
        try:
            found = _look(scope, cluster)
        except PipelineError as failure:
            error = failure
            raise
        else:
            return found
        finally:
            with self._changed:
                slot.is_loading = False
                slot.error, slot.failed = error, began
                if found is not None:
                    slot.began, slot.ended, slot.found = began, time.monotonic(), found
                self._changed.notify_all()


def _look(scope: Scope, cluster: Cluster) -> Found:
    kind = scope.resource_type
    now = time.time()
    bodies = (
        cluster.list_objects(kind, scope.namespace, OWNER_NAME_LABEL)
        if scope.with_health
        else cluster.list_metadata(kind, scope.namespace, OWNER_NAME_LABEL)
    )
    return {_place(body): _seen(body, now if scope.with_health else None) for body in bodies}


def _place(body: Body) -> tuple[str, str]:
    metadata = body["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _seen(body: Body, now: float | None) -> Seen:
    metadata = body["metadata"]
    return Seen(
        fingerprint(metadata),
        bool(metadata.get("deletionTimestamp")),
        None if now is None else health(body, now=now),
    )
