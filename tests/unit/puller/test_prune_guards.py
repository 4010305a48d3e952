"""Deletions that the puller holds back until somebody has seen them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.puller.worlds import NAMESPACE, World, config_map

NAMES = ("a", "b", "c", "d")
MAX_PRUNE = "gitless.dev/max-prune"
ALLOW_PRUNE = "gitless.dev/allow-prune"
TRIPPED = {"Ready": ("False", "GuardTripped"), "GuardTripped": ("True", "GuardTripped")}


def reconciled(world: World, *names: str, annotations: Mapping[str, str] | None = None) -> str:
    revision = world.publish(*(config_map(name) for name in names))
    world.kustomization(annotations=annotations)
    world.work()
    return revision


def guard_conditions(world: World) -> dict[str, Any]:
    return {key: value for key, value in world.conditions().items() if key in {"Ready", "GuardTripped"}}


def test_half_of_the_objects_are_not_deleted_and_nothing_else_changes(world: World) -> None:
    reconciled(world, *NAMES)
    revision = reconciled(world, "a", "b", "new")

    assert world.live() == list(NAMES)
    assert guard_conditions(world) == TRIPPED
    assert "2 of 4 objects (50%) would be deleted; at most 40% may be" in world.message("GuardTripped")
    digest = revision.partition("@")[2]
    command = f"kubectl annotate --overwrite kustomization app -n {NAMESPACE} {ALLOW_PRUNE}={digest}"
    assert command in world.message("GuardTripped")
    assert [reason for reason, _ in world.events()][-1] == "GuardTripped"


def test_acknowledged_for_that_digest_it_goes_on_and_says_whose_word_it_was(world: World) -> None:
    reconciled(world, *NAMES)
    revision = reconciled(world, "a", "b")

    world.kustomization(annotations={ALLOW_PRUNE: revision.partition("@")[2]})
    world.work()

    assert world.live() == ["a", "b"]
    assert guard_conditions(world) == {"Ready": ("True", "ReconciliationSucceeded")}
    told = [message for reason, message in world.events() if reason == "Progressing"]
    assert "a guard was overridden: max-prune: 2 of 4 objects (50%) would be deleted" in told[-1]


def test_acknowledged_for_another_digest_it_does_not(world: World) -> None:
    first = reconciled(world, *NAMES)
    reconciled(world, "a", annotations={ALLOW_PRUNE: first.partition("@")[2]})

    assert world.live() == list(NAMES)
    assert guard_conditions(world) == TRIPPED


def test_an_artifact_that_deletes_less_clears_the_condition(world: World) -> None:
    reconciled(world, *NAMES)
    reconciled(world, "a", "b")
    reconciled(world, "a", "b", "c")

    assert world.live() == ["a", "b", "c"]
    assert guard_conditions(world) == {"Ready": ("True", "ReconciliationSucceeded")}


def test_a_kustomization_may_have_a_limit_of_its_own(world: World) -> None:
    reconciled(world, *NAMES)
    reconciled(world, "a", annotations={MAX_PRUNE: "3"})

    assert world.live() == ["a"]


@pytest.mark.parametrize("value", ["half", "-1", "101%", "1.5"])
def test_a_limit_that_is_none_is_told_and_nothing_is_applied(world: World, value: str) -> None:
    reconciled(world, "a", annotations={MAX_PRUNE: value})

    assert world.live() == []
    assert world.conditions()["Ready"] == ("False", "InvalidSpec")
    assert "expected a number of objects such as 5, or a percentage such as 25%" in world.message()


def test_a_protected_object_is_named(world: World) -> None:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": NAMESPACE}}
    world.publish(*(config_map(name) for name in NAMES), claim)
    world.kustomization()
    world.work()
    reconciled(world, *NAMES)

    assert world.live("PersistentVolumeClaim") == ["data"]
    assert guard_conditions(world) == TRIPPED
    expected = f"PersistentVolumeClaim {NAMESPACE}/data: it would be deleted, and 'PersistentVolumeClaim' is protected"
    assert expected in world.message("GuardTripped")
