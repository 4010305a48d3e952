"""A plan that has to be approved is applied only where the right one has attested exactly it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.planning.saved_plan import plan_digest
from tests.cli.apply.shops import Shop

REVIEWER = ("--approved-by", "reviewer.pub")


@pytest.fixture
def planned(delivered: Shop) -> Shop:
    """A saved plan that nobody has approved yet."""
    delivered.plan()
    return delivered


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("plan.json").read_text())
    return found


def approve(shop: Shop, *, key: str = "reviewer.key", file: str = "plan.json", code: int = 0) -> str:
    arguments = ("--type", "plan", "--predicate", file, "--key", key)
    return shop.run("attest", document()["to"]["digestUrl"], *arguments, code=code).err


def test_an_approved_plan_is_applied_and_the_result_says_by_whom(planned: Shop) -> None:
    approve(planned)

    result = planned.apply(*REVIEWER, "-o", "json").document

    assert [item["signer"].partition(" ")[0] for item in result["approvals"]] == ["reviewer.pub"]
    assert result["planDigest"] == document()["digest"]


def test_the_report_says_by_whom_it_was_approved(planned: Shop) -> None:
    approve(planned)

    out = planned.apply("--require-approval", *REVIEWER).out

    assert f"exactly as planned ({document()['digest']}), approved by reviewer.pub" in out


def test_a_plan_that_nobody_approved_is_refused(planned: Shop) -> None:
    err = planned.apply(*REVIEWER, code=4).err

    assert f"the plan plan.json ({document()['digest']}) is not approved by reviewer.pub: no approval" in err
    assert "--type plan --predicate plan.json" in err
    assert planned.writes() == []


def test_somebody_elses_approval_does_not_count(planned: Shop) -> None:
    approve(planned, key="cosign.key")

    err = planned.apply(*REVIEWER, code=4).err

    assert "is not approved by reviewer.pub" in err
    assert planned.writes() == []


def test_an_approval_of_another_plan_does_not_count(planned: Shop) -> None:
    other = document()
    other["notes"] = ["the same artifact, looked at on another day"]
    other["digest"] = plan_digest(other)
    Path("other.json").write_text(json.dumps(other))
    approve(planned, file="other.json")

    err = planned.apply(*REVIEWER, code=4).err

    assert f"of another plan ({other['digest']})" in err


def test_a_plan_edited_after_its_approval_is_not_the_approved_one(planned: Shop) -> None:
    approve(planned)
    edited = document()
    edited["blastRadius"]["restarts"] = []
    edited["notes"] = ["harmless"]
    edited["digest"] = plan_digest(edited)
    Path("plan.json").write_text(json.dumps(edited))

    assert "of another plan" in planned.apply(*REVIEWER, code=4).err


def test_a_diff_is_no_approval_of_a_plan(planned: Shop) -> None:
    url = document()["to"]["digestUrl"]
    planned.run("diff", "live", url, "-n", "shop", "--inventory", "shop-app", "--results-dir", "results")
    approve(planned, file="results/diff.json")

    assert "is no saved plan but DiffResult" in planned.apply(*REVIEWER, code=4).err


def test_only_a_plan_of_this_artifact_that_is_whole_is_attested(planned: Shop) -> None:
    edited = document()
    edited["changes"] = []
    Path("edited.json").write_text(json.dumps(edited))
    assert "was changed after it was made" in approve(planned, file="edited.json", code=9)

    other = planned.run("list", "oci-layout:out/shop-app", "-o", "json").document["artifacts"]
    digest = next(item["digest"] for item in other if item["tag"] == "first")
    arguments = ("--type", "plan", "--predicate", "plan.json", "--key", "reviewer.key")
    refused = planned.run("attest", f"oci-layout:out/shop-app@{digest}", *arguments, code=2)
    assert "is a plan that leads to 'sha256:" in refused.err


def test_the_approvers_may_stand_in_a_policy(planned: Shop) -> None:
    approve(planned)
    policy = {"apiVersion": "gitless.dev/v1", "kind": "TrustPolicy", "spec": {"keys": ["reviewer.pub"]}}
    Path("approvers.yaml").write_text(json.dumps(policy))

    planned.apply("--approval-policy", "approvers.yaml")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--require-approval",), "nobody is named who may approve"),
        (("--approved-by", "none.pub"), "none.pub"),
        (("--approved-by-identity", "me@acme.dev"), "go together"),
        (("--approved-by-identity", "", "--approved-by-issuer", ""), "is empty"),
    ],
)
def test_who_may_approve_must_be_said(planned: Shop, options: tuple[str, ...], told: str) -> None:
    assert told in planned.apply(*options, code=2).err


def test_only_plans_can_be_approved(planned: Shop) -> None:
    outcome = planned.run("apply", document()["to"]["digestUrl"], "--key", "cosign.pub", *REVIEWER, code=2)

    assert "only a plan can be approved" in outcome.err


def test_whoever_requires_approval_by_the_environment_lets_nothing_else_pass(
    planned: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_APPROVED_BY", "reviewer.pub")

    planned.run("apply", document()["to"]["digestUrl"], "--key", "cosign.pub", code=2)
    planned.apply(code=4)
    approve(planned)
    planned.apply()
