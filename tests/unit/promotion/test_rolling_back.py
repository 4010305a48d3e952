"""A tag goes back, a lock keeps it there, and nothing rolls forward until it is released."""

from __future__ import annotations

import json

import pytest

from pipeline.errors import ArtifactNotFoundError, RefusedError, TrustError, UsageError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import OCI_MANIFEST, Blob, Descriptor, StoredManifest, sha256_digest
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.record import Deployed
from pipeline.model.promotion.lock import TagLock, lock_tag, write_lock
from pipeline.model.trust.policy import AllOf, Attested, Rule, SignedBy, Signers, TrustPolicy
from pipeline.model.trust.predicate_types import ROLLBACK
from pipeline.stages.copy import copy
from pipeline.stages.package import package
from pipeline.stages.rollback import PREVIOUS_GOOD
from pipeline.stages.rollback_statement import is_rollback_stated
from pipeline.stages.tag import move_tags
from pipeline.stages.tag_claim import TagClaim, tags_now
from pipeline.testing.registry import MemoryRegistry
from tests.unit.promotion.worlds import CLUSTER, STAGING, World
from tests.unit.sign.support import policy


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def pair(world: World) -> tuple[PinnedReference, PinnedReference]:
    """A good one and a bad one, which the tag points at."""
    good, bad = world.publish("good", "live"), world.publish("bad", "live")
    return good, bad


def test_the_tag_goes_back_to_a_digest_and_is_locked(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, bad = pair

    result = world.roll_back(good.digest)

    assert (result.previous, result.target.digest, result.is_changed) == (bad.digest, good.digest, True)
    assert world.at() == good.digest
    lock = world.lock()
    assert lock is not None
    assert (lock.digest, lock.previous, lock.reason, lock.by) == (good.digest, bad.digest, "orders fail", "ops@desk")
    assert lock.is_in_force
    assert lock.at == world.clock.now()


def moves(world: World, artifact: PinnedReference, way: str) -> None:
    """Move the tag in every way there is."""
    if way == "tag":
        move_tags(artifact, ["live"], world.staging)
    elif way == "claim":
        TagClaim(artifact, tags_now(["live"], world.staging), world.staging).settle()
    elif way == "package":
        made = build_artifact(pack([("new.yaml", b"kind: New\n")]))
        package(made, world.staging, tags=("live",), reporter=world.reporter)
    elif way == "copy":
        other = world.publish("other", at=world.production)
        copy(
            other, world.production, world.staging, policy=None, trust=world.trust, tags=("live",),
            reporter=world.reporter,
        )  # fmt: skip
    elif way == "promote":
        world.promote(artifact, "live", target=world.staging)


WAYS = ("tag", "claim", "package", "copy", "promote")


@pytest.mark.parametrize("way", WAYS)
def test_nothing_rolls_forward_until_it_is_released(world: World, pair: tuple[PinnedReference, ...], way: str) -> None:
    good, bad = pair
    world.roll_back(good.digest)

    with pytest.raises(RefusedError, match="by ops@desk: orders fail") as caught:
        moves(world, bad, way)

    assert (caught.value.code, world.at()) == ("refused.locked", good.digest)
    released = world.release()
    assert released.is_changed
    moves(world, bad, way)
    assert world.at() != good.digest


def test_what_points_there_already_is_no_move(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, _ = pair
    world.roll_back(good.digest)

    move_tags(good, ["live"], world.staging)
    TagClaim(good, tags_now(["live"], world.staging), world.staging).settle()
    package(
        build_artifact(
            pack([("a.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {text: good}\n")])
        ),
        world.staging,
        tags=("live",),
        reporter=world.reporter,
    )

    assert world.at() == good.digest


def test_one_locked_tag_keeps_the_others_where_they_are(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, bad = pair
    world.roll_back(good.digest)

    with pytest.raises(RefusedError):
        move_tags(bad, ["free", "live"], world.staging)

    assert "free" not in world.staging.tags()


def test_a_tag_that_never_was_locked_costs_one_request(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, _ = pair
    world.staging.calls.clear()

    move_tags(good, ["live"], world.staging)
    move_tags(good, ["live"], world.staging)

    assert [call for call in world.staging.calls if "lock" in call[1]] == [("resolve", "gitless-lock.live")]


def test_a_lock_can_be_left_out(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, bad = pair

    result = world.roll_back(good.digest, locks=False)

    assert (result.lock, world.lock(), world.at()) == (None, None, good.digest)
    world.move(bad)


def test_a_second_rollback_goes_further_and_says_its_own_reason(
    world: World, pair: tuple[PinnedReference, ...]
) -> None:
    good, bad = pair
    oldest = world.publish("oldest")
    world.roll_back(good.digest)

    world.roll_back(oldest.digest, reason="that one fails, too")

    lock = world.lock()
    assert lock is not None
    assert (lock.digest, lock.previous, lock.reason) == (oldest.digest, good.digest, "that one fails, too")
    assert bad.digest not in {lock.digest, lock.previous}


def test_to_where_it_is_only_locks(world: World, pair: tuple[PinnedReference, ...]) -> None:
    _, bad = pair

    result = world.roll_back(bad.digest, reason="freeze")

    assert not result.is_changed
    lock = world.lock()
    assert lock is not None
    assert (lock.digest, lock.is_in_force) == (bad.digest, True)


def test_a_dry_run_writes_nothing(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, bad = pair
    world.staging.calls.clear()

    result = world.roll_back(good.digest, dry_run=True, signs=True)

    assert result.is_dry_run
    assert world.at() == bad.digest
    assert not [call for call in world.staging.calls if call[0].startswith("write")]


@pytest.mark.parametrize("reason", ["", "  \n", "\udcff", "x" * 1001])
def test_a_lock_has_a_reason_that_can_be_read(world: World, pair: tuple[PinnedReference, ...], reason: str) -> None:
    good, bad = pair

    with pytest.raises(UsageError, match="--reason"):
        world.roll_back(good.digest, reason=reason)
    assert world.at() == bad.digest


def test_what_it_goes_back_to_must_be_trusted_today(world: World) -> None:
    good = world.publish("good", "live", by=("theirs",))
    bad = world.publish("bad", "live")

    with pytest.raises(TrustError, match="has no signature by"):
        world.roll_back(good.digest)
    with pytest.raises(TrustError, match="no key and no identity"):
        world.roll_back(good.digest, trust=TrustPolicy())

    assert (world.at(), world.lock()) == (bad.digest, None)


def test_what_is_not_there_is_no_place_to_go_back_to(world: World, pair: tuple[PinnedReference, ...]) -> None:
    del pair
    with pytest.raises(ArtifactNotFoundError, match="no tag can go back to it"):
        world.roll_back("sha256:" + "0" * 64)
    with pytest.raises(ArtifactNotFoundError, match="nowhere does not exist"):
        world.roll_back("sha256:" + "0" * 64, tag="nowhere")
    with pytest.raises(ArtifactNotFoundError, match="nowhere does not exist"):
        world.release("nowhere")


def test_previous_good_is_what_the_cluster_called_healthy_before(world: World) -> None:
    good, meh, bad = world.publish("good", "live"), world.publish("meh", "live"), world.publish("bad", "live")
    world.deployed(good)
    world.deployed(meh, result=Deployed.APPLIED)
    world.deployed(bad)
    world.deployed(bad, result=Deployed.FAILED)

    result = world.roll_back(PREVIOUS_GOOD, cluster=CLUSTER)

    assert world.at() == good.digest
    assert result.because.startswith("healthy on staging (inventory shop/shop) at ")


def test_where_nothing_before_was_healthy_it_is_said_what_there_is(
    world: World, pair: tuple[PinnedReference, ...]
) -> None:
    _, bad = pair
    world.deployed(bad)

    with pytest.raises(RefusedError, match=f"there are: {bad.digest} .healthy") as caught:
        world.roll_back(PREVIOUS_GOOD, cluster=CLUSTER)
    assert caught.value.code == "refused.no-previous-good"


def test_several_inventories_must_be_told_apart(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, bad = pair
    world.deployed(good)
    world.deployed(bad, inventory="inventory shop/other")

    with pytest.raises(UsageError, match="is not one inventory"):
        world.roll_back(PREVIOUS_GOOD, cluster=CLUSTER)


class Overtaken(MemoryRegistry):
    """Somebody publishes right after the lock was written, by an older program that knows no locks."""

    theirs = ""

    def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
        written = super().write_manifest(manifest, tag)
        if tag == lock_tag("live"):
            self.store.tags[STAGING]["live"] = self.theirs
        return written


def test_who_is_overtaken_leaves_no_lock(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, _ = pair
    registry = Overtaken(STAGING, world.staging.store)
    registry.theirs = world.publish("theirs").digest
    world.staging = registry

    with pytest.raises(RefusedError, match="moved by somebody else"):
        world.roll_back(good.digest)

    lock = world.lock()
    assert world.at() == registry.theirs
    assert lock is not None
    assert not lock.is_in_force


@pytest.mark.parametrize("what", ["artifact", "other tag", "no digest", "malformed"])
def test_what_is_no_lock_where_one_would_be_locks_and_can_be_released(
    world: World, pair: tuple[PinnedReference, ...], what: str
) -> None:
    good, bad = pair
    place = world.staging.store.tags[STAGING]
    if what == "artifact":
        place[lock_tag("live")] = bad.digest
    elif what == "malformed":
        content = json.dumps({"annotations": {"dev.gitless.lock.tag": 1}}).encode()
        stored = StoredManifest(OCI_MANIFEST, sha256_digest(content), content)
        world.staging.store.manifests[STAGING][stored.digest] = stored
        place[lock_tag("live")] = stored.digest
    else:
        tag, digest = "other" if what == "other tag" else "live", "" if what == "no digest" else good.digest
        lock = TagLock(tag=tag, digest=digest)
        world.roll_back(bad.digest, tag="live")
        world.staging.write_manifest(write_lock(lock), lock_tag("live"))

    with pytest.raises(RefusedError, match="something that is no lock of ours"):
        move_tags(good, ["live"], world.staging)
    assert world.release().is_changed
    move_tags(good, ["live"], world.staging)


def test_nobody_moves_a_lock_like_a_tag(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, _ = pair

    with pytest.raises(UsageError, match="kept for the lock"):
        move_tags(good, ["gitless-lock.live"], world.staging)
    with pytest.raises(UsageError, match="cannot be locked"):
        world.roll_back(good.digest, tag="gitless-lock.live")


def test_a_tag_too_long_for_a_lock_moves_freely_and_is_not_locked(
    world: World, pair: tuple[PinnedReference, ...]
) -> None:
    good, _ = pair
    tag = "x" * 128
    move_tags(good, [tag], world.staging)

    with pytest.raises(UsageError, match="up to 115 characters"):
        world.roll_back(good.digest, tag=tag)


def test_releasing_twice_changes_nothing(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, _ = pair
    world.roll_back(good.digest)
    world.clock.sleep(5)
    first = world.release()
    world.staging.calls.clear()

    again = world.release()

    assert (first.is_changed, again.is_changed) == (True, False)
    assert first.lock is not None
    assert (first.lock.released_by, first.lock.released_at) == ("ops@desk", world.clock.now())
    assert first.lock == again.lock
    assert not [call for call in world.staging.calls if call[0].startswith("write")]


def test_a_hostile_reason_is_told_in_one_harmless_line(world: World, pair: tuple[PinnedReference, ...]) -> None:
    good, bad = pair
    world.roll_back(good.digest, reason="bad\x1b[2J\n::error::x\u202e")

    with pytest.raises(RefusedError) as caught:
        world.move(bad)

    assert caught.value.message.endswith("bad ::error::x")


def test_a_signed_rollback_is_stated_beside_the_artifact_it_goes_back_to(
    world: World, pair: tuple[PinnedReference, ...]
) -> None:
    good, bad = pair
    served_since = world.clock.now()
    world.clock.sleep(60)

    result = world.roll_back(good.digest, signs=True)

    def stated(previous: str, name: str = "ours", since: float = served_since) -> bool:
        return is_rollback_stated(good, previous, world.staging, world.trust, policy(name), not_before=since)

    referrers = {item.digest: item for item in world.staging.referrers(good.digest)}
    assert referrers[result.statement_digest].annotations["dev.sigstore.bundle.predicateType"] == ROLLBACK
    assert stated(bad.digest)
    assert not stated(good.digest)
    assert not stated(bad.digest, "theirs")
    # What was served only since then was not what somebody went back from.
    assert not stated(bad.digest, since=world.clock.now() + 1)
    # And it is no signature of the artifact.
    assert world.roll_back(good.digest).verified_by == result.verified_by


def test_under_rules_alone_whoever_is_asked_to_sign_this_artifact_may_state_it(
    world: World, pair: tuple[PinnedReference, ...]
) -> None:
    good, bad = pair
    since = world.clock.now()
    world.roll_back(good.digest, signs=True)
    ours, theirs = Signers(policy("ours").keys), Signers(policy("theirs").keys)

    def stated(*rules: Rule) -> bool:
        return is_rollback_stated(
            good, bad.digest, world.staging, world.trust, TrustPolicy(rules=rules), not_before=since
        )

    asked = AllOf((SignedBy(ours), Attested("an SBOM", ("https://sbom.test",), theirs)))
    assert stated(Rule("all", ("staging.test/**",), asked))
    # Who may only attest, or sign elsewhere, is not asked.
    assert not stated(Rule("all", ("staging.test/**",), Attested("an SBOM", ("https://sbom.test",), ours)))
    assert not stated(Rule("elsewhere", ("other.test/**",), asked))
