"""A run that dies between any two calls to the cluster leaves a state from which the next run gets to the same end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.errors import ClusterError, RefusedError
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.apply import ApplyInterruptedError
from tests.unit.apply.worlds import Body, Make, MakeConfigMap, MakeDeployment, Scenario, World


class Killed(BaseException):
    """Like SIGKILL: nothing that handles errors sees it."""


@pytest.fixture
def scenario(
    config_map: MakeConfigMap, deployment: MakeDeployment, definition: Body, widget: Make, namespace: Make
) -> Scenario:
    """What was there before, and what is to be there after: creations, changes, a recreation, prunes, new kinds."""
    before = [config_map("stays"), config_map("goes"), deployment("web", app="one"), deployment("goes-too")]
    after = [
        config_map("stays", {"key": "changed"}),
        config_map("inside", namespace="fresh"),
        deployment("web", app="two"),
        definition,
        namespace("fresh"),
        widget("w"),
        config_map("new"),
    ]
    return before, after


@pytest.fixture
def fresh_world(scenario: Scenario, config_map: MakeConfigMap, world: World) -> Callable[[], World]:
    def make() -> World:
        made = type(world)()
        made.cluster.apply_as("somebody", config_map("foreign"))
        made.apply(*scenario[0])
        made.forget_requests()
        return made

    return make


def state(world: World) -> tuple[object, ...]:
    """Every object without what differs from run to run, and the inventory without times and versions."""
    objects = {}
    for object_id, body in world.cluster.bodies().items():
        metadata = {key: body["metadata"].get(key) for key in ("labels", "annotations")}
        objects[object_id] = {**body, "metadata": metadata}
    inventory = world.inventory()
    applied = {key: (entry.api_version, entry.desired_hash) for key, entry in inventory.applied.items()}
    return objects, applied, dict(inventory.pending)


def kill_at(world: World, number: int) -> None:
    seen = 0

    def before(operation: str, subject: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise Killed

    world.cluster.before = before


def test_killed_between_any_two_calls_the_next_run_repairs(
    fresh_world: Callable[[], World], scenario: Scenario
) -> None:
    undisturbed = fresh_world()
    undisturbed.apply(*scenario[1], recreate=True)
    calls = len(undisturbed.cluster.requests)
    expected = state(undisturbed)
    assert calls > 40

    for number in range(1, calls + 1):
        world = fresh_world()
        kill_at(world, number)
        with pytest.raises(Killed):
            world.apply(*scenario[1], recreate=True)
        world.cluster.before = lambda _operation, _subject: None

        world.apply(*scenario[1], recreate=True)

        assert state(world) == expected, f"killed before call {number}"
        assert world.apply(*scenario[1]).plan.is_empty


def test_killed_between_any_two_calls_the_former_version_can_be_restored(
    fresh_world: Callable[[], World], scenario: Scenario
) -> None:
    expected = state(fresh_world())[0]
    calls = 0
    while True:
        calls += 1
        world = fresh_world()
        kill_at(world, calls)
        try:
            world.apply(*scenario[1], recreate=True)
        except Killed:
            world.cluster.before = lambda _operation, _subject: None
        else:
            break

        world.apply(*scenario[0], recreate=True)

        left = state(world)[0]
        assert left == expected, f"killed before call {calls}"
    assert calls > 40


def test_an_error_at_any_call_prunes_nothing_unless_everything_was_applied(
    fresh_world: Callable[[], World], scenario: Scenario
) -> None:
    doomed = {ObjectId("", "ConfigMap", "shop", "goes"), ObjectId("apps", "Deployment", "shop", "goes-too")}
    number, failures = 0, 0
    while True:
        number += 1
        world = fresh_world()
        seen = 0

        def before(operation: str, subject: str, world: World = world, number: int = number) -> None:
            nonlocal seen
            seen += 1
            if seen == number:
                raise ClusterError(f"call {number} failed")

        world.cluster.before = before
        try:
            world.apply(*scenario[1], recreate=True)
        except ClusterError:
            failures += 1
            assert doomed <= world.cluster.bodies().keys()
        except ApplyInterruptedError:
            failures += 1
            applied = ObjectId("example.com", "Widget", "shop", "w") in world.cluster.bodies()
            assert applied or doomed <= world.cluster.bodies().keys()
        else:
            break
        world.cluster.before = lambda _operation, _subject: None
        world.apply(*scenario[1], recreate=True)
        assert not doomed & world.cluster.bodies().keys()
    assert failures > 40


def test_two_applies_that_loaded_the_same_inventory_cannot_both_begin(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"))
    rival_has_run = False

    def before(operation: str, subject: str) -> None:
        nonlocal rival_has_run
        if operation == "save_inventory" and not rival_has_run:
            rival_has_run = True
            world.apply(config_map("a"), config_map("rival"), writer="rival@elsewhere")

    world.cluster.before = before
    with pytest.raises(RefusedError, match=r"another apply of inventory shop/shop came in between") as caught:
        world.apply(config_map("a"), config_map("late"))

    assert "by rival@elsewhere at 2027-01-15T08:00:00Z" in caught.value.message
    assert caught.value.exit_code == 9
    assert world.names("ConfigMap") == ["a", "rival"]


def test_an_apply_that_is_overtaken_midway_stops_and_prunes_nothing(
    world: World, config_map: MakeConfigMap, deployment: MakeDeployment
) -> None:
    world.apply(config_map("old"))
    rival_has_run = False

    def before(operation: str, subject: str) -> None:
        nonlocal rival_has_run
        if (operation, subject) == ("apply", "ConfigMap shop/early") and not rival_has_run:
            rival_has_run = True
            world.apply(config_map("old"), config_map("rival"), writer="rival@elsewhere")

    world.cluster.before = before
    with pytest.raises(ApplyInterruptedError, match=r"by rival@elsewhere") as caught:
        world.apply(config_map("early"), deployment("late"))

    assert caught.value.exit_code == 9
    assert world.names("Deployment") == []
    assert world.names("ConfigMap") == ["early", "old", "rival"]
    world.apply(config_map("old"), config_map("rival"))
    # The loser has put on record what it wrote after the winner had looked.
    assert world.names("ConfigMap") == ["old", "rival"]
