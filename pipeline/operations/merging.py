"""Several streams as one, in the order in which their items come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from queue import Queue
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")

_AHEAD = 1000
"""Items that wait for a slow reader before the streams have to."""


class _End:
    """The end of one stream, and what it failed with."""

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


def as_they_come(streams: Sequence[Iterable[Item]]) -> Iterator[Item]:
    """Items of all streams until the last has ended, each stream read in a thread of its own.

    The first failure of a stream is raised once it is met. Threads whose stream never ends die with the process.
    """
    if len(streams) == 1:
        yield from streams[0]
        return
    items: Queue[Item | _End] = Queue(_AHEAD)

    def read(stream: Iterable[Item]) -> None:
        try:
            for item in stream:
                items.put(item)
        except BaseException as failure:  # noqa: BLE001 - it is raised where the items are read
            items.put(_End(failure))
        else:
            items.put(_End(None))

    for stream in streams:
        Thread(target=read, args=(stream,), daemon=True).start()
    running = len(streams)
    while running:
        item = items.get()
        if not isinstance(item, _End):
            yield item
            continue
        running -= 1
        if item.failure is not None:
            raise item.failure
