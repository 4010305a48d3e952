"""A run of the chain: its stages in a table, and then the reports of those that have one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

from pipeline.model.outcome import Result
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import VerifyResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.apply import verdict
from pipeline.reports.markdown.changes import TO_DO, counted
from pipeline.reports.markdown.document import size
from pipeline.reports.markdown.escaping import code, link, prose
from pipeline.reports.markdown.failure import render_failure
from pipeline.reports.text.outcomes import outcome

_LEAST_ROOM = 2_000
"""Characters; in fewer a stage's report would say nothing."""
_FAILURE_ROOM = 2_500
_REPORTED = (ValidateResult, DiffResult, ApplyResult, VerifyResult)


def render(result: RunResult, context: ReportContext) -> str:
    """The report, ending with a newline: failed stages first; apply's report stands for that of the diff before it."""
    text = overview(result, context)
    is_applied = any(isinstance(run.result, ApplyResult) and run.result.is_complete for run in result.stages)
    left_out = []
    for run in sorted(result.stages, key=lambda run: not _is_failed(run.result)):
        if not isinstance(run.result, _REPORTED) or (is_applied and isinstance(run.result, DiffResult)):
            continue
        room = context.limit - size(text) - _LEAST_ROOM // 2 if context.limit else 0
        if context.limit and room < _LEAST_ROOM:
            left_out.append(run.stage)
            continue
        text += f"\n{_stage(run.result, replace(context, limit=room, label=''))}"
    if left_out:
        whole = f"; {link('the whole report', context.link)}" if context.link else ""
        text += f"\n**This report is cut**: left out: {', '.join(left_out)}{whole}.\n"
    return text


def _is_failed(result: Result) -> bool:
    match result:
        case ValidateResult():
            return not result.is_passed
        case DiffResult():
            return bool(result.obstacles)
        case ApplyResult():
            return not result.is_complete
        case VerifyResult():
            return not result.is_verified
        case _:
            return False


def overview(result: RunResult, context: ReportContext) -> str:
    """What ran, and what came of it, in a line per stage."""
    seconds = sum(run.seconds for run in result.stages)
    name = " for ".join(prose(text) for text in (result.name, result.target) if text)
    number = f"{len(result.stages)} stage{'' if len(result.stages) == 1 else 's'}"
    words = f"FAILED after {number}" if result.failure else number
    lines = [f"### Run of {name}: {words} in {seconds:.1f} s", ""]
    if result.failure is not None:
        failure = result.failure
        lines += [render_failure("gitless run", failure.message, failure.hint or "", _FAILURE_ROOM)]
    lines += [code(result.digest_url), ""] if result.digest_url else []
    if result.tags is not None:
        lines += [f"Tags: {', '.join(code(moved.tag) for moved in result.tags.tags)}", ""]
    if result.stages:
        lines += ["| stage | outcome | time |", "|---|---|---:|", *map(_row, result.stages)]
    del context  # whatever the room is, this fits
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(run: StageRun) -> str:
    return f"| {run.stage} | {' '.join(_outcome(run.result))} | {run.seconds:.1f} s |"


def _outcome(result: Result) -> Iterator[str]:
    match result:
        case ValidateResult():
            yield "passed" if result.is_passed else "**failed**"
        case DiffResult():
            yield ("**would be refused** " if result.obstacles else "") + (
                counted(result.plan, TO_DO) or "no differences"
            )
        case ApplyResult():
            yield verdict(result) if result.is_complete else f"**{verdict(result)}**"
        case VerifyResult():
            yield "verified" if result.is_verified else f"**NOT verified** ({', '.join(result.failures)})"
        case _:
            yield outcome(result, code)


def _stage(result: Result, context: ReportContext) -> str:
    name = result.kind.removesuffix("Result").lower()
    report: str = import_module(f"pipeline.reports.markdown.{name}").render(result, context)
    return report
