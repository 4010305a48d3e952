"""Durations in Go's notation, as Flux and kubectl write them."""

from __future__ import annotations

import re

from pipeline.errors import ConfigurationError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 8760 * 3600.0
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")


def parse_duration(text: str) -> float:
    """Seconds in ``1m30s``, ``500ms`` or ``2h``: Go's notation, as Flux and kubectl write it.

    Raises:
        ConfigurationError: the text is something else.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ConfigurationError(f"'{text}' is not a duration; expected a number and a unit, such as 30s, 5m or 1m30s")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST:
        raise ConfigurationError(f"'{text}' is too long; expected a duration of at most 8760h")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest exact notation that Go reads back, such as ``1h30m`` or ``1.5s``."""
    whole, rest = divmod(round(seconds * 1000), 1000)
    hours, whole = divmod(whole, 3600)
    minutes, whole = divmod(whole, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m")) if number]
    if rest:
        parts.append(f"{whole}.{rest:03d}".rstrip("0") + "s" if whole else f"{rest}ms")
    elif whole or not parts:
        parts.append(f"{whole}s")
    return "".join(parts)
