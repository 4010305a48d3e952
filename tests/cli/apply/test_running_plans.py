"""``gitless run --plan``: the chain's apply stage, held to a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.errors import ClusterError
from tests.cli.apply.shops import REPOSITORY, Shop, config

SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop-app
sources: [{path: shop-app}]
artifact: {repository: "oci-layout:out/shop-app", tags: [next]}
signing: {key: cosign.key}
trust: {keys: [cosign.pub]}
targets: {staging: {wait: false}}
"""
PLAN = ("--plan", "plan.json", "--results-dir", "results")


@pytest.fixture
def published(delivered: Shop) -> Shop:
    """The chain has published; what it applies is planned."""
    Path("gitless.yaml").write_text(SETTINGS)
    delivered.run("run", "--to", "sign", "--results-dir", "results")
    plan(delivered)
    return delivered


def plan(shop: Shop, *options: str) -> None:
    url = json.loads(Path("results/package.json").read_text())["digestUrl"]
    shop.run("plan", "live", url, "--key", "cosign.pub", "--save", "plan.json", *options)


def test_the_chain_carries_out_exactly_its_plan(published: Shop) -> None:
    stages = published.run("run", "--from", "apply", "--to", "apply", *PLAN, "-o", "json").document["stages"]

    applied = next(item["result"] for item in stages if item["stage"] == "apply")
    assert applied["planDigest"] == json.loads(Path("plan.json").read_text())["digest"]
    assert applied["counts"]["create"] == 4


def test_a_stale_plan_ends_the_chain(published: Shop) -> None:
    published.run("apply", "--plan", "plan.json", "--key", "cosign.pub")
    published.cluster.requests.clear()

    outcome = published.run(
        "run", "--from", "apply", "--to", "apply", *PLAN, "--report", "run.md", "--report", "run.html", code=9
    )

    assert "plan.json no longer holds, so nothing was written" in outcome.err
    assert published.writes() == []
    assert "── apply ──\nRefused: " in outcome.out
    kept = json.loads(Path("results/apply.json").read_text())
    assert "inventory default/shop-app" in {item["subject"] for item in kept["differences"]}
    for report in ("run.md", "run.html"):
        assert "No longer as planned" in Path(report).read_text()


def test_a_chain_that_fails_on_the_way_says_who_approved_its_plan(published: Shop) -> None:
    url = json.loads(Path("results/package.json").read_text())["digestUrl"]
    published.run("attest", url, "--type", "plan", "--predicate", "plan.json", "--key", "reviewer.key")

    def fail(operation: str, _subject: str) -> None:
        if operation == "save_inventory" and len(published.writes()) > 1:
            raise ClusterError("the cluster is gone")

    published.cluster.before = fail
    published.run("run", "--from", "apply", "--to", "apply", *PLAN, "--approved-by", "reviewer.pub", code=6)

    kept = json.loads(Path("results/apply.json").read_text())
    assert [item["signer"].partition(" ")[0] for item in kept["approvals"]] == ["reviewer.pub"]


def test_a_plan_for_another_artifact_is_not_the_chains(published: Shop) -> None:
    published.run("plan", "live", "oci-layout:out/shop-app:first", "--key", "cosign.pub", "--save", "plan.json")

    err = published.run("run", "--from", "apply", "--to", "apply", *PLAN, code=9).err

    assert "the plan is for oci-layout:out/shop-app@sha256:" in err
    assert published.writes() == []


def test_a_plan_that_decides_otherwise_than_the_settings_is_refused(published: Shop) -> None:
    plan(published, "--no-prune", "--inventory", "other", "--max-prune", "3")

    err = published.run("run", "--from", "apply", "--to", "apply", *PLAN, code=9).err

    assert "options: 'prune' is another one: planned false, now true" in err
    assert 'options: \'inventory\' is another one: planned "other", now "shop-app"' in err
    assert "options: 'guards' is another one" in err


def test_an_approval_is_demanded_of_the_stage_that_applies_and_of_no_other(
    published: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_APPROVED_BY", "reviewer.pub")
    url = json.loads(Path("results/package.json").read_text())["digestUrl"]

    published.run("run", "--from", "package", "--to", "sign", "--results-dir", "results")
    published.run("run", "--from", "apply", "--to", "apply", "--results-dir", "results", code=2)
    published.run("run", "--from", "apply", "--to", "apply", *PLAN, code=4)
    published.run("attest", url, "--type", "plan", "--predicate", "plan.json", "--key", "reviewer.key")
    published.run("run", "--from", "apply", "--to", "apply", *PLAN)


def test_a_plan_without_the_stage_that_applies_is_a_usage_error(published: Shop) -> None:
    assert "is for apply" in published.run("run", "--to", "sign", *PLAN, code=2).err


KEYED = "approval: {keys: [reviewer.pub]}"


def demand(own: str = "", every: str = "") -> None:
    """Let the settings demand an approval, of the target or of every one."""
    text = SETTINGS.replace("staging: {wait: false}", f"staging: {{wait: false, {own}}}") + every + "\n"
    Path("gitless.yaml").write_text(text)


@pytest.mark.parametrize("places", [(KEYED, ""), ("", KEYED), (KEYED, "approval: {keys: [cosign.pub]}")])
def test_the_settings_can_demand_an_approval(published: Shop, places: tuple[str, str]) -> None:
    demand(*places)
    applying = ("run", "--from", "apply", "--to", "apply")
    url = json.loads(Path("results/package.json").read_text())["digestUrl"]

    published.run("run", "--from", "package", "--to", "sign", "--results-dir", "results")
    assert "demands an approved plan, and none is named" in published.run(*applying, code=2).err
    assert "is not approved by" in published.run(*applying, *PLAN, code=4).err
    published.run("attest", url, "--type", "plan", "--predicate", "plan.json", "--key", "cosign.key")
    assert "is not approved by" in published.run(*applying, *PLAN, code=4).err
    assert published.writes() == []
    published.run("attest", url, "--type", "plan", "--predicate", "plan.json", "--key", "reviewer.key")
    published.run(*applying, *PLAN)


def test_nothing_is_published_by_a_run_that_could_not_apply(published: Shop) -> None:
    demand("approval: {keys: [cosign.pub]}")
    Path("shop-app/0.yaml").write_text(json.dumps(config("settings", color="green")))
    before = published.run("list", REPOSITORY, "-o", "json").document

    err = published.run("run", code=2).err

    assert "gitless.yaml (targets.staging.approval) demands an approved plan" in err
    assert published.run("list", REPOSITORY, "-o", "json").document == before


def test_options_name_other_approvers_and_do_not_lift_the_demand(published: Shop) -> None:
    demand("approval: {keys: [reviewer.pub]}")
    url = json.loads(Path("results/package.json").read_text())["digestUrl"]
    published.run("attest", url, "--type", "plan", "--predicate", "plan.json", "--key", "cosign.key")
    applying = ("run", "--from", "apply", "--to", "apply")

    assert "demands an approved plan" in published.run(*applying, "--approved-by", "cosign.pub", code=2).err
    published.run(*applying, *PLAN, "--approved-by", "cosign.pub")


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ("approval: {}", "(targets.staging.approval): nobody is named who may approve"),
        ("approval: {keys: [none.pub]}", "none.pub"),
        ("approval: {key: [cosign.pub]}", "did you mean 'keys'?"),
        ("approval: {rules: []}", "unknown key 'targets.staging.approval.rules'"),
    ],
)
def test_who_may_approve_must_be_said_in_the_settings(published: Shop, own: str, told: str) -> None:
    demand(own)

    assert told in published.run("run", "--from", "apply", "--to", "apply", *PLAN, code=2).err


def test_an_apply_takes_the_approvers_of_a_settings_file(published: Shop) -> None:
    policy = ("--key", "cosign.pub", "--approval-policy", "gitless.yaml")
    url = json.loads(Path("results/package.json").read_text())["digestUrl"]
    published.run("attest", url, "--type", "plan", "--predicate", "plan.json", "--key", "cosign.key")

    assert "nobody is named who may approve" in published.run("apply", "--plan", "plan.json", *policy, code=2).err
    demand(every="approval: {keys: [reviewer.pub]}")
    assert "is not approved by" in published.run("apply", "--plan", "plan.json", *policy, code=4).err
    demand(every="approval: {keys: [cosign.pub]}")
    published.run("apply", "--plan", "plan.json", *policy)
