"""Keeps a store up to date: one list, then a watch that is resumed, and another list where that cannot be."""

from __future__ import annotations

import random
import time
from threading import Event, Lock, Thread

from pipeline.errors import PipelineError, WatchExpiredError
from pipeline.model.cluster import ChangeType, ResourceType, WatchEvent
from pipeline.ports import ApiServer, Reporter, Stream
from pipeline.puller.keys import Key
from pipeline.puller.pauses import FIRST, LONGEST, Pauses, Trouble
from pipeline.puller.store import ObjectStore

_WATCH_SECONDS = 300.0
_SHORT = 5.0
"""A watch that brings nothing and ends sooner than so many seconds counts as a failure: nothing is asked for in a
hurry, whatever is in between."""


class Informer:
    """One kind's list and watch, in a thread of its own."""

    def __init__(
        self,
        api: ApiServer,
        resource_type: ResourceType,
        store: ObjectStore,
        reporter: Reporter,
        *,
        namespace: str | None = None,
        selector: str | None = None,
        metadata_only: bool = False,
        first_pause: float = FIRST,
    ) -> None:
        """``first_pause``: seconds until the next try after a failure; it doubles with every failure in a row."""
        self._api = api
        self._type = resource_type
        self._store = store
        self._reporter = reporter
        self._namespace = namespace
        self._selector = selector
        self._metadata_only = metadata_only
        self._pauses = Pauses(first_pause)
        self._stop = Event()
        self._listed = Event()
        self._lock = Lock()
        self._stream: Stream[WatchEvent] | None = None
        self._thread = Thread(target=self._run, name=f"watch {resource_type.plural}", daemon=True)
        self._version = ""

    def __str__(self) -> str:
        return self._type.plural

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End at once, but for a list that is under way."""
        self._stop.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()

    @property
    def is_synced(self) -> bool:
        """Whether everything that was there at the beginning has been seen."""
        return self._listed.is_set()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is at work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                if not self._version:
                    self._list()
                self._watch()
                self._ended(time.monotonic() - began)
            except WatchExpiredError:
                self._version = ""
                self._pauses.failed(Trouble.EXPIRED)
            except PipelineError as error:
                self._failed(error.message, began)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one event contains
                self._version = ""
                self._failed(f"{type(error).__name__}: {error}", began)
            self._rest()

    def _ended(self, seconds: float) -> None:
        if seconds < _SHORT:
            self._pauses.failed(Trouble.AWAY)
        else:
            self._pauses.succeeded()

    def _failed(self, message: str, began: float) -> None:
        if self._stop.is_set():
            return
        trouble = Trouble.told_by(message)
        say = self._reporter.detail if trouble is Trouble.STARTING else self._reporter.warn
        say(f"watching {self._type.plural}: {message}")
        # What worked for long and then broke off is no failure in a row.
        if time.monotonic() - began > LONGEST:
            self._pauses.succeeded()
        self._pauses.failed(trouble)

    def _rest(self) -> None:
        if pause := self._pauses.seconds:
            self._stop.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load, no secret

    def _list(self) -> None:
        newest = self._store.newest
        listing = self._api.list(self._type, self._namespace, self._selector, metadata_only=self._metadata_only)
        version = listing.resource_version
        self._store.replace_all(listing.items, is_rewound=version.isdigit() and int(version) < newest)
        self._version = version
        self._listed.set()

    def _watch(self) -> None:
        events = self._api.watch(
            self._type,
            self._namespace,
            self._selector,
            resource_version=self._version,
            metadata_only=self._metadata_only,
            seconds=_WATCH_SECONDS * random.uniform(0.8, 1.2),  # noqa: S311 - the same
        )
        with self._lock:
            self._stream = events
        try:
            if self._stop.is_set():
                return
            for event in events:
                self._take(event)
                self._version = event.resource_version or self._version
                self._pauses.succeeded()
        finally:
            with self._lock:
                self._stream = None
            events.close()

    def _take(self, event: WatchEvent) -> None:
        if event.type is ChangeType.BOOKMARK:
            return
        if event.type is ChangeType.DELETED:
            version = event.resource_version
            self._store.remove(Key.of(self._store.kind, event.body), int(version) if version.isdigit() else None)
            return
        self._store.put(event.body)
