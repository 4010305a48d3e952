"""Older artifacts than the recorded one: refused, unless a rollback was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import TrustError
from pipeline.model.documents.times import format_time
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.trust.evidence import SignatureFormat, TimeSource, VerifiedSignature
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.stages.apply import apply
from pipeline.stages.plan import plan_live
from pipeline.stages.succession import StatedRollback
from tests.unit.apply.worlds import MakeConfigMap, World, trust

FIRST, SECOND, THIRD = ("sha256:" + f"{number:02}" * 32 for number in (1, 2, 3))
EARLY, LATE = 1_764_000_000.0, 1_764_003_600.0


class Deliveries:
    """Artifacts with one ConfigMap each, signed at a time, applied to one inventory."""

    def __init__(self, world: World, config_map: MakeConfigMap) -> None:
        self.world = world
        self._config_map = config_map

    def trusted(self, digest: str, signed_at: float | None, *, verified: bool = True) -> TrustedManifests:
        plain = trust(self._config_map("a", {"from": digest}), digest=digest)
        signature = VerifiedSignature(
            digest, SignatureFormat.BUNDLE, "ours.pub", signed_at=signed_at, time_source=TimeSource.SIGNER
        )
        return replace(plain, signatures=(signature,) if verified else ())

    def plan(self, digest: str, signed_at: float | None, is_stated: StatedRollback | None = None) -> tuple[str, ...]:
        trusted = self.trusted(digest, signed_at)
        cluster, options = self.world.cluster, self.world.options
        return plan_live(trusted.manifests, cluster, options, trusted=trusted, is_stated=is_stated).live.notes

    def follow(self, digest: str, signed_at: float, is_stated: StatedRollback) -> ApplyResult:
        """Apply what may only be applied where somebody stated the rollback."""
        trusted, world = self.trusted(digest, signed_at), self.world
        return apply(
            trusted, world.cluster, world.options, reporter=world.reporter, clock=world.clock, is_stated=is_stated
        )

    def apply(self, digest: str, signed_at: float | None, *, verified: bool = True, **changes: bool) -> ApplyResult:
        trusted = self.trusted(digest, signed_at, verified=verified)
        options = replace(self.world.options, **changes)  # type: ignore[arg-type]
        return apply(trusted, self.world.cluster, options, reporter=self.world.reporter, clock=self.world.clock)


@pytest.fixture
def deliveries(world: World, config_map: MakeConfigMap) -> Deliveries:
    return Deliveries(world, config_map)


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_older_artifact_is_refused_and_nothing_is_written(deliveries: Deliveries, *, dry_run: bool) -> None:
    deliveries.apply(SECOND, LATE)
    deliveries.world.forget_requests()

    with pytest.raises(TrustError, match=f"{FIRST} was signed at .* before {SECOND}") as caught:
        deliveries.apply(FIRST, EARLY, dry_run=dry_run)

    assert caught.value.code == "trust.replay"
    assert deliveries.world.writes() == []
    assert deliveries.world.inventory().digest == SECOND


def test_a_plan_says_beforehand_that_an_older_artifact_is_refused(deliveries: Deliveries) -> None:
    deliveries.apply(SECOND, LATE)

    (note,) = deliveries.plan(FIRST, EARLY)

    assert note.startswith(f"{FIRST} was signed at ")
    assert note.endswith("; applying refuses that without --allow-rollback")
    assert deliveries.plan(THIRD, LATE + 1) == ()


def test_a_rollback_on_request_is_applied_recorded_and_said(deliveries: Deliveries) -> None:
    deliveries.apply(SECOND, LATE)

    result = deliveries.apply(FIRST, EARLY, allow_rollback=True)

    assert result.is_rollback
    assert result.document()["rollback"] is True
    assert "rolled back on request" in result.notes[0]
    assert result.notes[0] in deliveries.world.reporter.lines
    assert (deliveries.world.inventory().digest, deliveries.world.inventory().issued_at) == (FIRST, EARLY)


def test_after_a_rollback_the_way_forward_needs_no_permission(deliveries: Deliveries) -> None:
    deliveries.apply(SECOND, LATE)
    deliveries.apply(FIRST, EARLY, allow_rollback=True)

    assert not deliveries.apply(SECOND, LATE).is_rollback
    assert deliveries.world.inventory().issued_at == LATE


def test_a_later_artifact_and_the_same_one_again_are_no_rollback(deliveries: Deliveries) -> None:
    for digest, time in ((FIRST, EARLY), (FIRST, EARLY), (SECOND, LATE), (THIRD, LATE)):
        result = deliveries.apply(digest, time)

        assert not result.is_rollback
        assert result.notes == ()


def test_an_artifact_that_does_not_tell_its_time_is_applied_with_a_word_about_it(deliveries: Deliveries) -> None:
    deliveries.apply(SECOND, LATE)

    result = deliveries.apply(FIRST, None)

    assert not result.is_rollback
    assert f"nothing says when {FIRST} was signed" in result.notes[0]
    assert deliveries.world.inventory().issued_at is None


def test_the_same_artifact_without_verification_does_not_forget_its_time(deliveries: Deliveries) -> None:
    deliveries.apply(SECOND, LATE)

    assert deliveries.apply(SECOND, None, verified=False).notes == ()
    assert deliveries.world.inventory().issued_at == LATE


def test_a_rollback_that_was_only_tried_changes_nothing_about_the_record(deliveries: Deliveries) -> None:
    deliveries.apply(SECOND, LATE)
    deliveries.apply(FIRST, EARLY, allow_rollback=True, dry_run=True)

    with pytest.raises(TrustError, match="before"):
        deliveries.apply(FIRST, EARLY)


class Statements:
    """What somebody stated, and when; remembers what was asked."""

    def __init__(self, previous: str, at: float) -> None:
        self._stated = (previous, at)
        self.asked: list[tuple[str, float]] = []

    def __call__(self, previous: str, since: float) -> bool:
        self.asked.append((previous, since))
        return previous == self._stated[0] and since <= self._stated[1]


def test_a_stated_rollback_is_applied_and_said(deliveries: Deliveries) -> None:
    clock = deliveries.world.clock
    deliveries.apply(SECOND, LATE)
    clock.sleep(60)
    statements = Statements(SECOND, clock.now())

    (note,) = deliveries.plan(FIRST, EARLY, statements)
    result = deliveries.follow(FIRST, EARLY, statements)

    assert result.is_rollback
    assert result.notes == (note,)
    assert note.startswith(f"rolled back as a signed statement asks: {FIRST} was signed at ")
    assert deliveries.world.inventory().digest == FIRST


def test_a_statement_about_an_earlier_time_leads_back_no_second_time(deliveries: Deliveries) -> None:
    clock = deliveries.world.clock
    deliveries.apply(SECOND, LATE)
    statements = Statements(SECOND, clock.now())
    deliveries.follow(FIRST, EARLY, statements)
    clock.sleep(60)
    deliveries.apply(SECOND, LATE)

    with pytest.raises(TrustError, match="was signed at") as caught:
        deliveries.follow(FIRST, EARLY, statements)

    assert "gitless rollback --signing-key" in (caught.value.hint or "")


def test_saving_the_same_again_does_not_make_a_statement_old(deliveries: Deliveries) -> None:
    clock = deliveries.world.clock
    deliveries.apply(SECOND, LATE)
    clock.sleep(60)
    statements = Statements(SECOND, clock.now())
    clock.sleep(60)
    deliveries.world.delete(ObjectId("", "ConfigMap", "shop", "a"))
    deliveries.apply(SECOND, LATE)

    assert deliveries.follow(FIRST, EARLY, statements).is_rollback


def test_an_inventory_that_does_not_tell_since_when_counts_from_when_it_was_saved(deliveries: Deliveries) -> None:
    world = deliveries.world
    deliveries.apply(SECOND, LATE)
    world.clock.sleep(60)
    world.cluster.save_inventory(replace(world.inventory(), applied_at=None, written_at=format_time(world.clock.now())))

    with pytest.raises(TrustError, match="was signed at"):
        deliveries.follow(FIRST, EARLY, Statements(SECOND, world.clock.now() - 30))
    assert deliveries.follow(FIRST, EARLY, Statements(SECOND, world.clock.now() + 1)).is_rollback


def test_statements_are_asked_for_only_where_it_matters(deliveries: Deliveries) -> None:
    statements = Statements(SECOND, LATE)
    deliveries.follow(FIRST, EARLY, statements)
    deliveries.follow(SECOND, LATE, statements)

    assert statements.asked == []
