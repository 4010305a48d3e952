"""Kustomizations that depend on others."""

from __future__ import annotations

import pytest

from pipeline.puller.keys import OCI_REPOSITORY
from tests.unit.puller.worlds import NAMESPACE, World, config_map, deployment

SUCCEEDED = ("True", "ReconciliationSucceeded")


def test_whoever_depends_on_another_follows_it_at_once(world: World) -> None:
    world.publish(deployment("web"))
    world.kustomization("first", wait=True)
    world.publish(config_map("a"), name="other")
    other = {"kind": OCI_REPOSITORY, "name": "other"}
    world.kustomization("second", dependsOn=[{"name": "first"}], sourceRef=other)
    world.work(looks=1)
    assert world.conditions("second")["Ready"] == ("False", "DependencyNotReady")
    assert world.live() == []
    world.heal("web")
    world.work()

    assert world.conditions("second") == {"Ready": SUCCEEDED}
    assert world.live() == ["a"]


def test_a_dependency_with_the_same_source_must_have_its_revision(world: World) -> None:
    world.publish(deployment("web"))
    world.kustomization("first", wait=True)
    world.kustomization("second", dependsOn=[{"name": "first"}], path=".")
    world.work(looks=1)
    world.heal("web")
    world.work()
    assert world.conditions("second")["Ready"] == SUCCEEDED
    world.publish(deployment("web", "web:2"))
    world.work(looks=1)

    assert world.conditions("second")["Ready"] == ("False", "DependencyNotReady")


@pytest.mark.parametrize(
    ("expression", "is_ready"),
    [("dep.metadata.name == 'first'", True), ("dep.metadata.name == self.metadata.name", False)],
)
def test_an_expression_replaces_the_usual_check(world: World, expression: str, *, is_ready: bool) -> None:
    world.publish(config_map("a"))
    world.kustomization("first", suspend=True)
    world.kustomization("second", dependsOn=[{"name": "first", "readyExpr": expression}])
    world.work()

    assert world.conditions("second")["Ready"] == (SUCCEEDED if is_ready else ("False", "DependencyNotReady"))


def test_a_dependency_that_is_missing_is_waited_for(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization("second", dependsOn=[{"name": "first"}])
    world.work()
    assert world.message(name="second") == f"dependency '{NAMESPACE}/first' not found"
    world.kustomization("first")
    world.work()

    assert world.conditions("second")["Ready"] == SUCCEEDED


def test_a_dependency_that_changes_while_it_is_looked_at_wakes_its_dependant(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization("first", suspend=True)
    world.kustomization("second", dependsOn=[{"name": "first"}])
    world.work()
    evaluated: list[str] = []

    def before(operation: str, subject: str) -> None:
        """While the status of the dependant is written, its dependency becomes ready."""
        if operation == "merge_patch" and "second" in subject and not evaluated:
            evaluated.append(subject)
            world.kustomization("first", suspend=False)

    world.api.before = before
    world.later(30)
    world.kustomization("second", dependsOn=[{"name": "first"}], path=".")
    world.work()

    assert evaluated
    assert world.conditions("second")["Ready"] == SUCCEEDED
