from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pipeline.errors import ExpressionError
from pipeline.expressions.cel import CelExpressions
from pipeline.model.flux.kustomization import HealthExpressions
from pipeline.model.health import HealthStatus
from pipeline.model.health.expressions import HealthRules

CURRENT, IN_PROGRESS, FAILED = HealthStatus.CURRENT, HealthStatus.IN_PROGRESS, HealthStatus.FAILED
BY_PHASE = HealthExpressions(
    "example.dev/v1",
    "Thing",
    current="status.phase == 'Done' || status.phase == 'Both'",
    in_progress="status.phase == 'Busy' || status.phase == 'Both'",
    failed="status.phase == 'Broken' || status.phase == 'Both'",
)


def rules(*expressions: HealthExpressions) -> HealthRules:
    return HealthRules(expressions, CelExpressions())


def thing(
    phase: str = "", status: Mapping[str, Any] | None = None, *, kind: str = "Thing", group: str = "example.dev"
) -> dict[str, Any]:
    return {
        "apiVersion": f"{group}/v2",
        "kind": kind,
        "metadata": {"name": "it", "generation": 2},
        "status": {"phase": phase} if phase else dict(status or {}),
    }


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("Done", CURRENT),
        ("Busy", IN_PROGRESS),
        ("Broken", FAILED),
        ("Both", IN_PROGRESS),
        ("Other", IN_PROGRESS),
    ],
)
def test_the_first_true_expression_decides(phase: str, expected: HealthStatus) -> None:
    assert rules(BY_PHASE).health(thing(phase)).status is expected


def test_failed_wins_over_current() -> None:
    both = HealthExpressions("example.dev/v1", "Thing", current="true", failed="true")

    assert rules(both).health(thing("x")).status is FAILED


def test_an_unobserved_generation_is_in_progress_whatever_the_expressions_say() -> None:
    always = HealthExpressions("example.dev/v1", "Thing", current="true")

    assert rules(always).health(thing(status={"observedGeneration": 1})).status is IN_PROGRESS
    assert rules(always).health(thing(status={"observedGeneration": 2})).status is CURRENT


def test_a_generation_that_is_text_is_left_to_the_expressions() -> None:
    always = HealthExpressions("example.dev/v1", "Thing", current="status.observedGeneration == '1'")

    assert rules(always).health(thing(status={"observedGeneration": "1"})).status is CURRENT


def test_data_that_do_not_fit_yet_are_in_progress_and_say_why() -> None:
    verdict = rules(BY_PHASE).health(thing())

    assert verdict.status is IN_PROGRESS
    assert verdict.message == "inProgress: the CEL expression fails: no such key: phase"


def test_expressions_replace_the_built_in_rules_for_their_group_and_kind() -> None:
    not_ready = {"conditions": [{"type": "Ready", "status": "False"}]}
    always = HealthExpressions("example.dev/v1", "Thing", current="true")

    assert rules(always).health(thing(status=not_ready)).status is CURRENT
    assert rules(always).health(thing(kind="Other", status=not_ready)).status is IN_PROGRESS
    assert rules(always).health(thing(group="other.dev", status=not_ready)).status is IN_PROGRESS


def test_expressions_without_a_kind_are_for_the_rest_of_the_group() -> None:
    group = HealthExpressions("example.dev/v1", "", current="false")
    kind = HealthExpressions("example.dev/v1", "Thing", current="true")

    both = rules(group, kind)

    assert both.health(thing()).status is CURRENT
    assert both.health(thing(kind="Other")).status is IN_PROGRESS
    both.check()


def test_a_missing_object_is_not_found() -> None:
    assert rules(BY_PHASE).health(None).status is HealthStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("expressions", "message"),
    [
        ((HealthExpressions("a/v1", "B", current="status =="),), r"healthCheckExprs\[0\].current: the CEL"),
        ((HealthExpressions("a/v1", "B", current="true", failed=")"),), r"healthCheckExprs\[0\].failed: the CEL"),
        ((HealthExpressions("a/v1", "B", current=""),), r"healthCheckExprs\[0\].current is empty"),
        ((BY_PHASE, HealthExpressions("example.dev/v9", "Thing", current="true")), r"\[1\]: Thing.example.dev has"),
    ],
)
def test_what_can_never_work_is_refused(expressions: tuple[HealthExpressions, ...], message: str) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        rules(*expressions).check()

    assert caught.value.is_final


def test_variables_nobody_can_know_of_pass_the_check() -> None:
    rules(HealthExpressions("a/v1", "B", current="data.ready == 'yes'")).check()
