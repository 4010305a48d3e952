from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import RefusedError
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import Result
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.plan import ABSENT, SENSITIVE, Action, FieldChange
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.model.reporting import ReportContext
from pipeline.model.validation.finding import Checked, Finding, Severity
from pipeline.reports import render_result
from tests.unit.markdown.parsing import OURS, is_balanced, parsed
from tests.unit.markdown.support import (
    DIGEST,
    HOSTILE,
    all_changes,
    applied,
    change,
    diff,
    finding,
    hostile_obstacle,
    plan,
    replicas,
    validation,
    verified,
)


def run(text: str = "") -> RunResult:
    results: dict[str, Result] = {
        "validate": validation(text),
        "diff": diff(*all_changes(text), text=text),
        "verify": verified(text),
    }
    stages = tuple(StageRun(stage=name, result=result, seconds=1.5) for name, result in results.items())
    return RunResult(name=f"shop{text}", target=f"production{text}", digest_url="", stages=stages)


def report(result: Result, **context: object) -> str:
    return render_result(result, "markdown", context=ReportContext(**context))  # type: ignore[arg-type]


EVERY: dict[str, Callable[[str], Result]] = {
    "diff": lambda text: diff(*all_changes(text), text=text, obstacles=(hostile_obstacle(text),)),
    "plan": plan,
    "validate": validation,
    "apply": applied,
    "verify": verified,
    "run": run,
}


@pytest.mark.parametrize("limit", [0, 60_000, 6_000])
@pytest.mark.parametrize("kind", EVERY)
def test_no_text_of_others_breaks_out_of_any_report(kind: str, limit: int) -> None:
    text = report(EVERY[kind](HOSTILE), limit=limit, label=HOSTILE, link="https://ci.test/1")

    found = parsed(text)
    assert set(found.tags) <= OURS
    assert set(found.links) <= {"https://ci.test/1"}
    assert re.search(r"[@#!~$][\w'\"]", found.text) is None, found.text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert is_balanced(text)
    assert set(found.cells) <= {3, 4}
    assert not [line for line in text.split("\n") if line.startswith(("/", "::"))]


@pytest.mark.parametrize("kind", EVERY)
def test_reports_end_with_one_line_break_and_begin_with_a_headline(kind: str) -> None:
    text = report(EVERY[kind](""))

    assert text.startswith("### ")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_a_diff_says_what_is_deleted_before_everything_else() -> None:
    text = report(
        diff(
            change(Action.CREATE, "new"),
            change(Action.CONFIGURE, "changed", replicas()),
            change(Action.PRUNE, "old"),
            change(Action.RECREATE, "fixed", replicas(), text="spec.selector is immutable"),
        ),
        label="production",
    )

    assert text == (
        "### Diff for production: 1 to delete, 1 to recreate, 1 to create, 1 to configure\n\n"
        "`old` → `new` (`0d9f0d9f0d9f`), 12 unchanged\n\n"
        "#### To delete\n\n- `Deployment.apps shop/old` in `web.yaml:3`\n\n"
        "#### To delete and create anew\n\n"
        "<details><summary><code>Deployment.apps shop/fixed</code> in <code>web.yaml:3</code>, 1 field</summary>\n\n"
        "Why: spec.selector is immutable\n\n```diff\n- spec.replicas: 1\n+ spec.replicas: 2\n```\n\n</details>\n\n"
        "#### To create\n\n- `Deployment.apps shop/new` in `web.yaml:3`\n\n"
        "#### To configure\n\n"
        "<details><summary><code>Deployment.apps shop/changed</code> in <code>web.yaml:3</code>, 1 field</summary>\n\n"
        "```diff\n- spec.replicas: 1\n+ spec.replicas: 2\n```\n\n</details>\n"
    )


def test_no_differences_are_one_paragraph() -> None:
    assert report(diff()) == "### Diff: no differences\n\n`old` → `new` (`0d9f0d9f0d9f`), 12 unchanged\n"


def test_what_would_be_refused_comes_first() -> None:
    text = report(diff(change(Action.PRUNE), obstacles=(hostile_obstacle(""),)))

    assert text.startswith("### Diff: would be refused; 1 to delete\n")
    assert text.index("#### Applying this would be refused\n\n- `subject`: problem (hint)") < text.index(
        "#### To delete"
    )


def test_the_same_change_in_many_objects_is_told_once() -> None:
    many = [change(Action.CONFIGURE, f"web-{number}", replicas()) for number in range(30)]

    text = report(diff(*many), limit=60_000)

    assert text.count("+ spec.replicas: 2") == 1
    assert "<summary>30 objects, 1 field</summary>" in text
    assert "- and 10 more" in text


@pytest.mark.parametrize("kind", ["diff", "plan", "apply", "verify"])
def test_secrets_are_named_and_never_shown(kind: str) -> None:
    text = report(EVERY[kind](""))

    assert "! data.password: (sensitive) changed" in text


def test_added_and_removed_secrets_are_told_apart() -> None:
    added, removed = FieldChange("data.a", ABSENT, SENSITIVE), FieldChange("data.b", SENSITIVE, ABSENT)

    text = report(diff(change(Action.CONFIGURE, "web", added, removed)))

    assert "! data.a: (sensitive) added\n! data.b: (sensitive) removed" in text


def test_lines_that_differ_are_shown_with_what_surrounds_them() -> None:
    text = report(diff(change(Action.CONFIGURE, "web", replicas("a\nb\nc\n", "a\nB\nc\n", "data.lines"))))

    assert "@@ data.lines @@\n@@ line 1 @@\n  a\n- b\n+ B\n  c" in text


def test_a_plan_says_how_far_it_reaches_and_what_takes_data_with_it() -> None:
    text = report(plan())

    head = text.split("####")[0]
    assert (
        "**Blast radius**: 3 objects, **1 whose deletion takes data with it**, 1 Service that loses endpoints" in head
    )
    assert "in `shop` (3 `Deployment.apps`)" in head
    assert f"Saved in `plan.json` (`{DIGEST}`); it is to be read, not applied." in head
    titles = re.findall(r"^#### (.*)$", text, re.MULTILINE)
    assert titles[0] == "Applying this would be refused"
    reach = ["Services that lose endpoints", "Workloads that restart"]
    assert titles[1:6] == ["Takes data with it", "To delete", "To delete and create anew", *reach]


@pytest.mark.parametrize("limit", [0, 60_000])
def test_many_workloads_that_restart_for_one_reason_are_told_once_and_folded(limit: int) -> None:
    many = tuple(Touched(ObjectId("apps", "Deployment", "shop", f"web-{number}"), "its image") for number in range(30))
    text = report(replace(plan(), radius=BlastRadius(objects=30, restarts=many)), limit=limit)

    assert "<details><summary>30 objects: its image</summary>" in text
    assert text.count("its image") == 1
    assert text.count("Deployment.apps shop/web-") == (20 if limit else 30)


def test_findings_are_tables_by_file_and_line_with_what_to_do() -> None:
    text = report(validation())

    assert text.startswith("### Validation: failed; 2 errors, 1 warning, 1 suppressed, 1 not evaluated\n")
    rows = [line for line in text.split("\n") if line.startswith(("| `", "|  |"))]
    assert rows == [
        "| `web.yaml:4` | `Deployment.apps shop/web` | `earlier` | has no digest **→** name one |",
        "| `web.yaml:30` | `Deployment.apps shop/web` | `later` | has no digest **→** name one |",
        "|  | `Deployment.apps shop/web` | `odd` | no such function |",
        "| `web.yaml:1` | `Deployment.apps shop/web` | `minor` | has no digest **→** name one |",
        "| `web.yaml:2` | `Deployment.apps shop/web` | `fine` | known (gitless.yaml:1) |",
    ]
    assert parsed(text).cells == [4] * 9


def test_many_warnings_are_folded_by_object_and_errors_stay_in_sight() -> None:
    def about(name: str, line: int, severity: Severity = Severity.WARNING) -> Finding:
        subject = ObjectId("apps", "Deployment", "shop", name)
        return replace(finding("image-digest", severity, line), object_id=subject)

    found = [about(f"web-{number % 6}", number) for number in range(1, 13)] + [about("web-1", 90, Severity.ERROR)]
    check = Checked(gate="lint", objects=6, findings=tuple(found))
    result = ValidateResult(subject=Side(name="deploy"), objects=6, checks=(check,))
    text = report(result)

    assert "| `web.yaml:90` | `Deployment.apps shop/web-1` | `image-digest` |" in text
    assert text.count("<details>") == 6
    assert (
        "<details><summary><code>Deployment.apps shop/web-1</code>, 2 warnings</summary>\n\n"
        "- `image-digest` at `web.yaml:1`: has no digest **→** name one\n"
        "- `image-digest` at `web.yaml:7`: has no digest **→** name one\n\n</details>"
    ) in text


def test_a_field_is_named_where_no_line_says_which_it_is() -> None:
    placeless = replace(finding("x", Severity.ERROR, 1), origin=None)
    check = Checked(gate="lint", objects=1, findings=(placeless,))
    text = report(ValidateResult(subject=Side(name="deploy"), objects=1, checks=(check,)))
    assert "|  | `Deployment.apps shop/web` `spec` | `x` |" in text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "1 deleted, 1 recreated, 1 created, 1 configured, 1 left alone, 1 renamed"),
        ({"dry_run": True}, "dry run, nothing was written; 1 to delete"),
        ({"is_complete": False}, "stopped by an error; until then 1 deleted"),
    ],
)
def test_an_apply_says_how_it_ended(more: dict[str, Any], words: str) -> None:
    assert f"### Apply: {words}" in report(applied(**more))


def test_an_apply_names_its_plan_and_the_guards_that_were_overridden() -> None:
    text = report(applied())

    assert f"By the plan `{DIGEST}`." in text
    assert "#### Guards that were overridden\n\n- max-prune\n" in text


def test_what_is_not_healthy_shows_events_and_the_last_lines_of_its_log() -> None:
    text = report(verified())

    assert text.startswith("### Verify: NOT verified (drift, health)\n")
    assert "| health | ✗ **failed** | 1 of 1 |" in text
    assert text.index("#### Not healthy") < text.index("#### Drifted")
    assert "      container app" in parsed(text).fences[0] or "container app: crashed" in parsed(text).fences[0]
    assert "| panic: no" in parsed(text).fences[0]


def test_a_run_that_failed_says_so_first_and_shows_the_stage_that_did_before_the_others() -> None:
    results: dict[str, Result] = {
        "validate": replace(validation(), checks=()),
        "diff": diff(obstacles=(hostile_obstacle(""),)),
    }
    stages = tuple(StageRun(stage=name, result=result, seconds=1.5) for name, result in results.items())
    failure = RefusedError("it would be refused", hint="look at the diff")
    text = report(RunResult(name="shop", target="production", digest_url="", stages=stages, failure=failure))

    assert text.startswith(
        "### Run of shop for production: FAILED after 2 stages in 3.0 s\n\n"
        "> [!CAUTION]\n> **gitless run failed**: it would be refused\n>\n> Hint: look at the diff\n\n| stage |"
    )
    assert text.index("### Diff: would be refused") < text.index("### Validation: passed")


def test_a_run_is_a_table_of_its_stages_and_their_reports() -> None:
    text = report(run())

    assert text.startswith("### Run of shop for production: 3 stages in 4.5 s\n")
    assert "| verify | **NOT verified** (drift, health) | 1.5 s |" in text
    assert re.findall(r"^### (\w+)", text, re.MULTILINE) == ["Run", "Validation", "Verify", "Diff"]
