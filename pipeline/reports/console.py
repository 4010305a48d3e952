"""The talk on stderr: plain lines and a progress bar for people, or one JSON object per line for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

_BAR_CELLS = 24


class Talk(Protocol):
    """Where the talk goes: standard error, or what stands before it."""

    def write(self, text: str, /) -> int:
        """Write it."""
        ...

    def flush(self) -> None:
        """Flush it."""
        ...

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        ...


def has_colors(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to write in colours: on a terminal that has any, unless ``NO_COLOR`` or ``FORCE_COLOR`` says otherwise.

    Both count by not being empty (no-color.org, force-color.org); ``NO_COLOR`` is the stronger one.
    """
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (is_terminal and environment.get("TERM") != "dumb")


class Console:
    """Lines for people; a progress bar only on a terminal that can redraw a line."""

    def __init__(self, stream: Talk, *, verbose: bool, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._verbose = verbose
        is_terminal = stream.isatty()
        self._can_redraw = is_terminal and environment.get("TERM") != "dumb"
        self._color = has_colors(environment, is_terminal=is_terminal)
        self._bar_shown = False

    def info(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Print the line."""
        del fields
        self._line(message)

    def detail(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Print the line under ``-v``."""
        del fields
        if self._verbose:
            self._line(f"\x1b[2m{message}\x1b[0m" if self._color else message)

    def warn(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Print the line marked as a warning."""
        del fields
        self._line(f"\x1b[33mWarning: {message}\x1b[0m" if self._color else f"Warning: {message}")

    def progress(self, label: str, done: int, total: int) -> None:
        """Redraw the bar; it vanishes with the next line."""
        if not self._can_redraw or total <= 0:
            return
        filled = _BAR_CELLS * min(done, total) // total
        bar = "█" * filled + "░" * (_BAR_CELLS - filled)
        self._stream.write(f"\r\x1b[K{bar} {done}/{total} {label}")
        self._bar_shown = done < total
        if done >= total:
            self._stream.write("\r\x1b[K")
        self._stream.flush()

    def _line(self, message: str) -> None:
        if self._bar_shown:
            self._stream.write("\r\x1b[K")
            self._bar_shown = False
        self._stream.write(message + "\n")
        self._stream.flush()


class JsonLog:
    """One JSON object per line: ``time`` (RFC 3339, UTC), ``level``, ``message`` and the fields."""

    def __init__(self, stream: Talk, *, verbose: bool) -> None:
        self._stream = stream
        self._verbose = verbose

    def info(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Level ``info``."""
        self._write("info", message, fields)

    def detail(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Level ``debug``, under ``-v``."""
        if self._verbose:
            self._write("debug", message, fields)

    def warn(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Level ``warning``."""
        self._write("warning", message, fields)

    def progress(self, label: str, done: int, total: int) -> None:
        """Nothing: a log is no place for a bar."""

    def _write(self, level: str, message: str, fields: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"time": now, "level": level, "message": message, **fields}
        self._stream.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
        self._stream.flush()
