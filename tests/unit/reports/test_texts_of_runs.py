"""What a run's text says: what ran, what came of its stages, and what it failed for."""

from __future__ import annotations

from dataclasses import replace

from pipeline.errors import RefusedError
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.outcome.build import BuildResult
from pipeline.model.outcome.run import RunResult
from pipeline.reports import render_result
from pipeline.reports.text.outcomes import outcome
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


def test_one_of_something_is_not_told_as_several() -> None:
    objects = [Resource.from_body({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}) for name in "ab"]
    assert outcome(BuildResult(manifests=Manifests.of(objects))) == "2 objects"
    assert outcome(BuildResult(manifests=Manifests.of(objects[:1]))) == "1 object"
