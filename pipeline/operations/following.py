"""Objects of several kinds, kept up to date by watches; the only requests are for what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self, TypeAlias

from pipeline.errors import ClusterError, WatchExpiredError
from pipeline.model.cluster import ChangeType, Listing, ResourceType, WatchEvent
from pipeline.model.flux.views import Key, key_of
from pipeline.model.manifests import Body
from pipeline.ports import ApiServer, Reporter, Stream

_FIRST_DELAY, _LONGEST_DELAY = 0.25, 5.0
_PAUSE = 0.1
"""Seconds after a watch that the server ended: one that ends every watch at once must not be hammered."""
_MOST_SECONDS = 3600.0
"""The longest that a queue is asked to wait; longer than a day overflows on some systems."""

_Told: TypeAlias = tuple[ResourceType, "Listing | WatchEvent | Exception"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects: no namespace means all of them; ``labels`` is a label selector, ``name`` that of one object."""

    namespace: str | None
    labels: str | None = None
    name: str | None = None

    @property
    def fields(self) -> str | None:
        """The field selector."""
        return f"metadata.name={self.name}" if self.name else None


@dataclass(frozen=True, slots=True)
class Change:
    """One object that is new, has changed, or is gone (no body)."""

    resource_type: ResourceType
    key: Key
    body: Body | None


class Following:
    """What is there of some kinds, from the first list on.

    Made by :func:`follow`; used by one thread. One thread per kind watches, and lists again where a watch cannot be
    resumed. After the first list no error of the cluster ends it, because an API server may restart at any time: they
    are told once, and ``trouble`` holds the last one until the server answers again.
    """

    def __init__(self, server: ApiServer, selection: Selection, reporter: Reporter) -> None:
        self._server, self._selection, self._reporter = server, selection, reporter
        self._objects: dict[ResourceType, dict[Key, Body]] = {}
        self._told: SimpleQueue[_Told] = SimpleQueue()
        self._stopped, self._lock = Event(), Lock()
        self._streams: dict[ResourceType, Stream[WatchEvent]] = {}
        self.trouble: ClusterError | None = None

    def start(self, resource_types: Sequence[ResourceType]) -> None:
        """List, then watch.

        Raises:
            ClusterError: a first list failed.
        """
        for resource_type in resource_types:
            listing = self._list(resource_type)
            self._objects[resource_type] = {key_of(body): body for body in listing.items}
            work = Thread(target=self._watch, args=(resource_type, listing.resource_version), daemon=True)
            work.start()

    def objects(self, resource_type: ResourceType) -> Mapping[Key, Body]:
        """All of a kind, as last seen."""
        return self._objects[resource_type]

    def next(self, seconds: float | None) -> Sequence[Change]:
        """Wait for the next thing to happen, and tell what it changed; empty after that many seconds."""
        try:
            resource_type, told = self._told.get(timeout=None if seconds is None else min(seconds, _MOST_SECONDS))
        except Empty:
            return ()
        if isinstance(told, ClusterError):
            if self.trouble is None:
                self._reporter.warn(f"{told.message}; trying again")
            self.trouble = told
            return ()
        if isinstance(told, Exception):
            raise told
        self.trouble = None
        known = self._objects[resource_type]
        changes = _relisted(resource_type, known, told) if isinstance(told, Listing) else _event(resource_type, told)
        for change in changes:
            if change.body is None:
                known.pop(change.key, None)
            else:
                known[change.key] = change.body
        return changes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with self._lock:
            streams = list(self._streams.values())
        for stream in streams:
            with suppress(ClusterError):
                stream.close()

    def _list(self, resource_type: ResourceType) -> Listing:
        chosen = self._selection
        return self._server.list(resource_type, chosen.namespace, chosen.labels, fields=chosen.fields)

    def _watch(self, resource_type: ResourceType, version: str) -> None:
        """Run in a thread of its own: whatever happens goes into the queue."""
        delay = _FIRST_DELAY
        while not self._stopped.is_set():
            try:
                if not version:
                    listing = self._list(resource_type)
                    version = listing.resource_version
                    self._told.put((resource_type, listing))
                version = self._read(resource_type, version)
                delay = _FIRST_DELAY
                self._stopped.wait(_PAUSE)
            except WatchExpiredError:
                version = ""
            except ClusterError as error:
                version = ""
                self._told.put((resource_type, error))
                self._stopped.wait(delay)
                delay = min(delay * 2, _LONGEST_DELAY)
            except Exception as error:  # noqa: BLE001 - raised again where the queue is read
                self._told.put((resource_type, error))
                return

    def _read(self, resource_type: ResourceType, version: str) -> str:
        """Hand on every event of one watch; returns the version after the last."""
        chosen = self._selection
        stream = self._server.watch(
            resource_type, chosen.namespace, chosen.labels, resource_version=version, fields=chosen.fields
        )
        with self._lock:
            self._streams[resource_type] = stream
        try:
            # Checked behind the registration: whoever stops us after this finds the stream, and closes it.
            if not self._stopped.is_set():
                for event in stream:
                    version = event.resource_version or version
                    self._told.put((resource_type, event))
        finally:
            stream.close()
        return version


def follow(
    server: ApiServer, resource_types: Sequence[ResourceType], selection: Selection, reporter: Reporter
) -> Following:
    """Begin to follow; leave the context to end it.

    Raises:
        ClusterError: the objects cannot be listed.
    """
    following = Following(server, selection, reporter)
    following.start(resource_types)
    return following


def _event(resource_type: ResourceType, event: WatchEvent) -> Sequence[Change]:
    if event.type is ChangeType.BOOKMARK:
        return ()
    return (Change(resource_type, key_of(event.body), None if event.type is ChangeType.DELETED else event.body),)


def _relisted(resource_type: ResourceType, known: Mapping[Key, Body], listing: Listing) -> Sequence[Change]:
    """What the list says that was not known."""
    listed = {key_of(body): body for body in listing.items}
    gone = [Change(resource_type, key, None) for key in known if key not in listed]
    new = [
        Change(resource_type, key, body)
        for key, body in listed.items()
        if key not in known or _version(known[key]) != _version(body)
    ]
    return (*gone, *new)


def _version(body: Body) -> str:
    return str(body["metadata"].get("resourceVersion", ""))
