"""Who has a turn when: waits for health, dependencies, sources, deletions, and what goes wrong with one alone."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux import api
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import ObjectId
from pipeline.puller.health_waits import Verdicts
from pipeline.puller.keys import OCI_REPOSITORY, Key
from tests.unit.puller.worlds import NAMESPACE, World, config_map, deployment

SUCCEEDED = ("True", "ReconciliationSucceeded")


def _waiting(world: World, **spec: Any) -> None:  # noqa: ANN401 - any JSON
    """A Kustomization that waits for a Deployment."""
    world.publish(deployment("web"))
    world.kustomization(wait=True, **spec)
    world.work(looks=1)
    assert len(world.waits) == 1


def test_a_wait_for_health_ends_well(world: World) -> None:
    _waiting(world)
    assert world.conditions()["Ready"] == ("Unknown", "Progressing")
    world.heal("web")
    world.work()

    assert world.conditions() == {"Ready": SUCCEEDED, "Healthy": ("True", "Succeeded")}
    assert [reason for reason, _ in world.events()] == ["Progressing", "ReconciliationSucceeded"]


def test_a_failed_object_ends_the_wait_at_once(world: World) -> None:
    _waiting(world)
    world.heal("web", is_healthy=False)
    world.work()

    assert world.conditions()["Ready"] == ("False", "HealthCheckFailed")
    assert world.conditions()["Healthy"] == ("False", "HealthCheckFailed")
    assert "failed early due to stalled resources: [Deployment/shop/web status: 'Failed'" in world.message()


def test_a_wait_ends_with_its_time(world: World) -> None:
    _waiting(world)
    world.later(121)
    world.work()

    assert world.conditions()["Ready"] == ("False", "HealthCheckFailed")
    assert "timeout waiting for: [Deployment/shop/web status: 'InProgress'" in world.message()
    world.heal("web")
    world.later(60)
    world.work()
    assert world.conditions()["Ready"] == SUCCEEDED


def test_what_was_pruned_is_not_listed_though_health_fails(world: World) -> None:
    world.publish(config_map("old"), deployment("web"))
    world.kustomization(wait=True)
    world.work(looks=1)
    world.heal("web")
    world.work()
    world.publish(deployment("web", "web:2"))
    world.work(looks=1)
    world.heal("web", is_healthy=False)
    world.work()

    assert world.conditions()["Ready"] == ("False", "HealthCheckFailed")
    assert world.listed() == [f"{NAMESPACE}_web_apps_Deployment"]


def test_a_new_revision_ends_the_wait_for_the_old_one(world: World) -> None:
    _waiting(world)
    old = world.status()["lastAttemptedRevision"]
    new = world.publish(deployment("web", "web:2"))
    world.work(looks=1)

    text = f"Health checks of revision {old} canceled due to new reconciliation"
    assert (api.HEALTH_CHECK_CANCELED, text) in world.events()
    assert world.status()["lastAttemptedRevision"] == new
    world.heal("web")
    world.work()
    assert world.status()["lastAppliedRevision"] == new


def test_a_verdict_of_the_old_wait_says_nothing_about_the_new_revision(world: World) -> None:
    _waiting(world)
    old = world.waits.cancel(world.key())
    assert old is not None
    new = world.publish(deployment("web", "web:2"))
    world.work(looks=1)
    web = ObjectId("apps", "Deployment", NAMESPACE, "web")
    world.turns.settled(old, Verdicts({web: Health(HealthStatus.CURRENT)}))
    world.take()

    assert world.status().get("lastAppliedRevision") != new
    assert world.conditions()["Ready"] == ("Unknown", "Progressing")


def test_a_change_that_nobody_told_of_yet_is_not_called_ready(world: World) -> None:
    _waiting(world)
    world.heal("web")
    world.waits.look_once()
    # The store has the new generation; the handler that would wake it comes too late.
    patch = {"spec": {"path": "none"}}
    world.api.merge_patch(api.KUSTOMIZATIONS, world.key().object_id, patch, manager="test")
    store = world.stores["Kustomization"]
    handlers, store._handlers = store._handlers, []
    world.sync()
    store._handlers = handlers
    world.take()

    assert world.conditions()["Ready"] == ("False", "ArtifactFailed")


def test_a_wake_between_the_end_of_a_wait_and_its_turn_is_not_lost(world: World) -> None:
    _waiting(world)
    world.heal("web")
    world.waits.look_once()

    def before(operation: str, subject: str) -> None:
        if operation == "merge_patch":
            world.api.before = lambda operation, subject: None
            world.turns.wake(world.key())

    world.api.before = before
    world.take()

    assert world.take() is not None


def test_a_request_during_a_wait_goes_on_with_the_same_time(world: World) -> None:
    _waiting(world)
    world.later(100)
    world.request(token="t1")
    world.work(looks=1)
    assert len(world.waits) == 1
    assert api.HEALTH_CHECK_CANCELED not in [reason for reason, _ in world.events()]
    world.later(21)
    world.work()

    assert world.conditions()["Ready"] == ("False", "HealthCheckFailed")
    assert world.status()["lastHandledReconcileAt"] == "t1"


def test_a_wait_that_got_lost_has_another_turn(world: World) -> None:
    _waiting(world)
    world.waits.cancel(world.key())
    world.later(151)
    world.work()

    assert world.conditions()["Ready"] == ("False", "HealthCheckFailed")


def test_a_health_check_waits_for_what_others_create(world: World) -> None:
    world.publish(config_map("a"))
    check = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": NAMESPACE}
    world.kustomization(healthChecks=[check])
    world.work()
    assert len(world.waits) == 1
    world.cluster.apply_as("operator", deployment("web"))
    world.heal("web")
    world.work()

    assert world.conditions() == {"Ready": SUCCEEDED, "Healthy": ("True", "Succeeded")}


def test_an_api_server_in_trouble_fails_no_health_check(world: World) -> None:
    _waiting(world)

    def before(operation: str, subject: str) -> None:
        raise ClusterError("no", code="cluster.failed")

    world.cluster.before = before
    world.work()
    assert len(world.waits) == 1

    world.cluster.before = lambda operation, subject: None
    world.heal("web")
    world.work()
    assert world.conditions()["Ready"] == SUCCEEDED


def test_expressions_tell_the_health_of_their_kind(world: World) -> None:
    world.publish(deployment("web"))
    expression = {"apiVersion": "apps/v1", "kind": "Deployment", "current": "spec.replicas == 1"}
    world.kustomization(wait=True, healthCheckExprs=[expression])
    world.work()

    assert world.conditions() == {"Ready": SUCCEEDED, "Healthy": ("True", "Succeeded")}


def test_a_suspended_one_is_left_alone(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization(suspend=True)
    world.work()

    assert world.live() == []
    assert world.status() == {}
    assert world.get()["metadata"]["finalizers"] == [api.FINALIZER]
    world.kustomization(suspend=False)
    world.work()
    assert world.conditions()["Ready"] == SUCCEEDED


def test_the_order_of_waking_is_of_those_concerned_alone(world: World) -> None:
    world.publish(config_map("a"))
    world.publish(config_map("b"), name="other")
    world.kustomization("one")
    world.kustomization("two", sourceRef={"kind": OCI_REPOSITORY, "name": "other"})
    world.work()
    world.publish(config_map("a", "2"))

    assert world.take().key == world.key("one")  # type: ignore[union-attr]
    assert world.take() is None


def test_a_watched_config_map_wakes_whoever_takes_variables_from_it(world: World) -> None:
    variables = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "vars", "namespace": NAMESPACE}}
    world.api.create(api.CONFIG_MAPS, {**variables, "data": {"value": "one"}}, manager="test")
    world.publish(config_map("a", "${value}"))
    world.kustomization("one", postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "vars"}]})
    world.kustomization("two", path="none")
    world.work()
    object_id = Key("ConfigMap", NAMESPACE, "vars").object_id
    after = world.api.merge_patch(api.CONFIG_MAPS, object_id, {"data": {"value": "two"}}, manager="test")
    assert after is not None
    world.stores["ConfigMap"].put(after)
    world.work()

    assert world.object("ConfigMap", "a")["data"] == {"key": "two"}


def test_an_object_that_was_created_anew_has_a_turn(world: World) -> None:
    world.publish(config_map("a"))
    world.kustomization()
    world.work()
    patch = {"metadata": {"finalizers": None}}
    world.api.merge_patch(api.KUSTOMIZATIONS, world.key().object_id, patch, manager="test")
    world.api.delete(api.KUSTOMIZATIONS, world.key().object_id)
    world.kustomization()
    world.work()

    assert world.conditions()["Ready"] == SUCCEEDED


def test_a_lost_artifact_is_pulled_again(world: World) -> None:
    world.publish(config_map("a"))
    source = Key(OCI_REPOSITORY, NAMESPACE, "app")
    world.hidden[source] = dict(world.artifacts)
    world.artifacts.clear()
    world.kustomization()
    world.work()

    assert source in world.pulled
    assert world.conditions()["Ready"] == SUCCEEDED


def test_an_artifact_that_cannot_be_pulled_is_not_asked_for_without_pause(world: World) -> None:
    world.publish(config_map("a"))
    world.work()
    world.artifacts.clear()
    world.pulled.clear()
    world.kustomization()
    for _ in range(10):
        world.take()

    assert len(world.pulled) == 1
    assert world.conditions()["Ready"] == ("False", "ArtifactFailed")
    world.later(30)
    world.work()
    assert len(world.pulled) == 2


@pytest.mark.parametrize("is_suspended", [True, False])
def test_a_new_one_with_a_new_source_waits_for_it_but_not_for_ever(world: World, *, is_suspended: bool) -> None:
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": OCI_REPOSITORY,
        "metadata": {"name": "app", "namespace": NAMESPACE},
        "spec": {"url": "oci://registry.test/app", "interval": "1h", "suspend": is_suspended},
    }
    world.api.create(api.OCI_REPOSITORIES, source, manager="test")
    world.kustomization()
    world.work()
    if not is_suspended:
        assert world.conditions() == {}
        world.later(31)
        world.work()

    assert world.conditions()["Ready"] == ("False", "ArtifactFailed")


def test_a_bug_that_one_object_meets_stops_no_other(world: World) -> None:
    world.publish(config_map("a"))
    world.publish(config_map("b"), name="other")
    world.kustomization("one")
    world.kustomization("two", sourceRef={"kind": OCI_REPOSITORY, "name": "other"})

    def before(operation: str, subject: str) -> None:
        if "ConfigMap" in subject and "/a" in subject:
            raise ZeroDivisionError

    world.cluster.before = before
    world.work()
    assert world.conditions("two")["Ready"] == SUCCEEDED
    assert "a bug in gitless: ZeroDivisionError" in world.out.getvalue()
    assert world.conditions("one")["Ready"] == ("False", "ReconciliationFailed")
    assert world.message(name="one") == "a bug in gitless (ZeroDivisionError), see its log"

    world.cluster.before = lambda operation, subject: None
    world.later(2)
    world.work()
    assert world.conditions("one")["Ready"] == SUCCEEDED
