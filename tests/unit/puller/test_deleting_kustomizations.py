"""What becomes of a Kustomization's objects when it is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.deployments.record import Deployed
from pipeline.model.flux import api
from tests.unit.puller.worlds import NAMESPACE, World, config_map

SUCCEEDED = ("True", "ReconciliationSucceeded")


@pytest.mark.parametrize(
    ("spec", "is_deleted"),
    [
        ({}, True),
        ({"prune": False}, False),
        ({"prune": False, "deletionPolicy": "Delete"}, True),
        ({"prune": False, "deletionPolicy": "WaitForTermination"}, True),
        ({"deletionPolicy": "Orphan"}, False),
        ({"suspend": True}, False),
    ],
)
def test_a_deletion_takes_the_objects_along_as_its_policy_says(
    world: World, spec: dict[str, Any], *, is_deleted: bool
) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    world.kustomization(**spec)
    world.work()
    world.delete()
    world.work()
    world.later(2)
    world.work()

    assert not world.exists()
    assert (world.live() == []) is is_deleted


def test_a_deletion_may_wait_until_all_is_gone(world: World) -> None:
    held = config_map("a")
    held["metadata"] = {**held["metadata"], "finalizers": ["example.com/hold"]}
    world.publish(held)
    world.kustomization(deletionPolicy="WaitForTermination")
    world.work()
    world.delete()
    world.work()
    assert world.exists()
    world.later(60)
    world.work()
    assert world.exists()
    world.later(61)
    world.work()

    assert not world.exists()
    text = f"failed to wait for resources termination within 2m: ConfigMap/{NAMESPACE}/a"
    assert (api.PRUNE_FAILED, text) in world.events()


def test_a_deletion_that_fails_is_tried_again(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()

    def before(operation: str, subject: str) -> None:
        if operation == "delete":
            raise ClusterError("no", code="cluster.failed")

    world.cluster.before = before
    world.delete()
    world.work()
    assert world.exists()
    world.cluster.before = lambda operation, subject: None
    world.later(2)
    world.work()

    assert not world.exists()
    assert world.live() == []


def test_nothing_is_deleted_once_another_leads(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    world.is_leading = False
    world.delete()
    world.work()

    assert world.exists()
    assert world.live() == ["a"]


def test_a_service_account_that_is_gone_does_not_keep_a_deletion_from_its_end(tmp_path: Path) -> None:
    world = World(tmp_path, default_service_account="deployer")
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    assert world.memory.users == [f"system:serviceaccount:{NAMESPACE}:deployer"]
    world.delete()
    world.work()

    assert not world.exists()
    assert world.live() == ["a"]
    assert any("service account shop/deployer is gone" in message for _, message in world.events())


def test_one_that_cannot_be_read_goes_and_leaves_its_objects(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    world.kustomization(interval="never")
    world.delete()
    world.work()

    assert not world.exists()
    assert world.live() == ["a"]


@pytest.mark.parametrize(
    ("spec", "stays"), [({}, False), ({"deletionPolicy": "Orphan"}, True), ({"suspend": True}, True)]
)
def test_a_deletion_is_told_with_what_was_there(world: World, spec: dict[str, Any], *, stays: bool) -> None:
    revision = world.publish(config_map("a"))
    world.kustomization(path="./")
    world.work()
    world.kustomization(path="./", **spec)
    world.delete()
    world.work()

    told = world.deployed[-1]

    assert (told.result, told.digest, told.stays) == (Deployed.DELETED, revision.partition("@")[2], stays)
    assert bool(told.message) is stays
    assert world.deployed[0].path == "./"


def test_what_was_never_applied_is_not_told_to_be_gone(world: World) -> None:
    world.kustomization()
    world.work()
    world.delete()
    world.work()

    assert not world.exists()
    assert world.deployed == []
