"""An apply whose plan no longer held, in every format."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.model.plan import Action, Change, Plan
from pipeline.model.planning.difference import Difference
from pipeline.reports import render_result
from tests.unit.reports.results import HOSTILE, WEB

REFUSED = ApplyResult(
    cluster="kind",
    namespace="shop",
    inventory="shop",
    plan=Plan(),
    is_complete=False,
    plan_digest="sha256:" + "a" * 64,
    differences=(
        Difference(str(WEB), "it is gone from the cluster"),
        Difference(str(HOSTILE), "it is not in the plan"),
    ),
)
STOPPED = replace(REFUSED, plan=Plan((Change(Action.CREATE, WEB, "apps/v1"),)))


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("text", "Refused: 2 differences from the plan sha256:aaaa"),
        ("markdown", "### Apply: refused, the plan no longer holds"),
        ("html", "Refused: the plan no longer holds"),
        ("junit", "the plan no longer holds; what is listed here was done"),
    ],
)
def test_a_refused_plan_is_told_and_nothing_is_said_to_be_done(output: str, told: str) -> None:
    text = render_result(REFUSED, output)

    assert told in text
    assert "exactly as planned" not in text
    assert "\x1b" not in text
    assert ("it is gone from the cluster" in text) is (output != "text")
    assert 'a"><script>' not in text


def test_what_was_done_until_the_plan_no_longer_held_is_told_first() -> None:
    assert render_result(STOPPED, "text").splitlines()[:2] == [
        "created    Deployment.apps shop/web", "Stopped by an error, until then: 1 created, 0 unchanged."
    ]  # fmt: skip
    assert "### Apply: stopped by an error; until then 1 created" in render_result(STOPPED, "markdown")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (REFUSED, "**refused, the plan no longer holds**"),
        (STOPPED, "**stopped by an error; until then 1 created**"),
        (replace(REFUSED, differences=()), "**stopped by an error; until then nothing was done**"),
    ],
)
def test_a_run_says_of_its_apply_what_the_apply_says_of_itself(result: ApplyResult, told: str) -> None:
    stages = (StageRun(stage="apply", result=result, seconds=1.0),)
    run = RunResult(name="shop", target="", digest_url="", stages=stages)

    assert f"| apply | {told} | 1.0 s |" in render_result(run, "markdown")


def test_what_stopped_halfway_is_not_called_exactly_as_planned() -> None:
    stopped = replace(STOPPED, differences=())
    assert "exactly as planned" not in render_result(stopped, "text")
    assert "by the plan, not to its end (sha256:aaaa" in render_result(stopped, "text")
    assert "exactly as planned (sha256:aaaa" in render_result(replace(stopped, is_complete=True), "text")
