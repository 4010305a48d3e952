from __future__ import annotations

from dataclasses import replace

from pipeline.model.outcome.verify import DriftPart, Verdict
from pipeline.model.plan import Action, FieldChange
from pipeline.reports import render_result
from tests.unit.markdown.support import change, replicas, verified


def shown(*fields: FieldChange) -> str:
    drift = DriftPart(verdict=Verdict.FAILED, message="1 differs", changes=(change(Action.CONFIGURE, "web", *fields),))
    return render_result(replace(verified(), drift=drift), "text")


def test_a_short_value_that_drifted_is_told_in_a_sentence() -> None:
    assert "    spec.replicas: is 3, should be 2\n" in shown(replicas(3, 2))


def test_of_a_long_text_that_drifted_the_lines_that_differ_are_shown() -> None:
    lines = [f"setting-{number}=1" for number in range(2_000)]
    live = "\n".join([*lines[:1_500], "debug=true", *lines[1_501:]])
    text = shown(FieldChange("data.settings", live, "\n".join(lines)))
    assert "- debug=true" in text
    assert "+ setting-1500=1" in text
    assert "setting-3=1" not in text
