"""A plan that no longer holds is refused, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.manifests import ObjectId
from pipeline.model.planning.saved_plan import plan_digest
from tests.cli.apply.shops import HIDDEN, OLD, REPOSITORY, SETTINGS, SKIP, Shop, config, delete, meta


def moved_tag(delivered: Shop) -> None:
    delivered.release("next", config("settings", color="green"))


def gone_tag(delivered: Shop) -> None:
    index = Path("out/shop-app/index.json")
    document = json.loads(index.read_text())
    for manifest in document["manifests"]:
        if manifest.get("annotations", {}).get("org.opencontainers.image.ref.name") == "next":
            del manifest["annotations"]["org.opencontainers.image.ref.name"]
    index.write_text(json.dumps(document))


def changed_object(delivered: Shop) -> None:
    delivered.cluster.apply_as("somebody", {**config("settings", color="pink"), "metadata": meta(SETTINGS)})


def changed_elsewhere(delivered: Shop) -> None:
    delivered.cluster.apply_as("somebody", {**config("settings", size="xl"), "metadata": meta(SETTINGS)})


def gone_object(delivered: Shop) -> None:
    delete(delivered.cluster, OLD)


def made_anew(delivered: Shop) -> None:
    body = delivered.cluster.bodies()[SETTINGS]
    delete(delivered.cluster, SETTINGS)
    labels = body["metadata"]["labels"]
    delivered.cluster.apply_as(
        "gitless", {**config("settings", color="blue"), "metadata": meta(SETTINGS, labels=labels)}
    )


def created_meanwhile(delivered: Shop) -> None:
    new = ObjectId("", "ConfigMap", "shop", "new")
    delivered.cluster.apply_as("somebody", {**config("new", b="1"), "metadata": meta(new)})


def drifted(delivered: Shop) -> None:
    same = ObjectId("", "ConfigMap", "shop", "same")
    delivered.cluster.apply_as("gitless", {**config("same", a="2"), "metadata": meta(same)})


def other_apply(delivered: Shop) -> None:
    inventory = delivered.cluster.load_inventory("shop", "shop-app")
    assert inventory is not None
    delivered.cluster.save_inventory(replace(inventory, writer="ann@laptop", written_at="2026-01-02T03:04:05Z"))


def no_inventory(delivered: Shop) -> None:
    delivered.cluster._inventories.clear()


def other_cluster(delivered: Shop) -> None:
    delivered.cluster.context = "elsewhere"


def signed_by_another(delivered: Shop) -> None:
    delivered.run("keys", "generate", "--output-key-prefix", "other")
    digest = json.loads(Path("plan.json").read_text())["to"]["digestUrl"]
    delivered.run("sign", digest, "--key", "other.key")


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (moved_tag, "the tag now points at sha256:"),
        (gone_tag, "the tag is gone"),
        (changed_object, 'ConfigMap shop/settings: data.color: planned "blue" → "red", now "pink" → "red"'),
        (changed_elsewhere, "ConfigMap shop/settings: somebody has changed it since the plan was made"),
        (gone_object, "ConfigMap shop/old: planned to prune it, and now nothing is to be done"),
        (made_anew, "ConfigMap shop/settings: it was deleted and created anew since the plan was made"),
        (created_meanwhile, "ConfigMap shop/new: planned to create it, and now it would be configured"),
        (drifted, "ConfigMap shop/same: it is not in the plan; now it would be configured (data.a"),
        (other_apply, "last saved by ann@laptop at 2026-01-02T03:04:05Z"),
        (no_inventory, "inventory shop/shop-app: it is gone"),
        (other_cluster, "cluster: it was planned for memory; this is elsewhere"),
    ],
)
def test_a_stale_plan_is_refused_and_nothing_written(
    delivered: Shop, happens: Callable[[Shop], None], told: str
) -> None:
    delivered.plan()
    happens(delivered)
    delivered.cluster.requests.clear()

    outcome = delivered.apply(code=9)

    assert "plan.json no longer holds, so nothing was written:" in outcome.err
    assert told in outcome.err
    assert "plan again" in outcome.err
    assert HIDDEN not in outcome.err
    assert outcome.out.splitlines()[0].startswith("Refused: ")
    assert "exactly as planned" not in outcome.out
    assert delivered.writes() == []


@pytest.mark.parametrize(
    ("happens", "subjects"),
    [
        (moved_tag, [f"{REPOSITORY}:next"]),
        (changed_object, ["ConfigMap shop/settings", "ConfigMap shop/settings"]),
        (gone_object, ["ConfigMap shop/old"]),
    ],
)
def test_the_result_of_a_refused_plan_has_every_difference(
    delivered: Shop, happens: Callable[[Shop], None], subjects: list[str]
) -> None:
    delivered.plan()
    happens(delivered)

    outcome = delivered.apply("-o", "json", "--results-dir", "results", "--report", "all.md", code=9)

    document = outcome.document
    assert (document["kind"], document["complete"], document["changes"]) == ("ApplyResult", False, [])
    assert document["planDigest"] == json.loads(Path("plan.json").read_text())["digest"]
    told = [item["subject"].partition(" (")[0] for item in document["differences"]]
    assert [subject.replace(f"{Path.cwd()}/", "") for subject in told] == subjects
    assert json.loads(Path("results/apply.json").read_text()) == document
    report = Path("all.md").read_text()
    assert "### Apply: refused, the plan no longer holds" in report
    assert "#### No longer as planned" in report


def test_a_plan_that_differs_everywhere_is_told_whole_in_the_result(delivered: Shop) -> None:
    delivered.release("next", *(config(f"new{number}", a="1") for number in range(30)))
    delivered.plan("--inventory", "shop-app", "--max-prune", "100%")
    edit(lambda document: document.update(changes=[]), with_digest=True)

    outcome = delivered.apply("-o", "json", code=9)

    assert "… and 14 more" in outcome.err
    assert len(outcome.document["differences"]) == 34


def test_names_in_an_edited_plan_cannot_write_lines_of_their_own(delivered: Shop) -> None:
    delivered.plan()

    def hostile(document: dict[str, Any]) -> None:
        document["changes"][0]["kind"] = "Evil\x1b[31m\n::error::x"

    edit(hostile, with_digest=True)

    assert "\n  - Evil ::error::x shop/" in delivered.apply(code=9).err


def test_another_signer_makes_the_plan_stale(delivered: Shop) -> None:
    delivered.plan()
    signed_by_another(delivered)

    outcome = delivered.apply("--key", "other.pub", code=9)

    assert "trust: it was planned as signed by cosign.pub" in outcome.err
    assert "is now by other.pub" in outcome.err
    delivered.apply()


def test_who_no_longer_verifies_has_another_trust_decision(delivered: Shop) -> None:
    delivered.plan()

    assert "signatures were verified for the plan, and are not verified now" in delivered.apply(SKIP, code=9).err


def test_trust_is_asked_anew(delivered: Shop) -> None:
    delivered.plan()
    delivered.run("keys", "generate", "--output-key-prefix", "other")

    assert "has no signature by other.pub" in delivered.apply("--key", "other.pub", code=4).err


def test_the_key_may_lie_elsewhere(delivered: Shop) -> None:
    delivered.plan()
    Path("cosign.pub").rename("production.pub")

    delivered.apply("--key", "production.pub")


def test_a_plan_by_digest_holds_wherever_tags_go(delivered: Shop) -> None:
    url = delivered.run("list", REPOSITORY, "-o", "json").document
    digest = next(item["digest"] for item in url["artifacts"] if item["tag"] == "next")
    delivered.plan("--inventory", "shop-app", reference=f"{REPOSITORY}@{digest}")
    moved_tag(delivered)

    delivered.apply()


def edit(change: Callable[[dict[str, Any]], None], *, with_digest: bool) -> None:
    document = json.loads(Path("plan.json").read_text())
    change(document)
    if with_digest:
        document["digest"] = plan_digest(document)
    Path("plan.json").write_text(json.dumps(document))


def without_prune(document: dict[str, Any]) -> None:
    document["changes"] = [change for change in document["changes"] if change["action"] != "prune"]


def other_value(document: dict[str, Any]) -> None:
    change = next(change for change in document["changes"] if change["name"] == "settings")
    change["fields"][0]["after"] = "yellow"


def not_pruning(document: dict[str, Any]) -> None:
    document["basis"]["options"]["prune"] = False


@pytest.mark.parametrize("change", [without_prune, other_value, not_pruning])
def test_a_plan_that_was_edited_is_refused(delivered: Shop, change: Callable[[dict[str, Any]], None]) -> None:
    delivered.plan()
    edit(change, with_digest=False)
    delivered.cluster.requests.clear()

    assert "was changed after it was made" in delivered.apply(code=9).err
    assert delivered.cluster.requests == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without_prune, "ConfigMap shop/old: it is not in the plan; now it would be pruned"),
        (other_value, 'data.color: planned "blue" → "yellow", now "blue" → "red"'),
        (not_pruning, "ConfigMap shop/old: planned to prune it, and now it is to be skipped"),
    ],
)
def test_a_plan_that_was_edited_with_care_differs_from_what_would_happen(
    delivered: Shop, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    delivered.plan()
    edit(change, with_digest=True)

    assert told in delivered.apply(code=9).err
    assert delivered.writes() == []


def test_white_space_and_the_order_of_keys_do_not_matter(delivered: Shop) -> None:
    delivered.plan()
    document = json.loads(Path("plan.json").read_text())
    Path("plan.json").write_text(json.dumps(dict(reversed(document.items()))))

    delivered.apply()


def test_what_changes_while_the_plan_is_carried_out_stops_it(delivered: Shop) -> None:
    delivered.plan()

    def meddle(operation: str, subject: str) -> None:
        if (operation, subject) == ("save_inventory", "shop/shop-app"):
            delivered.cluster.before = lambda _operation, _subject: None
            changed_elsewhere(delivered)

    delivered.cluster.before = meddle
    outcome = delivered.apply("-o", "json", code=9)

    assert "no longer holds, so it stopped there" in outcome.err
    assert [change["name"] for change in outcome.document["changes"]] == ["new"]
    assert [item["subject"] for item in outcome.document["differences"]] == ["ConfigMap shop/settings"]
    assert "ConfigMap shop/settings: somebody has changed it since the plan was made" in outcome.err
    assert delivered.cluster.bodies()[SETTINGS]["data"] == {"color": "blue", "size": "xl"}
    assert OLD in delivered.cluster.bodies()
