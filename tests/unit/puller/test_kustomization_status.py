from __future__ import annotations

from typing import Any

from pipeline.model.flux import api
from pipeline.model.flux.conditions import Conditions
from pipeline.model.flux.kustomization_status import Attempt, Draft, last_applied, status_patch, upsert

NOW = 1_800_000_000.0
ATTEMPT = Attempt(digest="sha256:aa", revision="v1@sha256:bb", origin_revision="main@sha1:cc", seconds=1.25)


def _body(**status: object) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "shop", "generation": 3, "annotations": {api.REQUESTED_AT: "now"}}
    return {"metadata": metadata, "status": status}


def _conditions(status: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {item.type: (item.status, item.reason) for item in Conditions.of({"status": status})}


def test_a_ready_kustomization_has_applied_and_observed_what_there_is() -> None:
    status = Draft.of(_body(), NOW).progressing("…").ready("v1@sha256:bb", "main@sha1:cc", health="passed").status()

    assert _conditions(status) == {
        "Ready": ("True", "ReconciliationSucceeded"),
        "Healthy": ("True", "Succeeded"),
    }
    assert status["lastAppliedRevision"] == status["lastAttemptedRevision"] == "v1@sha256:bb"
    assert status["lastAppliedOriginRevision"] == "main@sha1:cc"
    assert status["observedGeneration"] == 3
    assert status["lastHandledReconcileAt"] == "now"


def test_a_failed_one_goes_on_trying_and_keeps_what_it_observed() -> None:
    status = Draft.of(_body(observedGeneration=2), NOW).failed("BuildFailed", "no").status()

    assert _conditions(status) == {
        "Reconciling": ("True", "ProgressingWithRetry"),
        "Ready": ("False", "BuildFailed"),
    }
    assert status["observedGeneration"] == 2


def test_a_stalled_one_does_not_try_and_has_observed_its_spec() -> None:
    status = Draft.of(_body(), NOW).progressing("…").stalled("AccessDenied", "no").status()

    assert _conditions(status) == {"Ready": ("False", "AccessDenied"), "Stalled": ("True", "AccessDenied")}
    assert status["observedGeneration"] == 3


def test_transition_times_move_with_the_status_alone() -> None:
    first = Draft.of(_body(), NOW).failed("BuildFailed", "one").status()
    again = Draft.of(_body(**first), NOW + 60).failed("ArtifactFailed", "two").status()
    ready = Draft.of(_body(**again), NOW + 120).ready("v1@sha256:bb", "").status()

    times = [
        {item["type"]: item["lastTransitionTime"] for item in status["conditions"]}["Ready"]
        for status in (first, again, ready)
    ]
    assert times[0] == times[1] != times[2]


def test_messages_are_cut_to_what_flux_allows() -> None:
    status = Draft.of(_body(), NOW).failed("BuildFailed", "x" * 100_000).status()

    assert all(len(item["message"]) <= api.MAX_MESSAGE for item in status["conditions"])


def test_the_history_counts_the_like_and_keeps_the_last_five() -> None:
    history = upsert([], ATTEMPT, "ReconciliationSucceeded", NOW)
    history = upsert(history, ATTEMPT, "ReconciliationSucceeded", NOW + 60)

    assert [(item["digest"], item["totalReconciliations"]) for item in history] == [("sha256:aa", 2)]
    assert history[0]["firstReconciled"] < history[0]["lastReconciled"]
    assert history[0]["metadata"] == {"revision": "v1@sha256:bb", "originRevision": "main@sha1:cc"}
    for number in range(7):
        other = Attempt(digest=f"sha256:{number}", revision="r", origin_revision="", seconds=1)
        history = upsert(history, other, "BuildFailed", NOW + 100 + number)
    assert [item["digest"] for item in history] == [f"sha256:{number}" for number in (6, 5, 4, 3, 2)]


def test_what_was_applied_last_counts_though_it_is_not_healthy() -> None:
    good = upsert([], ATTEMPT, "ReconciliationSucceeded", NOW)

    assert last_applied(_body(history=good)) == "sha256:aa"
    assert last_applied(_body(history=upsert(good, ATTEMPT, "HealthCheckFailed", NOW))) == "sha256:aa"
    assert last_applied(_body(history=upsert(good, ATTEMPT, "ReconciliationFailed", NOW))) == ""
    assert last_applied(_body()) == ""


def test_a_patch_has_what_differs_and_takes_out_what_is_gone() -> None:
    before = _body(lastAppliedRevision="a", inventory={"entries": [1]}, artifact={"metadata": {"x": "1"}, "size": 1})

    patch = status_patch(before, {"lastAppliedRevision": "b", "artifact": {"size": 2}})

    assert patch == {"lastAppliedRevision": "b", "inventory": None, "artifact": {"size": 2, "metadata": None}}
    assert status_patch(before, before["status"]) == {}


def test_a_patch_takes_out_what_is_gone_at_any_depth() -> None:
    before = _body(artifact={"metadata": {"x": "1", "y": "2"}, "size": 1})

    patch = status_patch(before, {"artifact": {"size": 1, "metadata": {"x": "1"}}})

    assert patch == {"artifact": {"size": 1, "metadata": {"x": "1", "y": None}}}
