"""The text report of a run, which names what ran, and what a run failed for."""

from __future__ import annotations

from dataclasses import replace

from pipeline.errors import RefusedError
from pipeline.model.outcome.run import RunResult
from pipeline.reports import render_result
from tests import report_material as material


def _report(result: RunResult) -> str:
    return render_result(result, "text")


def test_a_run_is_one_line_and_its_digest() -> None:
    run = material.run()
    line = "shop for production: validate, diff, apply, verify in 6.0 s"
    assert _report(run) == f"{line}\n{run.digest_url}\n"


def test_a_run_that_failed_never_reads_like_one_that_went_well() -> None:
    whole = replace(material.run(), digest_url="", failure=RefusedError("no\x1b[2J cluster\n# x", hint="name\nanother"))
    assert _report(replace(whole, stages=whole.stages[:1])) == (
        "shop for production: FAILED after validate in 1.5 s\nno\\u001b[2J cluster # x\n  name\n  another\n"
    )
    assert _report(replace(whole, stages=())).startswith(
        "shop for production: FAILED before the first stage had ended\nno"
    )
