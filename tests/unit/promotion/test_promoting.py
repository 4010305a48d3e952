"""What is promoted: verified at both ends, with all that refers to it, and its tags last."""

from __future__ import annotations

import pytest

from pipeline.errors import ArtifactNotFoundError, PipelineError, RefusedError, TrustError, VerificationError
from pipeline.model.artifact.manifest import Blob, Descriptor
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.record import Deployed
from pipeline.model.promotion.lock import TagLock
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.stages.copy import copy_tree
from pipeline.stages.tag_lock import put_lock
from pipeline.testing.registry import MemoryRegistry
from tests.unit.promotion.worlds import PRODUCTION, World
from tests.unit.sign.support import policy


@pytest.fixture
def world() -> World:
    return World()


def written(registry: MemoryRegistry) -> list[str]:
    return [subject for method, subject in registry.calls if method == "write_manifest"]


def test_an_artifact_and_its_signatures_arrive_by_digest_and_the_tags_move_last(world: World) -> None:
    artifact = world.publish("one", "main")

    result = world.promote(artifact, "live", "1.0")

    assert result.target == PinnedReference(PRODUCTION, artifact.digest, "live")
    assert [(tag.tag, tag.previous) for tag in result.tags] == [("live", None), ("1.0", None)]
    assert result.is_changed
    assert world.at("live", world.production) == world.at("1.0", world.production) == artifact.digest
    assert [item.digest for item in world.production.referrers(artifact.digest)] == [
        item.digest for item in world.staging.referrers(artifact.digest)
    ]
    assert written(world.production)[-2:] == ["live", "1.0"]
    assert world.reopened == 1
    assert world.staging.tags() == ["main"]


def test_promoting_again_changes_nothing(world: World) -> None:
    artifact = world.publish("one", "main")
    world.promote(artifact)
    world.production.calls.clear()

    result = world.promote(artifact)

    assert not result.is_changed
    assert "live" not in written(world.production)


def test_within_one_repository_only_tags_move(world: World) -> None:
    artifact = world.publish("one", "main")
    world.staging.calls.clear()

    result = world.promote(artifact, "live", target=world.staging)

    assert written(world.staging) == ["live"]
    assert result.counts is None
    assert world.at() == artifact.digest


@pytest.mark.parametrize(
    ("trust", "code"),
    [(TrustPolicy(), "trust.no-keys"), (policy("theirs"), "trust.not-accepted")],
    ids=["nobody", "somebody else"],
)
def test_what_the_policy_refuses_goes_nowhere(world: World, trust: TrustPolicy, code: str) -> None:
    artifact = world.publish("one", "main")

    with pytest.raises(TrustError) as caught:
        world.promote(artifact, trust=trust)

    assert caught.value.code == code
    assert written(world.production) == []


def test_who_skips_verification_says_so(world: World) -> None:
    artifact = world.publish("one", "main", by=())

    result = world.promote(artifact, trust=UnsafeSkipVerification())

    assert result.verified_by == ()
    assert world.at("live", world.production) == artifact.digest


def test_no_tag_moves_where_the_target_does_not_show_the_signature(world: World) -> None:
    artifact = world.publish("one", "main")

    class Hiding(MemoryRegistry):
        def referrers(self, digest: str) -> list[Descriptor]:
            return []

    target = Hiding(PRODUCTION)

    with pytest.raises(TrustError, match="no tag has moved"):
        world.promote(artifact, target=target)

    assert target.tags() == []
    assert target.read_manifest(artifact.digest).digest == artifact.digest


def test_a_dry_run_asks_everything_and_writes_nothing(world: World) -> None:
    artifact = world.publish("one", "main")
    world.deployed(artifact)

    result = world.promote(artifact, healthy=True, dry_run=True)

    assert (result.is_dry_run, result.is_changed) == (True, True)
    assert [item.cluster for item in result.health] == ["staging"]
    assert not [call for call in world.production.calls if call[0].startswith("write")]


def test_health_is_what_the_newest_record_says_of_this_very_digest(world: World) -> None:
    artifact = world.publish("one", "main")
    world.deployed(artifact)

    (health,) = world.promote(artifact, healthy=True).health

    assert (health.cluster, health.inventory) == ("staging", "inventory shop/shop")
    assert health.since == world.clock.now()
    assert "cluster.pub" in health.signer


@pytest.mark.parametrize(
    ("result", "why"),
    [(Deployed.FAILED, "says failed"), (Deployed.APPLIED, "says applied")],
)
def test_what_is_not_healthy_is_not_promoted(world: World, result: Deployed, why: str) -> None:
    artifact = world.publish("one", "main")
    world.deployed(artifact, result=result)

    with pytest.raises(VerificationError, match=why):
        world.promote(artifact, healthy=True)
    assert written(world.production) == []


def test_what_the_cluster_no_longer_has_is_not_promoted(world: World) -> None:
    one, two = world.publish("one"), world.publish("two")
    world.deployed(one)
    world.deployed(two)

    with pytest.raises(VerificationError, match=f"and has {two.digest}"):
        world.promote(one, healthy=True)


def test_without_any_record_nothing_is_healthy(world: World) -> None:
    with pytest.raises(VerificationError, match="nothing says that") as caught:
        world.promote(world.publish("one"), healthy=True)
    assert caught.value.exit_code == 7


def test_health_of_yesterday_is_asked_for_and_told_when_it_will_do(world: World) -> None:
    artifact = world.publish("one")
    world.deployed(artifact)
    world.clock.sleep(3000)

    with pytest.raises(RefusedError, match="for 50m; expected at least 1h") as caught:
        world.promote(artifact, healthy=True, min_age=3600.0)
    world.clock.sleep(600)
    result = world.promote(artifact, healthy=True, min_age=3600.0)

    assert caught.value.code == "refused.min-age"
    assert "may be promoted from" in str(caught.value.hint)
    assert result.is_changed


def test_something_older_than_what_is_there_needs_to_be_asked_for(world: World) -> None:
    old, new = world.publish("old"), world.publish("new")
    world.promote(new)

    with pytest.raises(TrustError, match="was signed at") as caught:
        world.promote(old)
    result = world.promote(old, allow_rollback=True)

    assert caught.value.code == "trust.replay"
    assert result.is_rollback
    assert world.at("live", world.production) == old.digest


def test_one_newer_tag_is_enough_to_refuse(world: World) -> None:
    old, new = world.publish("old"), world.publish("new")
    world.promote(new, "live")

    with pytest.raises(TrustError):
        world.promote(old, "other", "live")

    assert world.production.tags() == ["live"]


def test_without_signatures_the_time_of_building_decides(world: World) -> None:
    skip = UnsafeSkipVerification()
    old = world.publish("old", by=(), created="2026-01-01T00:00:00Z")
    new = world.publish("new", by=(), created="2026-01-02T00:00:00Z")
    world.promote(new, trust=skip)

    with pytest.raises(TrustError, match="was made at 2026-01-01"):
        world.promote(old, trust=skip)
    assert world.promote(old, trust=skip, allow_rollback=True).is_rollback


def test_what_has_no_age_is_promoted_with_a_note(world: World) -> None:
    one, two = world.publish("one", by=()), world.publish("two", by=())
    world.promote(two, trust=UnsafeSkipVerification())

    result = world.promote(one, trust=UnsafeSkipVerification())

    assert "could not be told from an update" in result.notes[0]


def test_a_locked_tag_is_not_moved_and_nothing_is_carried(world: World) -> None:
    old, new = world.publish("old"), world.publish("new")
    world.promote(old)
    put_lock(TagLock(tag="live", digest=old.digest, reason="orders fail", by="ops", at=1.0), world.production)
    world.production.calls.clear()

    with pytest.raises(RefusedError, match="by ops: orders fail") as caught:
        world.promote(new)

    assert (caught.value.exit_code, caught.value.code) == (9, "refused.locked")
    assert f"gitless rollback {PRODUCTION}:live --release" in str(caught.value.hint)
    assert written(world.production) == []
    assert world.promote(old).is_changed is False


def test_who_moves_a_tag_meanwhile_is_not_overwritten(world: World) -> None:
    old, new, theirs = world.publish("old"), world.publish("new"), world.publish("theirs")
    world.promote(old)
    copy_tree(theirs.digest, world.staging, world.production, world.reporter)

    class Overtaken(MemoryRegistry):
        def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
            written = super().write_manifest(manifest, tag)
            if tag is None and written.digest == new.digest:
                self.store.tags[PRODUCTION]["live"] = theirs.digest
            return written

    target = Overtaken(PRODUCTION, world.production.store)

    with pytest.raises(RefusedError, match=f"to {theirs.digest}") as caught:
        world.promote(new, target=target)

    assert caught.value.code == "refused.concurrent-publish"
    assert world.at("live", world.production) == theirs.digest


def test_what_is_not_there_cannot_be_promoted(world: World) -> None:
    missing = PinnedReference(world.staging.repository, "sha256:" + "0" * 64)

    with pytest.raises(ArtifactNotFoundError):
        world.promote(missing)


def test_a_failure_on_the_way_moves_no_tag(world: World) -> None:
    artifact = world.publish("one")
    world.staging.faults.fail("read_blob", *[PipelineError("broken")] * 9)

    with pytest.raises(PipelineError, match="broken"):
        world.promote(artifact)
    assert world.production.tags() == []


def test_records_beside_the_artifact_travel_and_not_the_history_that_they_are_part_of(world: World) -> None:
    world.records = world.staging
    others = [world.publish(f"other{number}") for number in range(12)]
    artifact = world.publish("one")
    for number in range(12):
        world.deployed(artifact)
        world.deployed(others[number])

    world.promote(artifact)

    there = world.production.store.manifests[PRODUCTION]
    kinds = [item.artifact_type for item in world.production.referrers(artifact.digest)]
    assert kinds.count("application/vnd.gitless.dev.deploy-record.v1+json") == 12
    assert not {other.digest for other in others} & there.keys()
    assert world.production.tags() == ["live"]
