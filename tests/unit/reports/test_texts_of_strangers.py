"""Whatever manifests, events and annotations say stays on its own line of a text report, and no terminal obeys it."""

from __future__ import annotations

import re

import pytest

from pipeline.model.outcome import Result
from pipeline.reports import render_result
from tests.unit.markdown.support import (
    HOSTILE,
    all_changes,
    applied,
    diff,
    hostile_obstacle,
    plan,
    validation,
    verified,
)

_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
RESULTS = {
    "diff": diff(*all_changes(HOSTILE), text=HOSTILE, obstacles=(hostile_obstacle(HOSTILE),)),
    "plan": plan(HOSTILE),
    "validate": validation(HOSTILE),
    "apply": applied(HOSTILE),
    "verify": verified(HOSTILE),
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_nothing_in_a_text_report_is_obeyed_by_a_terminal(result: Result) -> None:
    found = _OBEYED.findall(render_result(result, "text"))
    assert not found


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_no_line_of_a_text_report_begins_as_a_stranger_chose(result: Result) -> None:
    lines = render_result(result, "text").split("\n")
    assert [line for line in lines if line.startswith(("::error", "# heading", "/close", "- item"))] == []
