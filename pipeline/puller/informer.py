"""Keeps a store up to date: one list, then a watch that is resumed, and another list where that cannot be."""

from __future__ import annotations

import random
from threading import Event, Thread

from pipeline.errors import PipelineError, WatchExpiredError
from pipeline.model.cluster import ChangeType, ResourceType, WatchEvent
from pipeline.ports import ApiServer, Reporter
from pipeline.puller.keys import Key
from pipeline.puller.store import ObjectStore

_WATCH_SECONDS = 300.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


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
    ) -> None:
        self._api = api
        self._type = resource_type
        self._store = store
        self._reporter = reporter
        self._namespace = namespace
        self._selector = selector
        self._metadata_only = metadata_only
        self._stop = Event()
        self._listed = Event()
        self._thread = Thread(target=self._run, name=f"watch {resource_type.plural}", daemon=True)
        self._version = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; a watch that is under way ends with the process."""
        self._stop.set()

    @property
    def is_synced(self) -> bool:
        """Whether everything that was there at the beginning has been seen."""
        return self._listed.is_set()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is at work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                if not self._version:
                    self._list()
                self._watch()
            except WatchExpiredError:
                self._version = ""
                continue
            except PipelineError as error:
                self._reporter.warn(f"watching {self._type.plural}: {error.message}")
                self._stop.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load, no secret
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one event contains
                self._reporter.warn(f"watching {self._type.plural}: {type(error).__name__}: {error}")
                self._version = ""
                self._stop.wait(pause)
                continue
            pause = _FIRST_PAUSE

    def _list(self) -> None:
        listing = self._api.list(self._type, self._namespace, self._selector, metadata_only=self._metadata_only)
        self._store.replace_all(listing.items)
        self._version = listing.resource_version
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
        for event in events:
            if self._stop.is_set():
                return
            self._take(event)
            self._version = event.resource_version or self._version

    def _take(self, event: WatchEvent) -> None:
        if event.type is ChangeType.BOOKMARK:
            return
        if event.type is ChangeType.DELETED:
            version = event.resource_version
            self._store.remove(Key.of(self._store.kind, event.body), int(version) if version.isdigit() else None)
            return
        self._store.put(event.body)
