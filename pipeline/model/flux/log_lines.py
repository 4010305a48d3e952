"""Lines of the puller's logs, and of Flux's controllers', which write JSON of nearly the same form.

Flux's form: zap through controller-runtime (``ts``, ``level``, ``msg``, ``controllerKind``, and the object under its
kind's name as well as in ``namespace`` and ``name``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.errors import ConfigurationError
from pipeline.model.documents.times import parse_time
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES

_LEVELS: Final = {"warning": "warn", "dpanic": "error", "panic": "error", "fatal": "error"}
_KIND_KEYS: Final = ("kind", "controllerKind", "reconciler kind")
_OBJECT_KINDS: Final = (KUSTOMIZATIONS.kind, OCI_REPOSITORIES.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line; everything but ``raw`` is empty where it is no JSON object.

    ``time`` is in seconds since the epoch, ``None`` where the line has none.
    """

    raw: str
    time: float | None = None
    timestamp: str = ""
    level: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    message: str = ""
    error: str = ""
    revision: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it is text rather than one of our records."""
        return not self.level and not self.message

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "time": self.timestamp,
            "level": self.level,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "message": self.raw if self.is_plain else self.message,
            "error": self.error,
            "revision": self.revision,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which lines; empty fields let everything through. ``namespace`` is that of the objects."""

    level: str = ""
    kind: str = ""
    name: str = ""
    namespace: str | None = None

    def lets_through(self, line: LogLine) -> bool:
        """Whether the line is wanted; one about no object in particular is, unless an object was asked for."""
        if line.is_plain:
            return not (self.level or self.kind or self.name)
        return (
            self.level in {"", line.level}
            and (not self.kind or self.kind.casefold() == line.kind.casefold())
            and (not self.name or self.name == line.name)
            and (self.namespace is None or line.namespace in {"", self.namespace})
        )


def read_log_line(raw: str) -> LogLine:
    """Read one line; whatever is no JSON object stays plain text."""
    try:
        entry = json.loads(raw) if raw.startswith("{") else None
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, Mapping):
        return LogLine(raw=raw)
    kind = next((_text(entry[key]) for key in _KIND_KEYS if _text(entry.get(key))), "")
    kind = kind or next((word for word in _OBJECT_KINDS if isinstance(entry.get(word), Mapping)), "")
    involved = entry.get(kind)
    about = involved if isinstance(involved, Mapping) else entry
    time, timestamp = _time(entry.get("ts", entry.get("time")))
    level = _text(entry.get("level")).lower()
    return LogLine(
        raw=raw,
        time=time,
        timestamp=timestamp,
        level=_LEVELS.get(level, level),
        kind=kind,
        namespace=_text(about.get("namespace")),
        name=_text(about.get("name")),
        message=_text(entry.get("msg")) or _text(entry.get("message")),
        error=_text(entry.get("error")),
        revision=_text(entry.get("revision")),
    )


def _time(value: object) -> tuple[float | None, str]:
    """RFC 3339 or, as zap writes by default, seconds since the epoch."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            moment = datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None, ""
        return float(value), moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = _text(value)
    try:
        return (parse_time(text) if text else None), text
    except ConfigurationError:
        return None, text


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
