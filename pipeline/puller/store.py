"""The objects that are watched, as they were last seen; kept as JSON text, a tenth of what dicts would take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from threading import Lock, RLock
from typing import Any

from pipeline.model.manifests import Body
from pipeline.puller.keys import Key

Handler = Callable[[Key, Body | None, Body | None], None]
"""Told of the object before and after a change; ``None`` stands for not being there."""


class ObjectStore:
    """Objects of one kind. What is put in never goes back to an older version. Safe in many threads."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._lock = Lock()
        self._telling = RLock()
        """Held from a change until all are told of it, so that changes are told in the order in which they came."""
        self._texts: dict[Key, bytes] = {}
        self._versions: dict[Key, int] = {}
        self._gone: dict[Key, int] = {}
        """The last versions of deleted objects, so that an answer that comes late does not bring them back."""
        self._handlers: list[Handler] = []

    def on_change(self, handler: Handler) -> None:
        """Have somebody told of every change, in the thread that brings it."""
        self._handlers.append(handler)

    def get(self, key: Key) -> dict[str, Any] | None:
        """The object, made anew for the caller; without ``managedFields``."""
        with self._lock:
            text = self._texts.get(key)
        return None if text is None else json.loads(text)

    def keys(self) -> tuple[Key, ...]:
        """All objects."""
        with self._lock:
            return tuple(self._texts)

    def put(self, body: Body) -> None:
        """Take over a newer version."""
        key = Key.of(self.kind, body)
        version = _version(body)
        text = _text(body)
        with self._telling:
            with self._lock:
                if version <= self._versions.get(key, -1) or version <= self._gone.get(key, -1):
                    return
                before = self._texts.get(key)
                self._texts[key], self._versions[key] = text, version
                self._gone.pop(key, None)
            self._tell(key, before, text)

    def remove(self, key: Key, version: int | None = None) -> None:
        """The object is gone, as of that version."""
        with self._telling:
            with self._lock:
                if version is not None and version < self._versions.get(key, -1):
                    return
                before = self._texts.pop(key, None)
                last = self._versions.pop(key, -1)
                self._gone[key] = max(last, version or -1)
                if len(self._gone) > 1000:  # noqa: PLR2004 - late answers come within seconds
                    self._gone.pop(next(iter(self._gone)))
            if before is not None:
                self._tell(key, before, None)

    @property
    def newest(self) -> int:
        """The highest version of any object; 0 without any."""
        with self._lock:
            return max(self._versions.values(), default=0)

    def replace_all(self, bodies: Iterable[Body], *, is_rewound: bool = False) -> None:
        """Take over a whole list: what is not in it is gone.

        ``is_rewound``: versions begin again lower than they were, for etcd was restored from a backup.
        """
        if is_rewound:
            with self._lock:
                self._versions = dict.fromkeys(self._versions, -1)
                self._gone.clear()
        known = set(self.keys())
        for body in bodies:
            known.discard(Key.of(self.kind, body))
            self.put(body)
        for key in known:
            self.remove(key)

    def _tell(self, key: Key, before: bytes | None, after: bytes | None) -> None:
        old = None if before is None else json.loads(before)
        new = None if after is None else json.loads(after)
        for handler in self._handlers:
            handler(key, old, new)


def _version(body: Body) -> int:
    version = str(body["metadata"].get("resourceVersion", ""))
    return int(version) if version.isdigit() else 0


def _text(body: Body) -> bytes:
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    return json.dumps({**body, "metadata": metadata}, separators=(",", ":"), ensure_ascii=False).encode()
