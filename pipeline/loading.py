"""Getting something slow ready in the background.

Two threads that import the same packages at once, which import each other in circles, may meet half of one: Python
hands that out rather than wait for ever. Whoever imports a package with an HTTP client in it calls ``settle`` first.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread, current_thread
from typing import Generic, TypeVar

Made = TypeVar("Made")
_threads: list[Thread] = []


def settle() -> None:
    """Wait until nothing is loading any more; who loads waits for nobody, for that could be for each other."""
    loading = tuple(_threads)
    if current_thread() in loading:
        return
    for thread in loading:
        if thread.is_alive():
            thread.join()


class Loaded(Generic[Made]):
    """The same for a value that is there already."""

    def __init__(self, made: Made) -> None:
        self._made = made

    def result(self) -> Made:
        """The value."""
        return self._made


class Loading(Generic[Made]):
    """Makes a value in a thread of its own, from now on.

    Loading an HTTP client takes a tenth of a second: time in which a command can read, render and pack.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: list[Made] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="loading")
        _threads.append(self._thread)
        self._thread.start()

    def result(self) -> Made:
        """The value, once it is there; in any thread, any number of times."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._made[0]

    def _run(self) -> None:
        try:
            self._made.append(self._make())
        except BaseException as error:  # noqa: BLE001 - raised again where the value is asked for
            self._error = error
        finally:
            _threads.remove(self._thread)
