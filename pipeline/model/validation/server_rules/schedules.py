"""The schedules of CronJobs.

Source: Kubernetes documentation, "CronJob" (schedule syntax); github.com/robfig/cron/v3 ``ParseStandard``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS: Final = {name: index for index, name in enumerate(_MONTH_NAMES, 1)}
_DAYS: Final = {name: index for index, name in enumerate(_DAY_NAMES)}
_FIELDS: Final[tuple[tuple[str, int, int, Mapping[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_DESCRIPTORS: Final = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_NUMBER: Final = "[0-9]{1,18}"
"""What Go reads into 64 bits."""
_PART: Final = re.compile(
    rf"(?P<first>\*|\?|{_NUMBER}|[A-Za-z]+)(-(?P<last>{_NUMBER}|[A-Za-z]+))?(/(?P<step>{_NUMBER}))?"
)


def schedule_problem(schedule: str) -> str:
    """What is wrong with a schedule, as ``is …; expected …``; empty: nothing, or nothing that is known here."""
    if schedule.startswith(("@every ", "TZ=", "CRON_TZ=")):
        return ""
    if schedule.startswith("@"):
        known = f"{', '.join(_DESCRIPTORS)}, @every DURATION"
        return "" if schedule in _DESCRIPTORS else f"is no schedule; expected five fields, or one of: {known}"
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        names = ", ".join(name for name, *_ in _FIELDS)
        return f"has {len(fields)} fields; expected five: {names}"
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, least, most, words) for part in text.split(",") if part):
            allowed = f"{least} to {most}" + (f" or {', '.join(words)}" if words else "")
            return (
                f"has '{text}' for the {name}; expected {allowed}, *, ranges such as {least}-{most}, steps such as */2"
            )
    return ""


def _is_part(text: str, least: int, most: int, words: Mapping[str, int]) -> bool:
    match = _PART.fullmatch(text)
    if match is None or (match["step"] is not None and int(match["step"]) == 0):
        return False
    if match["first"] in ("*", "?"):
        return True
    first = _number(match["first"], words)
    last = _number(match["last"], words) if match["last"] is not None else first
    return first is not None and last is not None and least <= first <= last <= most


def _number(text: str, words: Mapping[str, int]) -> int | None:
    return int(text) if text.isdigit() else words.get(text.lower())
