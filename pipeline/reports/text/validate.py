"""What gates found, for people: by file, the gravest first; what was not evaluated, and the counts last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.model.manifests import Origin
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.validation.finding import Finding, NotEvaluated, Severity
from pipeline.reports.text.values import Paint, printable

_STYLES = {Severity.ERROR: "red+bold", Severity.WARNING: "yellow+bold", Severity.NOTE: "cyan"}
_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}
_NOWHERE = "without a file"


def render(result: ValidateResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: ValidateResult, paint: Paint) -> Iterator[str]:
    shown = [finding for finding in result.findings if finding.suppression is None]
    for file, findings in _by_file(shown):
        yield paint("bold", printable(file))
        for finding in findings:
            yield from _finding(finding, paint)
        yield ""
    yield from _not_evaluated(result.not_evaluated, paint)
    yield from _suppressed(result, paint)
    yield from _counts(result, paint)


def _by_file(findings: Iterable[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """Files with the gravest findings first, and in each these by line; of files alike, what has none comes first."""
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(_file(finding.origin), []).append(finding)
    for found in files.values():
        found.sort(key=lambda item: (_GRAVITY[item.severity], (item.origin.line or 0) if item.origin else 0))
    for file in sorted(files, key=lambda name: (_GRAVITY[files[name][0].severity], name != _NOWHERE, name)):
        yield file, files[file]


def _file(origin: Origin | None) -> str:
    if origin is None:
        return _NOWHERE
    return f"{origin.file} (chart {origin.chart})" if origin.chart is not None else origin.file


def _finding(finding: Finding, paint: Paint) -> Iterator[str]:
    line = finding.origin.line if finding.origin is not None else None
    place = f"{line}: " if line is not None else ""
    severity = paint(_STYLES[finding.severity], finding.severity.value)
    subject = f"  {printable(str(finding.object_id))}" if finding.object_id is not None else ""
    yield f"  {place}{severity} {printable(finding.rule)}{paint('dim', subject)}"
    yield f"      {printable(finding.message)}"
    if finding.hint:
        yield paint("dim", f"      hint: {printable(finding.hint)}")


def _not_evaluated(items: tuple[NotEvaluated, ...], paint: Paint) -> Iterator[str]:
    if not items:
        return
    yield paint("yellow+bold", "Not evaluated, which is no pass:")
    for item in items:
        subject = f"  {item.object_id}" if item.object_id is not None else ""
        yield f"  {printable(item.gate)} {printable(item.rule)}{paint('dim', printable(subject))}"
        yield f"      {printable(item.reason)}"
    yield ""


def _suppressed(result: ValidateResult, paint: Paint) -> Iterator[str]:
    """One line each: a suppression is to be seen, without getting into the way."""
    for finding in result.findings:
        if finding.suppression is None:
            continue
        subject = f" {finding.object_id}" if finding.object_id is not None else ""
        said = f"{finding.suppression.reason} ({finding.suppression.place})"
        yield paint("dim", printable(f"suppressed: {finding.rule}{subject}: {said}"))


def _counts(result: ValidateResult, paint: Paint) -> Iterator[str]:
    counted = [
        (result.count(Severity.ERROR), "error", _STYLES[Severity.ERROR]),
        (result.count(Severity.WARNING), "warning", _STYLES[Severity.WARNING]),
        (result.count(Severity.NOTE), "note", _STYLES[Severity.NOTE]),
    ]
    parts = [paint(style, f"{number} {word}{'s' * (number > 1)}") for number, word, style in counted if number]
    parts += [f"{result.suppressed} suppressed"] if result.suppressed else []
    parts += [f"{len(result.not_evaluated)} not evaluated"] if result.not_evaluated else []
    found = ", ".join(parts) or paint("green", "nothing found")
    objects = f"{result.objects} object{'' if result.objects == 1 else 's'}"
    yield f"{objects} of {printable(result.subject.name)}: {found}"
    for check in result.checks:
        against = f" against {printable(check.subject)}" if check.subject else ""
        yield paint("dim", f"  {check.gate}{against}")
