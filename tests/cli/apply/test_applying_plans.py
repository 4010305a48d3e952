"""``gitless plan --save`` and ``gitless apply --plan``: exactly what was looked at, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from pipeline.model.manifests import ObjectId
from pipeline.model.planning.saved_plan import plan_digest
from pipeline.testing.cluster import MemoryCluster
from tests.cli.apply.conftest import Gitless
from tests.command_line import Outcome

REPOSITORY = "oci-layout:out/shop-app"
SETTINGS = ObjectId("", "ConfigMap", "shop", "settings")
OLD = ObjectId("", "ConfigMap", "shop", "old")
SKIP = "--insecure-skip-verification"
HIDDEN = "hunter"


class Shop:
    """An application in a layout folder, released and applied once, with the next release at hand."""

    def __init__(self, gitless: Gitless, cluster: MemoryCluster) -> None:
        self.gitless = gitless
        self.cluster = cluster

    def run(self, *arguments: str, code: int = 0) -> Outcome:
        outcome = self.gitless(*arguments)
        assert outcome.code == code, outcome.err
        return outcome

    def release(self, tag: str, *objects: dict[str, Any]) -> None:
        """Package and sign."""
        shutil.rmtree("shop-app", ignore_errors=True)
        Path("shop-app").mkdir()
        for number, body in enumerate(objects):
            Path(f"shop-app/{number}.yaml").write_text(json.dumps(body))
        self.run("package", "shop-app", f"{REPOSITORY}:{tag}", "--results-dir", "results")
        self.run("sign", json.loads(Path("results/package.json").read_text())["digestUrl"], "--key", "cosign.key")

    def plan(self, *options: str, reference: str = f"{REPOSITORY}:next", code: int = 0) -> Outcome:
        trust = () if SKIP in options else ("--key", "cosign.pub")
        return self.run("plan", "live", reference, "-n", "shop", *trust, "--save", "plan.json", *options, code=code)

    def apply(self, *options: str, code: int = 0) -> Outcome:
        trust = () if {SKIP, "--key"} & set(options) else ("--key", "cosign.pub")
        return self.run("apply", "--plan", "plan.json", *trust, *options, code=code)

    def writes(self) -> list[tuple[str, str]]:
        return [item for item in self.cluster.requests if item[0] in {"apply", "delete", "save_inventory"}]


def config(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"password": value}}


OLD_CONFIG, NEW_CONFIG = config("old", a="1"), config("new", a="1")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key pair and both releases; made once, for signing takes its time."""
    folder = tmp_path_factory.mktemp("released")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COSIGN_PASSWORD", "")
        made = Shop(lambda *arguments: Outcome(run_guarded(application, list(arguments)), "", ""), MemoryCluster())
        made.run("keys", "generate")
        made.release("first", config("settings", color="blue"), config("same", a="1"), secret("hunter2"), OLD_CONFIG)
        made.release("next", config("settings", color="red"), config("same", a="1"), secret("hunter3"), NEW_CONFIG)
    return folder


@pytest.fixture
def shop(gitless: Gitless, cluster: MemoryCluster, tmp_path: Path, released: Path) -> Shop:
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)
    made = Shop(gitless, cluster)
    made.run("apply", f"{REPOSITORY}:first", "--key", "cosign.pub", "-n", "shop")
    cluster.requests.clear()
    return made


def delete(cluster: MemoryCluster, object_id: ObjectId) -> None:
    body = cluster.bodies()[object_id]
    kind = cluster.resource_type(body["apiVersion"], body["kind"])
    assert kind is not None
    cluster.delete(kind, object_id, uid=body["metadata"]["uid"])


def test_a_saved_plan_holds_everything_and_no_secret(shop: Shop) -> None:
    outcome = shop.plan()

    text = Path("plan.json").read_text()
    document = json.loads(text)
    assert (document["apiVersion"], document["kind"], document["version"]) == ("gitless.dev/v1", "SavedPlan", 1)
    changes = {change["name"]: change for change in document["changes"]}
    assert {name: change["action"] for name, change in changes.items()} == {
        "settings": "configure", "login": "configure", "new": "create", "old": "prune"
    }  # fmt: skip
    assert changes["settings"]["fields"] == [
        {"path": "data.color", "change": "changed", "before": "blue", "after": "red"}
    ]
    live = shop.cluster.bodies()[SETTINGS]["metadata"]
    assert changes["settings"]["live"]["uid"] == live["uid"]
    assert "live" not in changes["new"]
    assert document["basis"]["trust"]["verified"] is True
    assert document["basis"]["trust"]["signers"][0]["keyFingerprint"].startswith("SHA256:")
    assert document["basis"]["inventory"]["name"] == "shop-app"
    assert document["blastRadius"]["objects"] == 4
    assert document["appliable"] is True
    assert HIDDEN not in text + outcome.out + outcome.err
    assert shop.writes() == []
    assert outcome.out.splitlines()[-1] == "apply exactly this: gitless apply --plan plan.json"


def test_a_plan_is_applied_exactly(shop: Shop) -> None:
    shop.plan()

    outcome = shop.apply("-o", "json")

    document = outcome.document
    assert document["planDigest"] == json.loads(Path("plan.json").read_text())["digest"]
    assert document["inventory"] == {"namespace": "shop", "name": "shop-app"}
    done = {(change["action"], change["name"]) for change in document["changes"]}
    assert done == {("configure", "settings"), ("configure", "login"), ("create", "new"), ("prune", "old")}
    assert shop.cluster.bodies()[SETTINGS]["data"] == {"color": "red"}
    assert OLD not in shop.cluster.bodies()


def test_a_plan_is_good_for_one_apply(shop: Shop) -> None:
    shop.plan()
    shop.apply()

    outcome = shop.apply(code=9)

    assert "inventory shop/shop-app: another apply has saved it since: saved by https://ci.test/job/7" in outcome.err
    assert "ConfigMap shop/settings: planned to configure it, and now nothing is to be done" in outcome.err


def test_a_dry_run_tells_whether_a_plan_still_holds_and_leaves_it_good(shop: Shop) -> None:
    shop.plan()

    assert "Dry run, nothing was written" in shop.apply("--dry-run", "server").out
    assert shop.writes() == []
    shop.apply()


def moved_tag(shop: Shop) -> None:
    shop.release("next", config("settings", color="green"))


def gone_tag(shop: Shop) -> None:
    index = Path("out/shop-app/index.json")
    document = json.loads(index.read_text())
    for manifest in document["manifests"]:
        if manifest.get("annotations", {}).get("org.opencontainers.image.ref.name") == "next":
            del manifest["annotations"]["org.opencontainers.image.ref.name"]
    index.write_text(json.dumps(document))


def changed_object(shop: Shop) -> None:
    shop.cluster.apply_as("somebody", {**config("settings", color="pink"), "metadata": meta(SETTINGS)})


def changed_elsewhere(shop: Shop) -> None:
    shop.cluster.apply_as("somebody", {**config("settings", size="xl"), "metadata": meta(SETTINGS)})


def gone_object(shop: Shop) -> None:
    delete(shop.cluster, OLD)


def made_anew(shop: Shop) -> None:
    body = shop.cluster.bodies()[SETTINGS]
    delete(shop.cluster, SETTINGS)
    labels = body["metadata"]["labels"]
    shop.cluster.apply_as("gitless", {**config("settings", color="blue"), "metadata": meta(SETTINGS, labels=labels)})


def created_meanwhile(shop: Shop) -> None:
    new = ObjectId("", "ConfigMap", "shop", "new")
    shop.cluster.apply_as("somebody", {**config("new", b="1"), "metadata": meta(new)})


def drifted(shop: Shop) -> None:
    same = ObjectId("", "ConfigMap", "shop", "same")
    shop.cluster.apply_as("gitless", {**config("same", a="2"), "metadata": meta(same)})


def other_apply(shop: Shop) -> None:
    inventory = shop.cluster.load_inventory("shop", "shop-app")
    assert inventory is not None
    shop.cluster.save_inventory(replace(inventory, writer="ann@laptop", written_at="2026-01-02T03:04:05Z"))


def no_inventory(shop: Shop) -> None:
    shop.cluster._inventories.clear()


def other_cluster(shop: Shop) -> None:
    shop.cluster.context = "elsewhere"


def signed_by_another(shop: Shop) -> None:
    shop.run("keys", "generate", "--output-key-prefix", "other")
    digest = json.loads(Path("plan.json").read_text())["to"]["digestUrl"]
    shop.run("sign", digest, "--key", "other.key")


def meta(object_id: ObjectId, **more: object) -> dict[str, Any]:
    return {"name": object_id.name, "namespace": object_id.namespace, **more}


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
        (other_apply, "saved by ann@laptop at 2026-01-02T03:04:05Z"),
        (no_inventory, "inventory shop/shop-app: it is gone"),
        (other_cluster, "cluster: it was planned for memory; this is elsewhere"),
    ],
)
def test_a_stale_plan_is_refused_and_nothing_written(shop: Shop, happens: Callable[[Shop], None], told: str) -> None:
    shop.plan()
    happens(shop)
    shop.cluster.requests.clear()

    outcome = shop.apply(code=9)

    assert "plan.json no longer holds, so nothing was written:" in outcome.err
    assert told in outcome.err
    assert "plan again" in outcome.err
    assert HIDDEN not in outcome.err
    assert outcome.out == ""
    assert shop.writes() == []


def test_another_signer_makes_the_plan_stale(shop: Shop) -> None:
    shop.plan()
    signed_by_another(shop)

    outcome = shop.apply("--key", "other.pub", code=9)

    assert "trust: it was planned as signed by cosign.pub" in outcome.err
    assert "is now by other.pub" in outcome.err
    shop.apply()


def test_who_no_longer_verifies_has_another_trust_decision(shop: Shop) -> None:
    shop.plan()

    assert "signatures were verified for the plan, and are not verified now" in shop.apply(SKIP, code=9).err


def test_trust_is_asked_anew(shop: Shop) -> None:
    shop.plan()
    shop.run("keys", "generate", "--output-key-prefix", "other")

    assert "has no signature by other.pub" in shop.apply("--key", "other.pub", code=4).err


def test_the_key_may_lie_elsewhere(shop: Shop) -> None:
    shop.plan()
    Path("cosign.pub").rename("production.pub")

    shop.apply("--key", "production.pub")


def test_a_plan_by_digest_holds_wherever_tags_go(shop: Shop) -> None:
    url = shop.run("list", REPOSITORY, "-o", "json").document
    digest = next(item["digest"] for item in url["artifacts"] if item["tag"] == "next")
    shop.plan("--inventory", "shop-app", reference=f"{REPOSITORY}@{digest}")
    moved_tag(shop)

    shop.apply()


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
def test_a_plan_that_was_edited_is_refused(shop: Shop, change: Callable[[dict[str, Any]], None]) -> None:
    shop.plan()
    edit(change, with_digest=False)
    shop.cluster.requests.clear()

    assert "was changed after it was made" in shop.apply(code=9).err
    assert shop.cluster.requests == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without_prune, "ConfigMap shop/old: it is not in the plan; now it would be pruned"),
        (other_value, 'data.color: planned "blue" → "yellow", now "blue" → "red"'),
        (not_pruning, "ConfigMap shop/old: planned to prune it, and now it is to be skipped"),
    ],
)
def test_a_plan_that_was_edited_with_care_differs_from_what_would_happen(
    shop: Shop, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    shop.plan()
    edit(change, with_digest=True)

    assert told in shop.apply(code=9).err
    assert shop.writes() == []


def test_white_space_and_the_order_of_keys_do_not_matter(shop: Shop) -> None:
    shop.plan()
    document = json.loads(Path("plan.json").read_text())
    Path("plan.json").write_text(json.dumps(dict(reversed(document.items()))))

    shop.apply()


def test_what_changes_while_the_plan_is_carried_out_stops_it(shop: Shop) -> None:
    shop.plan()

    def meddle(operation: str, subject: str) -> None:
        if (operation, subject) == ("save_inventory", "shop/shop-app"):
            shop.cluster.before = lambda _operation, _subject: None
            changed_elsewhere(shop)

    shop.cluster.before = meddle
    outcome = shop.apply(code=9)

    assert "no longer holds, so it stopped there" in outcome.err
    assert "ConfigMap shop/settings: somebody has changed it since the plan was made" in outcome.err
    assert shop.cluster.bodies()[SETTINGS]["data"] == {"color": "blue", "size": "xl"}
    assert OLD in shop.cluster.bodies()


@pytest.mark.parametrize(
    "options",
    [("--prune",), ("--no-prune",), ("--inventory", "x"), ("-n", "shop"), ("--recreate",), ("--max-prune", "3"),
     ("--override", "max-prune"), ("oci-layout:out/shop-app:next",)],
)  # fmt: skip
def test_what_the_plan_decides_cannot_be_decided_again(shop: Shop, options: tuple[str, ...]) -> None:
    shop.plan()

    assert "contradict each other: the plan says what is applied" in shop.apply(*options, code=2).err


def test_the_plans_own_decisions_are_carried_out(shop: Shop) -> None:
    shop.plan("--no-prune", "--inventory", "shop-app")

    shop.apply()

    assert OLD in shop.cluster.bodies()


def test_a_plan_needs_to_know_who_signed(shop: Shop) -> None:
    outcome = shop.run("plan", "live", f"{REPOSITORY}:next", "-n", "shop", "--save", "plan.json", code=2)

    assert "--save keeps who must have signed the artifact" in outcome.err
    assert not Path("plan.json").exists()


def test_an_unverified_plan_says_so_and_can_be_applied_unverified(shop: Shop) -> None:
    shop.plan(SKIP)
    assert json.loads(Path("plan.json").read_text())["basis"]["trust"] == {"verified": False, "signers": []}

    assert "signatures were not verified for the plan, and are verified now" in shop.apply(code=9).err
    shop.apply(SKIP)


def test_plans_of_folders_are_to_be_read(shop: Shop) -> None:
    Path("before").mkdir()
    Path("before/all.yaml").write_text(json.dumps({**config("settings", color="blue"), "metadata": meta(SETTINGS)}))
    options = ("-n", "shop", "--inventory", "shop-app", "--no-prune", "--save", "plan.json")
    against_live = shop.run("plan", "live", "before", *options)
    assert "only a plan from live to an artifact can be applied" in against_live.out
    assert "is a plan to read" in shop.apply(code=2).err

    shop.run("plan", "before", f"{REPOSITORY}:next", "--save", "plan.json")
    assert "is a plan to read" in shop.apply(code=2).err


def test_a_plan_with_obstacles_is_kept_and_never_applied(shop: Shop) -> None:
    shop.cluster.apply_as("somebody", {**config("settings", color="pink"), "metadata": meta(SETTINGS)})

    outcome = shop.plan(code=9)

    assert "Applying this would be refused" in outcome.out
    assert "it is to be read, not applied" in outcome.out
    assert "could not be applied when it was made, for 1 reason" in shop.apply(code=9).err


def test_an_overridden_guard_is_part_of_the_plan(shop: Shop) -> None:
    shop.release("next", config("settings", color="red"))
    shop.plan("--inventory", "shop-app", code=9)
    shop.plan("--inventory", "shop-app", "--override", "max-prune")

    outcome = shop.apply()

    assert "a guard is overridden: max-prune" in outcome.err
    assert OLD not in shop.cluster.bodies()


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


def test_a_plan_that_is_not_there_is_a_usage_error(gitless: Gitless) -> None:
    assert gitless("apply", "--plan", "none.json", SKIP).code == 2
    assert "there is nothing to apply" in gitless("apply", SKIP).err
