"""Waiting by records alone, in no time."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from pipeline.errors import RegistryError, TrustError, UsageError, VerificationError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed
from pipeline.model.outcome.wait import WaitResult, require_delivered
from pipeline.reports.console import JsonLog
from pipeline.stages.deployed_waiting import DeployedWaitOptions, DeployedWaitPorts, wait_deployed
from pipeline.testing.clock import MemoryClock
from tests.unit.deployments.support import NOW, Shop, trusting


class _Clock(MemoryClock):
    """Something happens after each pause."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self._steps = list(steps)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self._steps:
            self._steps.pop(0)()


@pytest.fixture
def shop() -> Shop:
    return Shop()


def _wait(shop: Shop, artifact: PinnedReference, *steps: Callable[[], object], **options: object) -> WaitResult:
    given: dict[str, object] = {"artifact": artifact, "name": DeployedName("prod"), "timeout": 60.0, **options}
    reporter = JsonLog(io.StringIO(), verbose=True)
    ports = DeployedWaitPorts(shop.records, trusting("cluster"), _Clock(*steps), reporter)
    return wait_deployed(DeployedWaitOptions(**given), ports)  # type: ignore[arg-type]


def test_it_ends_once_the_digest_is_healthy(shop: Shop) -> None:
    artifact = shop.publish("two")

    result = _wait(
        shop,
        artifact,
        lambda: shop.deploy("one"),
        lambda: shop.deploy("two", time=NOW + 1, result=Deployed.APPLIED),
        lambda: shop.deploy("two", time=NOW + 2),
    )

    require_delivered(result)
    assert (result.outcome, result.cluster) == ("delivered", "prod")


def test_it_looks_ever_less_often(shop: Shop) -> None:
    clock = _Clock()
    ports = DeployedWaitPorts(shop.records, trusting("cluster"), clock, JsonLog(io.StringIO(), verbose=False))
    options = DeployedWaitOptions(artifact=shop.publish("one"), name=DeployedName("prod"), timeout=300.0)

    result = wait_deployed(options, ports)

    assert result.outcome == "timeout"
    assert clock.slept[:3] == [2.0, 3.0, 4.5]
    assert max(clock.slept) == 30.0
    assert sum(clock.slept) == pytest.approx(300.0)


def test_a_failure_ends_it_unless_another_try_is_waited_for(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one", result=Deployed.FAILED, message="HealthCheckFailed")

    failed = _wait(shop, artifact)
    with pytest.raises(VerificationError, match="HealthCheckFailed"):
        require_delivered(failed)
    later = _wait(shop, artifact, lambda: shop.deploy("one", time=NOW + 9), keep_waiting=True)

    assert (failed.outcome, later.outcome) == ("failed", "delivered")


def test_applied_is_enough_for_who_says_so(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one", result=Deployed.APPLIED)

    assert _wait(shop, artifact).outcome == "timeout"
    assert _wait(shop, artifact, accepts_applied=True).outcome == "delivered"


def test_what_came_after_it_supersedes_it(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one", result=Deployed.APPLIED)

    result = _wait(shop, artifact, lambda: shop.deploy("two", time=NOW + 9))

    assert result.outcome == "superseded"


def test_going_back_in_time_is_refused(shop: Shop) -> None:
    artifact = shop.publish("three")
    shop.deploy("one")
    old = shop.tag()

    def rewrite() -> None:
        # With the newer record deleted nothing refers to the old one any more.
        manifests = shop.store.manifests[shop.records.repository]
        manifests.pop(shop.tag())
        shop.move_tag(old)

    with pytest.raises(TrustError, match="went back in time") as caught:
        _wait(shop, artifact, lambda: shop.deploy("two", time=NOW + 9), rewrite)
    assert caught.value.code == "trust.replay"


def test_a_registry_that_is_away_for_a_while_is_waited_out(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.records.faults.fail("resolve", RegistryError("away"), RegistryError("away"))

    result = _wait(shop, artifact, lambda: None, lambda: None, lambda: shop.deploy("one"))

    assert result.outcome == "delivered"


def test_trouble_that_lasts_is_told_with_the_timeout(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.records.faults.fail("resolve", *(RegistryError("the registry is away") for _ in range(99)))

    with pytest.raises(VerificationError, match="the registry is away") as caught:
        require_delivered(_wait(shop, artifact))
    assert "--accept-applied" in str(caught.value.hint)


def test_a_record_by_a_stranger_ends_it(shop: Shop) -> None:
    artifact = shop.publish("one")

    with pytest.raises(TrustError, match="is not accepted"):
        _wait(shop, artifact, lambda: shop.deploy("one", by="stranger"))


def test_of_several_inventories_one_must_be_named(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one", inventory="inventory shop/a")
    shop.deploy("one", inventory="inventory shop/b", result=Deployed.FAILED)

    with pytest.raises(UsageError, match="is not one inventory"):
        _wait(shop, artifact)
    assert _wait(shop, artifact, name=DeployedName("prod", "a")).outcome == "delivered"
    assert _wait(shop, artifact, name=DeployedName("prod", "b")).outcome == "failed"


def test_what_was_there_long_ago_may_come_again(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one")
    shop.deploy("two", time=NOW + 5)

    assert _wait(shop, artifact).outcome == "timeout"
    assert _wait(shop, artifact, lambda: shop.deploy("one", time=NOW + 9)).outcome == "delivered"


def test_what_came_and_went_between_two_looks_is_superseded(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("zero")

    def both() -> None:
        shop.deploy("one", time=NOW + 5)
        shop.deploy("two", time=NOW + 6)

    assert _wait(shop, artifact, both).outcome == "superseded"


def test_what_is_deleted_meanwhile_is_not_delivered(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one", result=Deployed.APPLIED)

    result = _wait(shop, artifact, lambda: shop.delete_inventory(time=NOW + 9))

    with pytest.raises(VerificationError, match="prod has nothing of inventory shop/shop since"):
        require_delivered(result)
    assert result.outcome == "failed"


def test_what_was_deleted_before_may_be_applied_anew(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one")
    shop.delete_inventory(time=NOW + 1)

    assert _wait(shop, artifact).outcome == "timeout"
    assert _wait(shop, artifact, lambda: shop.deploy("one", time=NOW + 9)).outcome == "delivered"


def test_what_was_deleted_before_is_not_superseded_by_what_is_applied_first(shop: Shop) -> None:
    artifact = shop.publish("one")
    shop.deploy("one")
    shop.delete_inventory(time=NOW + 1)

    result = _wait(shop, artifact, lambda: shop.deploy("two", time=NOW + 8), lambda: shop.deploy("one", time=NOW + 9))

    assert result.outcome == "delivered"
