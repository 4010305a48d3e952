"""``gitless plan --save`` and ``gitless apply --plan``: exactly what was looked at."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.cli.apply.shops import HIDDEN, OLD, REPOSITORY, SETTINGS, SKIP, Gitless, Shop, config, meta


def saved() -> dict[str, Any]:
    """The saved plan, checked against the published schema."""
    schema = json.loads(resources.files("pipeline.schemas").joinpath("saved-plan.v1.json").read_text(encoding="utf-8"))
    document: dict[str, Any] = json.loads(Path("plan.json").read_text())
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(document)] == []
    return document


def test_a_saved_plan_holds_everything_and_no_secret(delivered: Shop) -> None:
    outcome = delivered.plan()

    text = Path("plan.json").read_text()
    document = saved()
    assert (document["apiVersion"], document["kind"], document["version"]) == ("gitless.dev/v1", "SavedPlan", 1)
    changes = {change["name"]: change for change in document["changes"]}
    assert {name: change["action"] for name, change in changes.items()} == {
        "settings": "configure", "login": "configure", "new": "create", "old": "prune"
    }  # fmt: skip
    assert changes["settings"]["fields"] == [
        {"path": "data.color", "change": "changed", "before": "blue", "after": "red"}
    ]
    live = delivered.cluster.bodies()[SETTINGS]["metadata"]
    assert changes["settings"]["live"]["uid"] == live["uid"]
    assert "live" not in changes["new"]
    assert document["basis"]["trust"]["verified"] is True
    assert document["basis"]["trust"]["signers"][0]["keyFingerprint"].startswith("SHA256:")
    assert document["basis"]["inventory"]["name"] == "shop-app"
    assert document["blastRadius"]["objects"] == 4
    assert document["appliable"] is True
    assert HIDDEN not in text + outcome.out + outcome.err
    assert delivered.writes() == []
    assert outcome.out.splitlines()[-1] == "apply exactly this: gitless apply --plan plan.json"


def test_a_plan_is_applied_exactly(delivered: Shop) -> None:
    delivered.plan()

    outcome = delivered.apply("-o", "json")

    document = outcome.document
    assert document["planDigest"] == saved()["digest"]
    assert document["inventory"] == {"namespace": "shop", "name": "shop-app"}
    done = {(change["action"], change["name"]) for change in document["changes"]}
    assert done == {("configure", "settings"), ("configure", "login"), ("create", "new"), ("prune", "old")}
    assert delivered.cluster.bodies()[SETTINGS]["data"] == {"color": "red"}
    assert OLD not in delivered.cluster.bodies()


def test_a_plan_is_good_for_one_apply(delivered: Shop) -> None:
    delivered.plan()
    delivered.apply()

    outcome = delivered.apply(code=9)

    assert "inventory shop/shop-app: it has changed since the plan was made; last saved by https://ci." in outcome.err
    assert "ConfigMap shop/settings: planned to configure it, and now nothing is to be done" in outcome.err


def test_a_dry_run_tells_whether_a_plan_still_holds_and_leaves_it_good(delivered: Shop) -> None:
    delivered.plan()

    assert "Dry run, nothing was written" in delivered.apply("--dry-run", "server").out
    assert delivered.writes() == []
    delivered.apply()


@pytest.mark.parametrize(
    "options",
    [("--prune",), ("--no-prune",), ("--inventory", "x"), ("-n", "shop"), ("--recreate",), ("--max-prune", "3"),
     ("--override", "max-prune"), ("oci-layout:out/shop-app:next",)],
)  # fmt: skip
def test_what_the_plan_decides_cannot_be_decided_again(delivered: Shop, options: tuple[str, ...]) -> None:
    delivered.plan()

    assert "contradict each other: the plan says what is applied" in delivered.apply(*options, code=2).err


def test_the_plans_own_decisions_are_carried_out(delivered: Shop) -> None:
    delivered.plan("--no-prune", "--inventory", "shop-app")

    delivered.apply()

    assert OLD in delivered.cluster.bodies()


def test_a_plan_needs_to_know_who_signed(delivered: Shop) -> None:
    outcome = delivered.run("plan", "live", f"{REPOSITORY}:next", "-n", "shop", "--save", "plan.json", code=2)

    assert "--save keeps who must have signed the artifact" in outcome.err
    assert not Path("plan.json").exists()


def test_an_unverified_plan_says_so_and_can_be_applied_unverified(delivered: Shop) -> None:
    delivered.plan(SKIP)
    assert saved()["basis"]["trust"] == {"verified": False, "signers": []}

    assert "signatures were not verified for the plan, and are verified now" in delivered.apply(code=9).err
    delivered.apply(SKIP)


def test_plans_of_folders_are_to_be_read(delivered: Shop) -> None:
    Path("before").mkdir()
    Path("before/all.yaml").write_text(json.dumps({**config("settings", color="blue"), "metadata": meta(SETTINGS)}))
    options = ("-n", "shop", "--inventory", "shop-app", "--no-prune", "--save", "plan.json")
    against_live = delivered.run("plan", "live", "before", *options)
    assert "only a plan from live to an artifact can be applied" in against_live.out
    assert "is a plan to read" in delivered.apply(code=2).err

    delivered.run("plan", "before", f"{REPOSITORY}:next", "--save", "plan.json")
    assert "basis" not in saved()
    assert "is a plan to read" in delivered.apply(code=2).err


def test_a_plan_with_obstacles_is_kept_and_never_applied(delivered: Shop) -> None:
    delivered.cluster.apply_as("somebody", {**config("settings", color="pink"), "metadata": meta(SETTINGS)})

    outcome = delivered.plan(code=9)

    assert "Applying this would be refused" in outcome.out
    assert saved()["appliable"] is False
    assert "it is to be read, not applied" in outcome.out
    assert "could not be applied when it was made, for 1 reason" in delivered.apply(code=9).err


def test_an_overridden_guard_is_part_of_the_plan(delivered: Shop) -> None:
    delivered.release("next", config("settings", color="red"))
    delivered.plan("--inventory", "shop-app", code=9)
    delivered.plan("--inventory", "shop-app", "--override", "max-prune")

    outcome = delivered.apply()

    assert "a guard is overridden: max-prune" in outcome.err
    assert OLD not in delivered.cluster.bodies()


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ("{", 2, "is not valid JSON"),
        ("[]", 2, "is not a JSON object"),
        ('{"kind": "a", "kind": "b"}', 2, "is not valid JSON"),
        ('{"apiVersion": "gitless.dev/v1", "kind": "DiffResult"}', 2, "is no saved plan but DiffResult"),
        ('{"apiVersion": "gitless.dev/v1", "kind": "SavedPlan", "version": 2}', 2, "has format version 2"),
        ('{"apiVersion": "gitless.dev/v1", "kind": "SavedPlan", "version": 1}', 2, "is damaged"),
    ],
)
def test_what_is_no_plan_is_refused(gitless: Gitless, content: str, code: int, told: str) -> None:
    Path("plan.json").write_text(content)

    outcome = gitless("apply", "--plan", "plan.json", SKIP)

    assert outcome.code == code
    assert told in outcome.err


def test_an_unset_variable_is_no_file(delivered: Shop) -> None:
    arguments = ("plan", "live", f"{REPOSITORY}:next", "-n", "shop", "--key", "cosign.pub")
    assert "--save is empty" in delivered.run(*arguments, "--save", "", code=2).err
    assert "--plan is empty" in delivered.run("apply", "--plan", "", SKIP, code=2).err


def test_a_plan_that_is_not_there_is_a_usage_error(gitless: Gitless) -> None:
    assert gitless("apply", "--plan", "none.json", SKIP).code == 2
    assert "there is nothing to apply" in gitless("apply", SKIP).err
