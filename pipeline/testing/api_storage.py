"""What the API server in memory keeps: objects, who owns their fields, and what happened to them since when."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from threading import Condition
from time import monotonic
from typing import Any, Self

from pipeline.errors import ClusterError, WatchExpiredError
from pipeline.model.cluster import ChangeType, ResourceType, WatchEvent
from pipeline.model.manifests import Body, ObjectId
from pipeline.testing.server_side_apply import Path, fields_v1

Matches = Callable[[Body], bool]


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns fields: the same manager applying, updating and writing a subresource are three."""

    manager: str
    operation: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object as of its last write; the body is without ``managedFields``."""

    body: Body
    api_version: str
    owners: Mapping[Owner, frozenset[Path]]

    @property
    def version(self) -> str:
        """Its resource version."""
        return str(self.body["metadata"]["resourceVersion"])

    def answer(self) -> dict[str, Any]:
        """As the API server would answer."""
        managed = [
            {
                "manager": owner.manager,
                "operation": owner.operation,
                "apiVersion": self.api_version,
                "fieldsType": "FieldsV1",
                "fieldsV1": fields_v1(paths),
                **({"subresource": owner.subresource} if owner.subresource else {}),
            }
            for owner, paths in self.owners.items()
            if paths
        ]
        metadata = {**deepcopy(self.body["metadata"]), "managedFields": managed}
        return {**deepcopy(self.body), "metadata": metadata}


@dataclass(frozen=True, slots=True)
class Change:
    """One write: what was there before and after, or ``None``."""

    version: int
    kind: tuple[str, str]
    before: Stored | None
    after: Stored | None
    last: Stored
    """What a watch tells of it: for a deletion, the object as it was, under the deletion's version."""


class Storage:
    """Objects and their history; whoever changes or reads both holds ``changed``."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.objects: dict[ObjectId, Stored] = {}
        self.changes: list[Change] = []
        self.version = 100
        self.oldest = 0
        """Watches from before it have expired."""

    def put(self, object_id: ObjectId, body: dict[str, Any], api_version: str, owners: Mapping[Any, Any]) -> Stored:
        """Store under the next version and tell the watches."""
        with self.changed:
            before = self.objects.get(object_id)
            self.version += 1
            body["metadata"]["resourceVersion"] = str(self.version)
            after = Stored(deepcopy(body), api_version, dict(owners))
            self.objects[object_id] = after
            self._happened(object_id, before, after, after)
            return after

    def remove(self, object_id: ObjectId) -> None:
        """Take it away and tell the watches."""
        with self.changed:
            before = self.objects.pop(object_id)
            self.version += 1
            metadata = {**before.body["metadata"], "resourceVersion": str(self.version)}
            last = Stored({**before.body, "metadata": metadata}, before.api_version, before.owners)
            self._happened(object_id, before, None, last)

    def _happened(self, object_id: ObjectId, before: Stored | None, after: Stored | None, last: Stored) -> None:
        self.changes.append(Change(self.version, (object_id.group, object_id.kind), before, after, last))
        self.changed.notify_all()


class MemoryStream:
    """Implements ``ports.Stream`` over whatever ``find`` gives; the condition is notified when that may be more."""

    def __init__(self, changed: Condition, find: Callable[[], Any], seconds: float) -> None:
        """``find`` returns the next one, or ``None`` for none yet; called while the condition is held."""
        self._changed = changed
        self._find = find
        self._seconds = seconds
        self._until: float | None = None
        self._has_ended = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - of whatever it is a stream
        """The next one; the end comes when its time is over or it is closed."""
        with self._changed:
            if self._until is None:
                self._until = monotonic() + self._seconds
            while not self._has_ended:
                try:
                    found = self._find()
                except Exception:
                    self._has_ended = True
                    raise
                if found is not None:
                    return found
                if not self._changed.wait(max(0.0, self._until - monotonic())) and monotonic() >= self._until:
                    self._has_ended = True
                    return self._last()
        raise StopIteration

    def close(self) -> None:
        """End it, from any thread."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _last(self) -> Any:  # noqa: ANN401 - the same
        raise StopIteration


class MemoryLines(MemoryStream):
    """Lines of a log that may still grow."""

    def __init__(self, changed: Condition, lines: Sequence[str], position: int, seconds: float) -> None:
        super().__init__(changed, self._next_line, seconds)
        self._lines = lines
        self._position = position

    def _next_line(self) -> str | None:
        if self._position >= len(self._lines):
            return None
        self._position += 1
        return self._lines[self._position - 1]


class MemoryWatch(MemoryStream):
    """The changes of one type from a version on."""

    def __init__(
        self, storage: Storage, resource_type: ResourceType, matches: Matches, version: str, seconds: float
    ) -> None:
        super().__init__(storage.changed, self._next_event, seconds)
        self._storage = storage
        self._type = resource_type
        self._matches = matches
        self._version = version
        self._position: int | None = None
        self._bookmarks: deque[str] = deque()
        self.error: ClusterError | None = None
        """What it breaks off with, as soon as it looks."""
        self.begin: Callable[[], None] = lambda: None
        self.view: Callable[[Stored], Body] = Stored.answer

    def bookmark(self) -> None:
        """Tell where it is; the storage's condition is held."""
        self._bookmarks.append(str(self._storage.version))

    def _next_event(self) -> WatchEvent | None:
        if self.error is not None:
            raise self.error
        if self._position is None:
            self.begin()
            if int(self._version) < self._storage.oldest:
                raise WatchExpiredError(f"watch of {self._type.plural}: version {self._version} is no longer known")
            self._position = bisect_right(self._storage.changes, int(self._version), key=lambda change: change.version)
        while self._position < len(self._storage.changes):
            change = self._storage.changes[self._position]
            self._position += 1
            event = self._event(change)
            if event is not None:
                return event
        return self._bookmark_at(self._bookmarks.popleft()) if self._bookmarks else None

    def _event(self, change: Change) -> WatchEvent | None:
        if change.kind != (self._type.group, self._type.kind):
            return None
        was = change.before is not None and self._matches(change.before.body)
        is_now = change.after is not None and self._matches(change.after.body)
        if not was and not is_now:
            return None
        kind = ChangeType.DELETED if not is_now else ChangeType.MODIFIED if was else ChangeType.ADDED
        return WatchEvent(kind, self.view(change.last))

    def _bookmark_at(self, version: str) -> WatchEvent:
        body = {
            "apiVersion": self._type.api_version,
            "kind": self._type.kind,
            "metadata": {"resourceVersion": version},
        }
        return WatchEvent(ChangeType.BOOKMARK, body)

    def _last(self) -> WatchEvent:
        # The API server sends one shortly before a watch ends.
        return self._bookmark_at(str(self._storage.version))
