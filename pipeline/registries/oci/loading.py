"""Getting something slow ready in the background."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Made = TypeVar("Made")


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
