"""What an inventory keeps of a Secret helps nobody to guess what is in it."""

from __future__ import annotations

import pytest

from pipeline.model.applying.desired import desired_hash, desired_resource
from pipeline.model.applying.ownership import owner_labels
from pipeline.model.manifests import ObjectId, Resource
from pipeline.model.outcome.apply import ApplyInterruptedError
from pipeline.model.plan import Action
from tests.unit.apply.worlds import Body, MakeConfigMap, World

SECRET = ObjectId("", "Secret", "shop", "login")


def secret(value: str = "c3VtbWVy", *, annotations: dict[str, str] | None = None) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": "shop", "annotations": annotations or {}},
        "data": {"password": value},
    }


def guessed(world: World, body: Body) -> str:
    """As somebody computes it who knows everything but the uid."""
    return desired_hash(desired_resource(Resource.from_body(body), "shop", owner_labels(world.inventory())).body)


@pytest.mark.parametrize("annotations", [{}, {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}])
def test_no_entry_says_whether_a_guess_is_right(world: World, annotations: dict[str, str]) -> None:
    """Neither that of a Secret that was written, nor that of one which was left alone."""
    for _ in range(2):
        world.apply(secret(annotations=annotations))

        kept = world.inventory().applied[SECRET].desired_hash
        assert len(kept) == 64
        assert kept != guessed(world, secret(annotations=annotations))


def test_of_other_objects_the_hash_is_kept_as_it_is(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("a"))

    kept = world.inventory().applied[ObjectId("", "ConfigMap", "shop", "a")].desired_hash
    assert kept == guessed(world, config_map("a"))


def test_an_unchanged_secret_is_recognised_without_being_read(world: World) -> None:
    world.apply(secret())
    world.forget_requests()

    result = world.apply(secret())

    assert (result.plan.is_empty, result.plan.unchanged) == (True, 1)
    assert world.writes() == []
    assert not [operation for operation, _ in world.cluster.requests if operation in {"read", "apply"}]


def test_a_changed_secret_is_configured(world: World) -> None:
    world.apply(secret())

    result = world.apply(secret("d2ludGVy"))

    assert [change.action for change in result.changes] == [Action.CONFIGURE]


def test_an_overtaken_apply_puts_no_guessable_hash_on_record_either(world: World, config_map: MakeConfigMap) -> None:
    world.apply(config_map("old"))
    rivals = ["rival@elsewhere"]

    def before(operation: str, subject: str) -> None:
        if (operation, subject) == ("apply", "Secret shop/login") and rivals:
            world.apply(config_map("old"), writer=rivals.pop())

    world.cluster.before = before
    with pytest.raises(ApplyInterruptedError):
        world.apply(secret())

    assert world.inventory().applied[SECRET].desired_hash not in {"", guessed(world, secret())}
    assert world.apply(config_map("old"), secret()).plan.is_empty
