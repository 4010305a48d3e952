"""A run as one page: every stage's items with that stage's own words, and one verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from pipeline.errors import PipelineError, RefusedError
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.reports import render_result
from tests import report_material as material
from tests.unit.html.test_html_reports import data


def page(result: RunResult) -> str:
    return render_result(result, "html")


def heading(result: RunResult) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page(result))
    assert found
    return unescape(found[1])


def part(*stages: str, failure: PipelineError | None = None) -> RunResult:
    whole = material.run()
    return replace(whole, stages=tuple(run for run in whole.stages if run.stage in stages), failure=failure)


def test_items_of_all_stages_have_their_own_sections_styles_and_tags() -> None:
    document = data(page(material.run()))
    told = {
        (document["sections"][item["section"]]["title"], document["styles"][item["style"]]["word"], item["tags"][0])
        for item in document["items"]
    }
    assert {
        ("validate: Errors", "error", "validate:error"),
        ("apply: Deleted", "deleted", "apply:prune"),
        ("verify: Failed", "failed", "verify:Failed"),
    } <= told
    sections = [item["section"] for item in document["items"]]
    assert sections == sorted(sections)


def test_what_was_applied_is_not_told_a_second_time_as_a_diff() -> None:
    titles = [section["title"] for section in data(page(material.run()))["sections"]]
    assert not [title for title in titles if title.startswith("diff")]
    assert [title for title in data(page(part("diff")))["sections"] if title["title"] == "diff: To delete"]


def test_every_stage_is_told_in_a_line_with_its_time() -> None:
    text = page(material.run())
    for line in ("Not passed: 1 error, 1 warning, 1.5 s", "2 deletions and 6 other changes, 1.5 s"):
        assert line in text


def test_the_last_stage_says_how_it_ended() -> None:
    assert heading(material.run()) == "Not verified: drift, health"
    signed = StageRun(stage="sign", result=material.plan(), seconds=2.0)
    published = replace(part("validate"), stages=(*part("validate").stages, signed))
    assert heading(published) == "2 stages in 3.5 s"


def test_a_run_that_failed_never_looks_like_one_that_went_well() -> None:
    failure = RefusedError("no <such> cluster", hint="name another one")
    assert heading(part("validate", "apply", failure=failure)) == "Failed after apply"
    assert heading(part("validate", failure=failure)) == "Not passed: 1 error, 1 warning"
    assert heading(part(failure=failure)) == "Failed before the first stage had ended"


def test_a_run_that_failed_says_what_for_before_its_stages() -> None:
    text = page(part("validate", "apply", failure=RefusedError("no <such> cluster", hint="name another one")))
    assert "What it failed for" not in page(part("validate", "apply"))
    assert 0 < text.index("What it failed for") < text.index("no &lt;such&gt; cluster") < text.index(">Stages<")
    assert "name another one" in text
