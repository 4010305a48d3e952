"""What runs, verified, for a pull request or a run's page: the verdict, its parts, then what failed and why."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.verify import ObjectHealth, Verdict, VerifyResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.changes import folded, items
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, fenced, html_code, prose
from pipeline.reports.text.pods import event_line, pod_lines

_MARKS = {Verdict.PASSED: "✓ passed", Verdict.FAILED: "✗ **failed**", Verdict.SKIPPED: "skipped",
          Verdict.UNKNOWN: "**unknown**"}  # fmt: skip


def render(result: VerifyResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    verdict = "verified" if result.is_verified else f"NOT verified ({', '.join(result.failures)})"
    head = (title(verdict, context, "Verify"), _what(result), _parts(result))
    return compose(head, _sections(result, context), context)


def _what(result: VerifyResult) -> str:
    place = f"{code(f'{result.namespace}/{result.inventory}')} on {code(result.cluster)}"
    artifact = f"{code(result.artifact.digest_url)} in {place}" if result.artifact else place
    return f"{artifact}, after {result.elapsed:.1f} s"


def _parts(result: VerifyResult) -> str:
    parts = (("signature", result.signature), ("drift", result.drift), ("health", result.health))
    rows = [f"| {name} | {_MARKS[part.verdict]} | {prose(part.message)} |" for name, part in parts]
    if result.incomplete:
        rows.insert(0, f"| apply | {_MARKS[Verdict.FAILED]} | {prose(result.incomplete)} |")
    return "\n".join(["| part | verdict | |", "|---|---|---|", *rows])


def _sections(result: VerifyResult, context: ReportContext) -> Iterator[Section]:
    yield Section("Not healthy", [_object(item) for item in result.health.unhealthy])
    yield Section("Drifted", items(result.drift.changes, is_whole=not context.limit))
    problems = [Item(f"- {prose(problem)}") for problem in result.drift.problems]
    yield Section("What applying again would run into", problems)


def _object(item: ObjectHealth) -> Item:
    message = f": {prose(item.health.message)}" if item.health.message else ""
    line = f"- {code(str(item.object_id))} is {item.health.status}{message}"
    found = item.findings
    lines = [*found.notes, *map(event_line, found.events)]
    for pod in found.pods:
        lines += pod_lines(pod)
    if found.more_pods:
        lines.append(f"and {found.more_pods} more Pods in trouble")
    words = f"{html_code(str(item.object_id))} is {item.health.status}"
    says = f"It says: {prose(item.health.message)}" if item.health.message else ""
    return Item(line, (lambda: folded(words, says, _log(lines))) if lines else None)


def _log(lines: list[str]) -> str:
    """What was said on several lines is marked, so that none of them begins as its author chose."""
    return fenced(line.replace("\r", "").replace("\n", "\n| ") for line in lines)
