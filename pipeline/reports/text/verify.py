"""What runs, verified, for people: the verdict first, then what failed and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pipeline.model.outcome.verify import (
    DriftPart,
    HealthPart,
    ObjectHealth,
    Verdict,
    VerifyResult,
)
from pipeline.model.plan import ABSENT, SENSITIVE, Action, Change, FieldChange
from pipeline.reports.text.fields import field_lines
from pipeline.reports.text.pods import event_line, pod_lines
from pipeline.reports.text.signatures import witnesses
from pipeline.reports.text.values import Paint, printable

_MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.SKIPPED: "-", Verdict.UNKNOWN: "?"}
_COLORS = {Verdict.PASSED: "32", Verdict.FAILED: "31", Verdict.SKIPPED: "2", Verdict.UNKNOWN: "33"}

MAX_OBJECTS = 20
MAX_FIELDS = 20
"""Shown in text; the JSON document has all of them."""

_VALUE_WIDTH = 100


def render(result: VerifyResult, *, color: bool) -> str:
    """One line for the verdict, one per part, then the failures in full."""
    return "\n".join(_lines(result, color=color)) + "\n"


def _lines(result: VerifyResult, *, color: bool) -> Iterator[str]:
    verdict = Verdict.PASSED if result.is_verified else Verdict.FAILED
    words = "Verified" if result.is_verified else f"NOT verified ({', '.join(result.failures)})"
    name = f"{result.namespace}/{result.inventory} on {result.cluster}"
    yield f"{_painted(words, verdict, color=color)} {printable(name)} in {result.elapsed:.1f}s"
    if result.artifact is not None:
        yield f"  artifact   {result.artifact}"
    if result.revision or result.source:
        yield "  from       " + printable(" at ".join(filter(None, (result.source, result.revision))))
    if result.incomplete:
        yield _part("apply", Verdict.FAILED, result.incomplete, color=color)
    yield _part("signature", result.signature.verdict, result.signature.message, color=color)
    yield from (f"{'':<13}{words}" for item in result.signature.signatures if (words := witnesses(item)))
    yield _part("drift", result.drift.verdict, result.drift.message, color=color)
    yield _part("health", result.health.verdict, result.health.message, color=color)
    yield from map(printable, _drift(result.drift))
    yield from map(printable, _health(result.health))


def _part(name: str, verdict: Verdict, message: str, *, color: bool) -> str:
    return f"{_painted(_MARKS[verdict], verdict, color=color)} {name:<10} {printable(message)}"


def _painted(text: str, verdict: Verdict, *, color: bool) -> str:
    return f"\x1b[{_COLORS[verdict]}m{text}\x1b[0m" if color else text


def _drift(part: DriftPart) -> Iterator[str]:
    if part.changes or part.problems:
        yield ""
        yield "Drift:"
    for change in part.changes[:MAX_OBJECTS]:
        yield from _change(change)
    yield from _rest(len(part.changes), MAX_OBJECTS, "object(s)", "  ")
    for problem in part.problems[:MAX_OBJECTS]:
        yield f"  {problem}"
    yield from _rest(len(part.problems), MAX_OBJECTS, "problem(s)", "  ")


def _change(change: Change) -> Iterator[str]:
    what = {Action.CREATE: "is missing", Action.RECREATE: "differs where nothing can be changed in place"}
    reason = f" ({change.reason})" if change.reason else ""
    yield f"  {change.object_id} {what.get(change.action, 'differs')}{reason}"
    if change.action is not Action.CREATE:
        for field in change.fields[:MAX_FIELDS]:
            yield from (f"    {line}" for line in _field(field))
        yield from _rest(len(change.fields), MAX_FIELDS, "field(s)", "    ")


def _field(field: FieldChange) -> Iterator[str]:
    """A sentence where both values fit into it; else what differs, line by line: ``-`` is live, ``+`` should be."""
    owner = f", set by {field.manager}" if field.manager else ""
    live, wanted = (_value(side) for side in (field.before, field.after))
    if field.is_sensitive:
        yield f"{field.path}: another secret value{owner}"
    elif field.is_order or max(len(live), len(wanted)) > _VALUE_WIDTH or "\n" in live + wanted:
        yield from field_lines(field, Paint(color=False), is_full=False)
    elif field.before is ABSENT:
        yield f"{field.path}: is gone, should be {wanted}"
    elif field.after is ABSENT:
        yield f"{field.path}: {live} should not be there{owner}"
    else:
        yield f"{field.path}: is {live}{owner}, should be {wanted}"


def _value(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is ABSENT or value is SENSITIVE:
        return ""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _health(part: HealthPart) -> Iterator[str]:
    unhealthy = part.unhealthy
    if unhealthy:
        yield ""
        yield "Not healthy:"
    for item in unhealthy[:MAX_OBJECTS]:
        yield from _object(item)
    yield from _rest(len(unhealthy), MAX_OBJECTS, "object(s)", "  ")


def _object(item: ObjectHealth) -> Iterator[str]:
    yield f"  {item.object_id}: {item.health.status}" + (f", {item.health.message}" if item.health.message else "")
    for note in item.findings.notes:
        yield f"    {note}"
    for event in item.findings.events:
        yield f"    {event_line(event)}"
    for pod in item.findings.pods:
        yield from (f"    {line}" for line in pod_lines(pod))
    if item.findings.more_pods:
        yield f"    … and {item.findings.more_pods} more pod(s) in trouble"


def _rest(number: int, shown: int, what: str, indent: str) -> Iterator[str]:
    if number > shown:
        yield f"{indent}… and {number - shown} more {what}; -o json lists them all"
