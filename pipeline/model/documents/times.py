"""Points in time as Kubernetes and log lines write them, and how long ago they were."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.errors import ConfigurationError

EPOCH = "1970-01-01T00:00:00Z"
"""When what has no time of its own was made, so that the same content gives the same bytes."""
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def parse_time(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time; one without a zone is UTC.

    Raises:
        ConfigurationError: it is something else.
    """
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ConfigurationError(f"'{text[:50]}' is no time; expected RFC 3339, such as 2026-11-25T18:00:00Z") from None


def format_time(seconds: float) -> str:
    """RFC 3339 in UTC, such as ``2026-11-25T18:00:00Z``; with milliseconds only where there are any.

    Empty where no calendar has that time.
    """
    try:
        precision = "seconds" if seconds == int(seconds) else "milliseconds"
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""


def format_age(seconds: float) -> str:
    """A time span in at most two units, as short as kubectl's: ``45s``, ``5m12s``, ``3h20m``, ``12d``."""
    whole = max(0, int(seconds))
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 10 * _MINUTE:
        return _two(whole, _MINUTE, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 8 * _HOUR:
        return _two(whole, _HOUR, "h", _MINUTE, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _two(whole, _DAY, "d", _HOUR, "h")
    return f"{whole // _DAY}d" if whole < 2 * _YEAR else _two(whole, _YEAR, "y", _DAY, "d")


def _two(whole: int, unit: int, name: str, small: int, small_name: str) -> str:
    rest = whole % unit // small
    return f"{whole // unit}{name}" + (f"{rest}{small_name}" if rest else "")
