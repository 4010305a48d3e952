from __future__ import annotations

import re

import pytest

from pipeline.model.flux.reconciling import judge_reconciliation, request_token
from pipeline.model.flux.views import KustomizationView
from pipeline.model.flux.waiting import State
from tests.unit.flux_commands.objects import UNKNOWN, condition, failed, kustomization_view

TOKEN = "2026-01-01T00:00:00.000000001Z"
HANDLED = {"lastHandledReconcileAt": TOKEN}


def test_a_token_is_a_time_with_nanoseconds_in_utc() -> None:
    assert request_token(1_800_000_000.25) == "2027-01-15T08:00:00.250000000Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", request_token(1_800_000_000.9999999999))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (kustomization_view(), State.WAITING),
        (kustomization_view(conditions=failed("BuildFailed")), State.WAITING),
        (kustomization_view(conditions=[UNKNOWN], status=HANDLED), State.WAITING),
        (kustomization_view(generation=2, status=HANDLED), State.WAITING),
        (kustomization_view(status=HANDLED), State.DELIVERED),
        (kustomization_view(conditions=failed("BuildFailed"), status=HANDLED), State.FAILED),
        (kustomization_view(conditions=failed("DependencyNotReady"), status=HANDLED), State.WAITING),
        (kustomization_view(conditions=[], status=HANDLED), State.WAITING),
        (kustomization_view(spec={"suspend": True}, status=HANDLED), State.FAILED),
        (kustomization_view(metadata={"deletionTimestamp": "now"}, status=HANDLED), State.FAILED),
    ],
    ids=[
        "ready from before",
        "failed before",
        "handled, and open",
        "handled before the spec changed",
        "handled and ready",
        "handled and failed",
        "handled, and it waits for others",
        "handled by a controller that says nothing",
        "suspended meanwhile",
        "being deleted",
    ],
)
def test_only_what_came_after_the_request_counts(item: KustomizationView, expected: State) -> None:
    assert judge_reconciliation(item, TOKEN).state is expected


def test_a_later_request_of_somebody_else_covers_ours() -> None:
    later = "2026-01-01T00:00:01Z"
    annotated = {"annotations": {"reconcile.fluxcd.io/requestedAt": later}}

    assert judge_reconciliation(kustomization_view(metadata=annotated), TOKEN).state is State.WAITING
    handled = kustomization_view(metadata=annotated, status={"lastHandledReconcileAt": later})
    assert judge_reconciliation(handled, TOKEN).state is State.DELIVERED


def test_what_is_gone_has_failed() -> None:
    assert judge_reconciliation(None, TOKEN).state is State.FAILED


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (kustomization_view(), State.DELIVERED),
        (kustomization_view(generation=2), State.WAITING),
        (kustomization_view(conditions=failed("BuildFailed"), generation=2), State.WAITING),
        (kustomization_view(conditions=failed("BuildFailed", generation=2), generation=2), State.FAILED),
        (
            kustomization_view(conditions=[condition("Ready", "False", "BuildFailed", generation=0)], generation=2),
            State.WAITING,
        ),
    ],
)
def test_without_a_request_the_status_must_speak_of_the_spec_as_it_is(item: KustomizationView, expected: State) -> None:
    assert judge_reconciliation(item).state is expected


def test_a_failure_is_told_with_reason_and_message_on_one_line() -> None:
    broken = kustomization_view(
        conditions=failed("BuildFailed", "kustomize build failed:\n  no such file"), status=HANDLED
    )

    assert judge_reconciliation(broken, TOKEN).message == "BuildFailed: kustomize build failed: no such file"
