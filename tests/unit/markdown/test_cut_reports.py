from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ci.cutting import cut_markdown
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.plan import Action
from pipeline.model.reporting import ReportContext
from pipeline.reports import render_result
from pipeline.reports.markdown.document import size
from tests.unit.markdown.parsing import is_balanced
from tests.unit.markdown.support import change, diff, replicas

LIMIT = 60_000


def large(number: int = 2_000, value: str = "x") -> DiffResult:
    changed = [
        change(Action.CONFIGURE, f"web-{index:04}", replicas(index, f"{value}{index}")) for index in range(number)
    ]
    return diff(*changed, *(change(Action.PRUNE, f"old-{index}") for index in range(40)))


def report(result: DiffResult, limit: int = LIMIT, link: str = "https://ci.test/run/1") -> str:
    return render_result(result, "markdown", context=ReportContext(limit=limit, link=link))


def test_a_report_is_cut_between_two_objects_and_counts_what_is_left_out() -> None:
    text = report(large())

    assert LIMIT * 0.9 < size(text) <= LIMIT
    assert is_balanced(text)
    assert text.split("\n")[0] == "### Diff: 40 to delete, 2000 to configure"
    assert all(f"`Deployment.apps shop/old-{index}`" in text for index in range(40))
    last = text.rstrip("\n").split("\n")[-1]
    assert last.startswith("**This report is cut**: ")
    assert last.endswith("; [the whole report](<https://ci.test/run/1>).")
    shortened = int((re.search(r"(\d+) shown without details", last) or ["", "0"])[1])
    left_out = int((re.search(r"(\d+) under “To configure”", last) or ["", "0"])[1])
    in_full = text.count("<details>")
    assert in_full + shortened + left_out == 2_000
    assert left_out > 0


def test_every_object_is_named_before_any_is_shown_in_detail() -> None:
    texts = "\n".join(f"{index}" * 20 for index in range(50)), "\n".join(f"{index}" * 21 for index in range(50))
    changed = [change(Action.CONFIGURE, f"web-{index}", replicas(*texts, f"data.x{index}")) for index in range(400)]

    text = report(diff(*changed))

    assert all(f"Deployment.apps shop/web-{index}" in text for index in range(400))
    assert text.count("<details>") > 10
    assert "left out" not in text


def test_without_a_limit_nothing_is_left_out() -> None:
    text = report(large(), limit=0)

    assert text.count("<details>") == 2_000
    assert "This report is cut" not in text


def test_what_fits_is_not_cut() -> None:
    assert "This report is cut" not in report(large(10))


def test_one_huge_object_does_not_take_the_room_of_all_others() -> None:
    huge = change(Action.CONFIGURE, "aaa", replicas("x\n" * 50_000, "y\n" * 50_000, "data.text"))
    small = change(Action.CONFIGURE, "small", replicas())

    text = report(diff(huge, small))

    assert "more lines @@" in text
    assert "+ spec.replicas: 2" in text
    assert size(text) <= LIMIT
    assert is_balanced(text)


def test_characters_outside_of_the_basic_plane_count_twice_as_github_counts_them() -> None:
    text = report(large(value="\N{PILE OF POO}" * 50))

    assert len(text.encode("utf-16-le")) // 2 <= LIMIT


@pytest.mark.parametrize("limit", [10, 100, 1_000, 2_000, 5_000])
def test_even_a_small_limit_is_kept(limit: int) -> None:
    text = report(large(200), limit=limit)

    assert size(text) <= limit
    assert is_balanced(text)


@given(st.integers(0, 12_000), st.sampled_from(["x", "é", "\N{PILE OF POO}", "```\n"]))
def test_a_summary_is_cut_to_bytes_where_nothing_is_open(room: int, value: str) -> None:
    whole = "\n" + report(large(20, value), limit=0)

    text = cut_markdown(whole, room)

    assert len(text.encode()) <= room
    assert is_balanced(text)
    if text and text != whole:
        assert text.endswith("no more room in the summary.\n")
        kept = text.rpartition("\n\n**This report is cut here**")[0]
        assert whole.startswith(kept)
