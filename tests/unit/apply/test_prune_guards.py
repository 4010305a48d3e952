from __future__ import annotations

import pytest

from pipeline.errors import GuardError, RefusedError, UsageError
from pipeline.model.applying.controls import PREFIX
from pipeline.model.applying.guards import Guards, PruneLimit, check_override
from pipeline.model.applying.inventory_document import decode, encode
from pipeline.model.manifests import ObjectId
from pipeline.model.object_pattern import check_pattern, is_meant
from pipeline.model.plan import Action
from pipeline.model.settings.guards import GuardSettings
from pipeline.reports.text.apply import render
from pipeline.stages.diff import diff_live
from tests.unit.apply.worlds import Body, MakeConfigMap, MakeDeployment, World, trust

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def full(world: World, config_map: MakeConfigMap) -> World:
    world.apply(*(config_map(name) for name in NAMES))
    world.forget_requests()
    return world


@pytest.mark.parametrize(
    ("limit", "known", "allowed"),
    [
        ("40%", 4, 1),
        ("40%", 10, 4),
        ("50%", 4, 2),
        ("0%", 9, 0),
        ("100%", 3, 3),
        ("0", 9, 0),
        ("5", 9, 5),
        ("1%", 9, 1),
    ],
)
def test_a_limit_allows_so_many_and_not_one_more(limit: str, known: int, allowed: int) -> None:
    parsed = PruneLimit.parse(limit)

    assert [number for number in range(known + 1) if parsed.allows(number, known)] == list(range(allowed + 1))
    assert str(parsed) == limit


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "101%", "half", "1e3", "4 0%"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a number of objects such as 5, or a percentage such as 25%"):
        PruneLimit.parse(text)


def test_half_of_the_inventory_is_not_deleted_by_default(full: World, config_map: MakeConfigMap) -> None:
    with pytest.raises(GuardError) as caught:
        full.apply(config_map("a"), config_map("b", {"key": "new"}), guards=Guards())

    assert caught.value.exit_code == 9
    expected = "inventory shop/shop: 2 of 4 objects (50%) would be deleted; at most 40% may be"
    assert caught.value.message == expected
    assert caught.value.hint == "if that is what you want: --override max-prune"
    assert full.writes() == []
    assert full.names("ConfigMap") == list(NAMES)


def test_an_override_is_told_shown_and_recorded_until_the_next_apply(full: World, config_map: MakeConfigMap) -> None:
    result = full.apply(config_map("a"), config_map("b"), guards=Guards(overrides=("max-prune",)))

    line = "max-prune: 2 of 4 objects (50%) would be deleted; at most 40% may be"
    assert full.names("ConfigMap") == ["a", "b"]
    assert result.document()["overridden"] == [line]
    assert f"A guard was overridden: {line}" in render(result, color=False)
    assert f"a guard is overridden: {line}" in full.reporter.lines
    inventory = full.inventory()
    assert inventory.overridden == (line,)
    assert decode(encode(inventory), namespace="shop", name="shop").overridden == (line,)
    assert full.apply(config_map("a"), config_map("b"), guards=Guards()).overridden == ()
    assert full.inventory().overridden == (line,)
    full.apply(config_map("a", {"key": "new"}), config_map("b"), guards=Guards())
    assert full.inventory().overridden == ()


def test_an_override_of_another_guard_does_not_help(full: World, config_map: MakeConfigMap) -> None:
    with pytest.raises(GuardError):
        full.apply(config_map("a"), guards=Guards(overrides=("empty", "protected:ConfigMap")))


def test_an_empty_artifact_needs_its_own_override(full: World) -> None:
    with pytest.raises(GuardError, match="there are no objects to apply") as caught:
        full.apply(guards=Guards(overrides=("max-prune",)))
    assert caught.value.hint == "if that is what you want: --override empty"

    full.apply(guards=Guards(overrides=("empty",)))
    assert full.names("ConfigMap") == []


def test_protected_objects_are_each_named_and_each_overridden(
    world: World, config_map: MakeConfigMap, definition: Body
) -> None:
    claims: list[Body] = [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "shop"}}
        for name in ("one", "two")
    ]
    others = [config_map(name) for name in (*NAMES, "e", "f")]
    world.apply(*others, *claims, definition)

    with pytest.raises(GuardError) as caught:
        world.apply(*others, guards=Guards(overrides=("protected:CustomResourceDefinition",)))
    assert "PersistentVolumeClaim shop/one: it would be deleted" in caught.value.message
    assert "PersistentVolumeClaim shop/two: it would be deleted" in caught.value.message
    assert "--override 'protected:PersistentVolumeClaim shop/one'" in str(caught.value.hint)
    assert "widgets" not in caught.value.message

    overrides = ("protected:CustomResourceDefinition", "protected:PersistentVolumeClaim shop/*")
    result = world.apply(*others, guards=Guards(overrides=overrides))
    assert len(result.overridden) == 3
    assert world.names("PersistentVolumeClaim") == []


def test_generated_objects_that_come_back_under_another_name_are_not_counted(
    world: World, config_map: MakeConfigMap
) -> None:
    old, new = "settings-5m2t6k9gh7", "settings-9kfb4t2hm5"
    world.apply(config_map("a"), config_map(old), config_map("other-5m2t6k9gh7"))

    world.apply(config_map("a"), config_map(new), config_map("other-9kfb4t2hm5"), guards=Guards())

    assert world.names("ConfigMap") == ["a", "other-9kfb4t2hm5", new]


def test_an_object_whose_prune_is_disabled_is_shown_and_trips_nothing(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"), config_map("b", annotations={PREFIX + "prune": "disabled"}))

    result = world.apply(config_map("a"), guards=Guards(max_prune=PruneLimit(0), protected=("ConfigMap",)))

    assert [change.reason for change in result.changes] == [f"not pruned: the live object says {PREFIX}prune: disabled"]
    assert world.names("ConfigMap") == ["a", "b"]


def test_a_diff_against_the_cluster_shows_what_the_guards_would_refuse(full: World, config_map: MakeConfigMap) -> None:
    manifests = trust(config_map("a")).manifests
    options = full.options.__class__(inventory="shop", namespace="shop")

    live = diff_live(manifests, full.cluster, options)

    assert [(item.subject, item.error) for item in live.obstacles] == [("inventory shop/shop", GuardError)]


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("max-prunes", "there is no such guard", "did you mean 'max-prune'?"),
        ("everything", "there is no such guard", "guards: max-prune, empty, protected:KIND NAMESPACE/NAME"),
        ("protected", "name the objects that may be deleted", "'protected:PersistentVolumeClaim shop/data'"),
        ("protected:", "names no objects", "* stands for any letters"),
        ("protected:a/b/c d", "names no objects", "* stands for any letters"),
    ],
)
def test_an_override_of_nothing_is_refused(text: str, complaint: str, hint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        check_override(text)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("pattern", "is_it"),
    [
        ("Deployment", True),
        ("Deployment.apps", True),
        ("Deployment.example.com", False),
        ("Deployment web", True),
        ("Deployment shop/web", True),
        ("Deployment shop/*", True),
        ("Deployment other/web", False),
        ("Deploy* w?b", True),
        ("Service", False),
    ],
)
def test_patterns_name_objects(pattern: str, *, is_it: bool) -> None:
    assert is_meant(ObjectId("apps", "Deployment", "shop", "web"), check_pattern(pattern)) is is_it


def test_the_nearer_word_wins_and_overrides_add_up() -> None:
    option = GuardSettings(max_prune="5", overrides=("empty",))
    target = GuardSettings(protect=("Secret",))
    file = GuardSettings(max_prune="10%", protect=("none",))

    guards = option.over(target.over(file)).guards()

    assert (str(guards.max_prune), guards.protected, guards.overrides) == ("5", ("Secret",), ("empty",))
    assert target.over(file).guards().max_prune == PruneLimit(10, is_percentage=True)
    assert file.guards().protected == ()


@pytest.mark.parametrize(
    ("guards", "annotation"),
    [
        (Guards(protected=("Deployment shop/web",), overrides=("protected:Deployment shop/web",)), ""),
        (Guards(protected=("Deployment shop/web",)), "enabled"),
        (Guards(protected=("Deployment shop/other",)), ""),
    ],
)
def test_what_is_protected_is_not_recreated_by_an_option_for_all(
    world: World, deployment: MakeDeployment, guards: Guards, annotation: str
) -> None:
    world.apply(deployment("web", app="one"))
    changed = deployment("web", app="two")
    with pytest.raises(RefusedError, match="immutable") as caught:
        world.apply(changed, recreate=True, guards=Guards(protected=("Deployment",)))
    assert caught.value.hint == f"it is protected; if you want that, annotate it with {PREFIX}force: enabled"

    if annotation:
        changed["metadata"]["annotations"] = {f"{PREFIX}force": annotation}

    assert [change.action for change in world.apply(changed, recreate=True, guards=guards).changes] == [Action.RECREATE]
