"""The puller beside Flux's controllers, and beside another puller: they never fight."""

from __future__ import annotations

import time

import pytest

from tests.e2e.puller.conftest import Realm
from tests.reconciling import Body, World, config_map

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("realm")]

SHARD = "sharding.fluxcd.io/key"
FILES: dict[str, str | bytes] = {"a.yaml": config_map()}


def versions(*bodies: Body) -> list[str]:
    return [body["metadata"]["resourceVersion"] for body in bodies]


def both(world: World, name: str) -> tuple[Body, Body]:
    return world.ready("OCIRepository", name), world.ready("Kustomization", name)


def label(world: World, name: str, value: str) -> None:
    for kind in ("OCIRepository", "Kustomization"):
        world.patch(kind, name, {"metadata": {"labels": {SHARD: value}}})


def test_beside_flux_it_refuses_and_says_why(realm: Realm) -> None:
    with realm.leases():
        with realm.puller(wait=False) as refused:
            assert refused.wait_end() == 9

        assert "kustomize-controller" in refused.logs()
        assert "Traceback" not in refused.logs()

        # It is its shard that makes the difference, and theirs.
        with realm.puller(wait=False, watch_label_selector=f"{SHARD}=puller") as refused:
            assert refused.wait_end() == 9


def test_each_takes_its_shard(realm: Realm) -> None:
    world = realm.world()
    world.publish(FILES)
    for name in ("ours", "theirs"):
        url = f"oci://{world.registry}/{world.namespace}/app"
        world.source(name, url=url)
        world.kustomization(name, source=name, nameSuffix=f"-{name}")
    label(world, "ours", "puller")

    not_ours = f"!{SHARD}"
    with realm.leases(watch_label_selector=not_ours), realm.puller(watch_label_selector=f"{SHARD}=puller"):
        both(world, "ours")
        theirs = world.get("Kustomization", "theirs")
        assert theirs is not None
        assert "conditions" not in theirs.get("status", {})
        with realm.flux(watch_label_selector=not_ours):
            both(world, "theirs")
            before = versions(*both(world, "ours"), *both(world, "theirs"))
            time.sleep(3)
            assert versions(*both(world, "ours"), *both(world, "theirs")) == before


def test_of_two_pullers_one_works_and_the_other_takes_over(realm: Realm) -> None:
    world = realm.world()
    world.publish(FILES)
    with realm.puller(leader_election=True) as first, realm.puller(leader_election=True, wait=False) as second:
        world.source()
        world.kustomization()
        both(world, "app")
        before = versions(*both(world, "app"))
        time.sleep(2)
        assert versions(*both(world, "app")) == before

        # One that ends politely gives its Lease back.
        assert first.stop() == 0
        world.applied("app", world.update({"a.yaml": config_map(color="red")}).digest)

        # Of one that does not, it runs out.
        first.start(wait=False)
        second.kill()
        world.applied("app", world.update({"a.yaml": config_map(color="green")}).digest)
