"""A repository is pruned: exactly what the plan shows, with all that hangs on it, and nothing that others need."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import RefusedError, RegistryError, TrustError
from pipeline.model.artifact.manifest import OCI_INDEX, Blob, Descriptor, StoredManifest, sha256_digest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.record import Deployed
from pipeline.model.outcome.prune_registry import PrunedRepository
from pipeline.model.promotion.retention import Retention
from pipeline.model.trust.policy import TrustPolicy
from pipeline.stages.prune_registry import (
    Deployments,
    PruneOptions,
    PrunePorts,
    Pruning,
    read_deployments,
    require_deployments,
)
from pipeline.stages.sign import sign
from pipeline.stages.tag import move_tags
from tests.unit.deployments.support import trusting as believing
from tests.unit.promotion.worlds import STAGING, World
from tests.unit.sign.support import SIMPLE, policy, referrer, signer


@pytest.fixture
def world() -> World:
    return World()


def pruning(world: World, *, trust: TrustPolicy | None = None, **retention: Any) -> Pruning:  # noqa: ANN401 - a policy's
    options = PruneOptions(retention=replace(Retention(keep=1), **retention), trust=trust)
    ports = PrunePorts(trust=world.trust, clock=world.clock, reporter=world.reporter)
    return Pruning(world.staging, options, ports)


def prune(
    world: World,
    patterns: dict[str, str] | None = None,
    deployments: Deployments | None = None,
    **options: Any,  # noqa: ANN401 - of pruning
) -> PrunedRepository:
    work = pruning(world, **options)
    return work.perform(work.plan(patterns or {}, deployments or Deployments()))


def has(world: World, *artifacts: PinnedReference) -> list[bool]:
    there = world.staging.store.manifests[STAGING]
    return [artifact.digest in there for artifact in artifacts]


def signatures(world: World, artifact: PinnedReference) -> Sequence[Descriptor]:
    return world.staging.referrers(artifact.digest)


def test_old_versions_go_with_their_signatures(world: World) -> None:
    old, new = world.publish("old", "1.0.0"), world.publish("new", "1.1.0")
    sign(old, world.staging, signer("ours", SIMPLE), world.verifier)
    of_sbom = referrer(world.staging, old, [Blob("text/plain", b"sbom")])
    hanging = [item.digest for item in signatures(world, old)]

    done = prune(world)

    assert [item.candidate.digest for item in done.gone] == [old.digest]
    assert set(done.manifests) >= {old.digest, of_sbom, *hanging}
    assert done.manifests[0] == old.digest
    assert has(world, old, new) == [False, True]
    assert signatures(world, old) == []
    assert len(signatures(world, new)) == 1
    assert world.staging.tags() == ["1.1.0"]


def test_a_plan_deletes_nothing(world: World) -> None:
    world.publish("old", "1.0.0")
    world.publish("new", "1.1.0")
    world.staging.calls.clear()

    plan = pruning(world).plan({}, Deployments())

    assert len(plan.gone) == 1
    reading = {"tags", "resolve", "read_manifest", "referrers"}
    assert {method for method, _ in world.staging.calls} <= reading


def test_a_digest_that_a_kept_tag_has_keeps_its_old_tags(world: World) -> None:
    old = world.publish("old", "1.0.0", "stable")
    world.publish("new", "1.1.0")

    done = prune(world, {"stable": "^stable$"})

    assert done.gone == ()
    assert world.at("1.0.0") == old.digest


def test_a_locked_tag_is_kept_and_a_released_lock_goes_with_its_tag(world: World) -> None:
    one, two = world.publish("one", "1.0.0"), world.publish("two", "1.1.0")
    world.publish("new", "1.2.0")
    for tag, artifact in (("1.0.0", one), ("1.1.0", two)):
        world.roll_back(artifact.digest, tag=tag)
    world.release("1.1.0")

    done = prune(world)

    assert [item.candidate.digest for item in done.gone] == [two.digest]
    assert world.staging.tags() == ["1.0.0", "1.2.0", "gitless-lock.1.0.0"]
    assert [item.reasons for item in done.kept] == [("among the newest 1 versions",), ("the tag 1.0.0 is locked",)]


def index_of(world: World, *artifacts: PinnedReference, tag: str) -> PinnedReference:
    children = []
    for artifact in artifacts:
        stored: StoredManifest = world.staging.read_manifest(artifact.digest)
        children.append({"mediaType": stored.media_type, "digest": stored.digest, "size": len(stored.content)})
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
    written = world.staging.write_manifest(Blob(OCI_INDEX, json.dumps(document).encode()), tag)
    return PinnedReference(STAGING, written.digest, tag)


def test_what_an_index_consists_of_goes_with_it_unless_another_needs_it(world: World) -> None:
    shared, alone = world.publish("shared"), world.publish("alone")
    old = index_of(world, shared, alone, tag="1.0.0")
    new = index_of(world, shared, tag="1.1.0")

    prune(world)

    assert has(world, old, alone, shared, new) == [False, False, True, True]
    assert len(signatures(world, shared)) == 1


def test_what_nobody_can_read_stays_and_keeps_nothing_from_being_pruned(world: World) -> None:
    old, _ = world.publish("old", "1.0.0"), world.publish("new", "1.1.0")
    stored = StoredManifest("application/vnd.docker.distribution.manifest.v1+json", sha256_digest(b"old"), b"old")
    world.staging.store.manifests[STAGING][stored.digest] = stored
    world.staging.store.tags[STAGING]["0.1.0"] = stored.digest
    # The memory looks into every manifest for what it refers to; a registry has that written down.
    world.staging.referrers = lambda digest: ()  # type: ignore[method-assign]

    done = prune(world)

    assert [item.candidate.digest for item in done.gone] == [old.digest]
    assert world.at("0.1.0") == stored.digest


def test_what_clusters_have_and_recently_had_stays(world: World) -> None:
    made = [world.publish(f"app{number}", f"1.{number}.0") for number in range(5)]
    for artifact in made[:4]:
        world.deployed(artifact)
    world.deployed(made[0], result=Deployed.FAILED)
    deployments = read_deployments(world.records, believing("cluster"), 2)

    prune(world, deployments=deployments)

    # The newest version, the two that the cluster was given last, and nothing else.
    assert has(world, *made) == [True, False, False, True, True]
    assert deployments.clusters == ("staging",)


def test_what_a_deleted_inventory_had_is_not_deployed(world: World) -> None:
    made = [world.publish(f"app{number}", f"1.{number}.0") for number in range(3)]
    world.deployed(made[0])
    world.deployed(made[1])
    world.deployed(made[1], result=Deployed.DELETED, objects={})
    deployments = read_deployments(world.records, believing("cluster"), 2)

    prune(world, deployments=deployments)

    assert has(world, *made) == [False, False, True]
    assert deployments.clusters == ("staging",)


def test_records_beside_the_artifact_stay_whole_while_they_are_listed(world: World) -> None:
    world.records = world.staging
    old, new = world.publish("old", "1.0.0"), world.publish("new", "1.1.0")
    world.deployed(old)
    world.deployed(new)

    prune(world, deployments=read_deployments(world.staging, believing("cluster"), 1))

    assert has(world, old, new) == [False, True]
    assert len(read_deployments(world.staging, believing("cluster"), 9).kept) == 2


def test_untagged_artifacts_that_records_know_of_can_go(world: World) -> None:
    old, new = world.publish("old", "live"), world.publish("new", "live")
    world.deployed(old)
    world.deployed(new)

    done = prune(world, deployments=read_deployments(world.records, believing("cluster"), 1))

    assert [(item.candidate.digest, item.candidate.tags) for item in done.gone] == [(old.digest, ())]
    assert has(world, old, new) == [False, True]


def test_records_of_strangers_say_nothing(world: World) -> None:
    world.deployed(world.publish("old", "1.0.0"))

    with pytest.raises(TrustError):
        read_deployments(world.records, believing("somebody"), 1)


def test_without_records_nothing_that_may_be_deployed_is_deleted() -> None:
    with pytest.raises(RefusedError, match="no deploy record") as caught:
        require_deployments(Deployments())
    assert caught.value.exit_code == 9


def test_signed_releases_stay_and_prereleases_and_strangers_do_not(world: World) -> None:
    signed = world.publish("signed", "1.0.0")
    strange = world.publish("strange", "1.1.0", by=("theirs",))
    preview = world.publish("preview", "1.2.0-rc.1")
    newest = world.publish("newest", "1.3.0", by=())

    prune(world, keep_signed_releases=True, trust=policy("ours"))

    assert has(world, signed, strange, preview, newest) == [True, False, False, True]
    with pytest.raises(TrustError, match="no key and no identity"):
        prune(world, keep_signed_releases=True)


def test_signatures_tell_how_old_something_is(world: World) -> None:
    old = world.publish("old", "main-1")
    world.clock.sleep(7200)
    young, silent = world.publish("young", "main-2"), world.publish("silent", "main-3", by=())

    done = prune(world, keep=None, older_than=3600.0, trust=policy("ours"))

    assert has(world, old, young, silent) == [False, True, True]
    assert {item.candidate.tags: item.reasons for item in done.kept}["main-3",] == ("nobody says how old it is",)


def test_a_tag_moved_since_the_plan_keeps_what_it_points_at(world: World) -> None:
    old, older = world.publish("old", "1.1.0"), world.publish("older", "1.0.0")
    world.publish("new", "1.2.0")
    work = pruning(world)
    plan = work.plan({}, Deployments())
    move_tags(old, ["production"], world.staging)

    done = work.perform(plan)

    assert (done.skipped, has(world, old, older)) == ((old.digest,), [True, False])
    assert len(signatures(world, old)) == 1
    assert "a tag was moved to it" in world.talk.getvalue()


def test_a_registry_that_deletes_nothing_says_so(world: World) -> None:
    old = world.publish("old", "1.0.0")
    world.publish("new", "1.1.0")
    world.staging.faults.fail("delete_manifest", RegistryError("it deletes nothing", code="registry.no-deletion"))

    with pytest.raises(RegistryError, match="deletes nothing"):
        prune(world)
    assert has(world, old) == [True]
