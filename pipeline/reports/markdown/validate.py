"""What the gates found, for a pull request: the gravest first, by file and line; what is many is folded by object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.reporting import ReportContext
from pipeline.model.validation.finding import Finding, NotEvaluated, Severity
from pipeline.reports.markdown.changes import folded
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, html_code, prose

_HEADER = "| place | object | rule | what, and what to do |\n|---|---|---|---|"
_SUPPRESSED_HEADER = "| place | object | rule | why it is all right |\n|---|---|---|---|"
_NOT_EVALUATED_HEADER = "| place | object | rule | why not |\n|---|---|---|---|"
_TITLES = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.NOTE: "Notes"}
_MOST_OPEN = 10
"""So many warnings or notes stand in a table; errors always do."""
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(result: ValidateResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    verdict = _counts(result) if result.findings or result.not_evaluated else "nothing found"
    words = f"passed; {verdict}" if result.is_passed else f"failed; {verdict}"
    gates = "; ".join(
        code(check.gate) + (f" against {prose(check.subject)}" if check.subject else "") for check in result.checks
    )
    what = f"{code(result.subject.name)}, {result.objects} objects" + (f", by {gates}" if gates else "")
    return compose((title(words, context, "Validation"), what), _sections(result), context)


def _counts(result: ValidateResult) -> str:
    numbers = [(result.count(severity), noun) for severity, noun in _NOUNS.items()]
    parts = [f"{number} {noun}{'s' if number > 1 else ''}" for number, noun in numbers if number]
    parts += [f"{result.suppressed} suppressed"] if result.suppressed else []
    parts += [f"{len(result.not_evaluated)} not evaluated"] if result.not_evaluated else []
    return ", ".join(parts)


def _sections(result: ValidateResult) -> Iterator[Section]:
    open_findings = sorted((item for item in result.findings if item.suppression is None), key=_place)
    for severity, name in _TITLES.items():
        found = [item for item in open_findings if item.severity is severity]
        if severity is Severity.ERROR or len(found) <= _MOST_OPEN:
            yield Section(name, [_row(item) for item in found], _HEADER)
        else:
            yield Section(name, list(_by_object(found, _NOUNS[severity])))
        if severity is Severity.ERROR:
            yield Section(
                "Not evaluated", [_not_evaluated(item) for item in result.not_evaluated], _NOT_EVALUATED_HEADER
            )
    suppressed = sorted((item for item in result.findings if item.suppression is not None), key=_place)
    yield Section("Suppressed", [_row(item) for item in suppressed], _SUPPRESSED_HEADER)


def _place(finding: Finding) -> tuple[str, int, str]:
    origin = finding.origin
    return (origin.file, origin.line or 0, finding.rule) if origin else ("\uffff", 0, finding.rule)


def _by_object(findings: Sequence[Finding], noun: str) -> Iterator[Item]:
    """One item for each object, and one for what is about none."""
    groups: dict[ObjectId | None, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.object_id].append(finding)
    for object_id, group in groups.items():
        name = str(object_id) if object_id else "about no single object"
        yield _object(name, f"{len(group)} {noun}{'s' if len(group) > 1 else ''}", group)


def _object(name: str, number: str, findings: Sequence[Finding]) -> Item:
    return Item(
        f"- {code(name)}: {number}",
        lambda: folded(f"{html_code(name)}, {number}", "\n".join(map(_line, findings))),
    )


def _line(finding: Finding) -> str:
    place = f" at {code(str(finding.origin))}" if finding.origin else ""
    return f"- {code(finding.rule)}{place}{_field(finding)}: {_words(finding)}"


def _row(finding: Finding) -> Item:
    if finding.suppression is not None:
        words = f"{prose(finding.suppression.reason)} ({prose(finding.suppression.place)})"
    else:
        words = _words(finding)
    subject = (code(str(finding.object_id)) if finding.object_id else "") + _field(finding)
    return _cells(finding.origin, subject, finding.rule, words)


def _words(finding: Finding) -> str:
    return prose(finding.message) + (f" **→** {prose(finding.hint)}" if finding.hint else "")


def _field(finding: Finding) -> str:
    """The field, where no line says already which one it is: paths are long, and push the words out of sight."""
    is_known = finding.origin is not None and finding.origin.line is not None
    return f" {code(finding.path)}" if finding.path and not is_known else ""


def _not_evaluated(item: NotEvaluated) -> Item:
    subject = code(str(item.object_id)) if item.object_id else ""
    return _cells(item.origin, subject, item.rule, prose(item.reason))


def _cells(origin: Origin | None, subject: str, rule: str, words: str) -> Item:
    place = code(str(origin)) if origin else ""
    return Item(f"| {place} | {subject} | {code(rule)} | {words} |")
