"""The puller's log, as Flux's controllers write theirs: one JSON object per line, or lines for people.

A line is ``{"level","ts","msg","controllerKind","name","namespace",…}``, so that what reads Flux's logs reads these.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from pipeline.model.documents.printable import printable

Level = Literal["debug", "info", "error"]
Encoding = Literal["json", "console"]

_RANKS: Mapping[str, int] = {"debug": 0, "info": 1, "error": 2}
_MAX_TEXT = 4096
_MAX_LINE = 16 * 1024
_OWN = ("level", "ts", "msg", "controllerKind", "name", "namespace", "revision", "reconcileID")
# Beyond what JSON escapes: DEL, C1 controls, line separators, marks of direction, lone surrogates.
_UNSAFE = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Log:
    """A ``Reporter`` that knows what it is about; safe in many threads, and deaf to a stream that is gone."""

    def __init__(
        self,
        stream: TextIO,
        *,
        encoding: Encoding = "json",
        level: Level = "info",
        bound: Mapping[str, str] | None = None,
        lock: threading.Lock | None = None,
    ) -> None:
        self._stream = stream
        self._encoding = encoding
        self._level: Level = level
        self._bound = dict(bound or {})
        self._lock = lock or threading.Lock()

    def about(self, kind: str, namespace: str, name: str, revision: str = "", reconcile_id: str = "") -> Log:
        """The same log with the object in every line."""
        bound = {
            "controllerKind": kind,
            "name": name,
            "namespace": namespace,
            "revision": revision,
            "reconcileID": reconcile_id,
        }
        fields = self._bound | {key: value for key, value in bound.items() if value}
        return Log(self._stream, encoding=self._encoding, level=self._level, bound=fields, lock=self._lock)

    def info(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Level ``info``."""
        self._write("info", message, fields)

    def detail(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Level ``debug``."""
        self._write("debug", message, fields)

    def warn(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - see the port
        """Level ``error``: Flux knows no other for what deserves attention."""
        self._write("error", message, fields)

    def error(self, message: str, **fields: Any) -> None:  # noqa: ANN401 - as in the port
        """Level ``error``."""
        self._write("error", message, fields)

    def progress(self, label: str, done: int, total: int) -> None:
        """Nothing: a log is no place for a bar."""

    def _write(self, level: Level, message: str, fields: Mapping[str, Any]) -> None:
        if _RANKS[level] < _RANKS[self._level]:
            return
        ts = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"level": level, "ts": ts, "msg": message, **self._bound}
        # A field cannot pose as what the line itself says.
        entry |= {f"{key}_" if key in entry else key: value for key, value in fields.items()}
        line = _json(entry) if self._encoding == "json" else _console(entry)
        try:
            with self._lock:
                self._stream.write(line + "\n")
                self._stream.flush()
        except (OSError, ValueError):
            # Nobody listens any more; the work goes on.
            return


def _json(entry: Mapping[str, Any]) -> str:
    line = _dumped({key: _cut(value) for key, value in entry.items()})
    if len(line) > _MAX_LINE:
        line = _dumped({key: _cut(entry[key]) for key in _OWN if key in entry} | {"truncated": True})
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _console(entry: Mapping[str, Any]) -> str:
    values = " ".join(f"{key}={value}" for key, value in entry.items() if key not in {"level", "ts", "msg"})
    return printable(f"{entry['ts']} {entry['level'].upper():<5} {entry['msg']} {values}", _MAX_TEXT)


def _dumped(entry: Mapping[str, Any]) -> str:
    try:
        return json.dumps(entry, ensure_ascii=False, default=_text, separators=(",", ":"))
    except (TypeError, ValueError):
        # Keys that are no text, or a structure that contains itself.
        return json.dumps({key: _text(value) for key, value in entry.items()}, ensure_ascii=False)


def _text(value: object) -> str:
    return _shortened(str(value))


def _cut(value: object) -> object:
    return _shortened(value) if isinstance(value, str) else value


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
