from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ClusterError, ConfigurationError, VerificationError
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import REQUESTED_AT
from pipeline.model.flux.waiting import State
from pipeline.model.outcome.wait import WaitResult, require_delivered
from pipeline.operations.wait import WaitOptions, wait
from tests.unit.flux_commands.objects import AFTER, BEFORE, OURS, UNKNOWN, condition, failed, kustomization, source
from tests.unit.flux_commands.worlds import World

ARTIFACT = PinnedReference(Repository("registry.example", "acme/shop"), OURS, "main")
STILL, HAS_IT, TRYING = "still has", "Applied revision", "Reconciliation in progress"


def waiting(world: World, **options: Any) -> WaitResult:  # noqa: ANN401 - those of WaitOptions
    return wait(WaitOptions(artifact=ARTIFACT, **{"namespace": "apps", "timeout": 10.0, **options}), world.ports)


def test_a_digest_that_is_there_already_is_delivered_at_once(world: World) -> None:
    world.put(source())
    world.put(kustomization())

    result = waiting(world)

    assert (result.outcome, result.document()["delivered"]) == ("delivered", True)
    require_delivered(result)


def test_the_digest_is_followed_through_source_and_kustomization(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))
    world.when(STILL, lambda: world.put(source()))
    world.when(HAS_IT, lambda: world.put(kustomization(BEFORE, OURS, [UNKNOWN])))
    world.when(TRYING, lambda: world.put(kustomization()))

    assert waiting(world).outcome == "delivered"


def test_a_failure_is_told_with_its_reason(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))
    world.when(STILL, lambda: world.put(source()))
    world.when(HAS_IT, lambda: world.put(kustomization(BEFORE, OURS, failed("HealthCheckFailed", "no pod is ready"))))

    result = waiting(world)

    assert result.outcome == "failed"
    with pytest.raises(VerificationError, match="not delivered: Kustomization apps/shop: HealthCheckFailed: no pod"):
        require_delivered(result)


def test_a_digest_that_was_there_for_a_moment_only_is_not_missed(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))

    def move_on() -> None:
        world.put(source())
        world.put(source(AFTER))

    world.when(STILL, move_on)

    result = waiting(world)

    assert result.outcome == "superseded"
    with pytest.raises(VerificationError, match=r"was superseded.*has moved on to main@sha256:ccc") as caught:
        require_delivered(result)
    assert caught.value.code == "verification.superseded"


def test_after_a_failure_the_next_attempt_counts_where_that_is_asked_for(world: World) -> None:
    world.put(source())
    world.put(kustomization(BEFORE, OURS, failed("ReconciliationFailed", "the webhook is away")))
    world.when("the webhook is away", lambda: world.put(kustomization(BEFORE, OURS, [UNKNOWN])))
    world.when(TRYING, lambda: world.put(kustomization()))

    assert waiting(world, keep_waiting=True).outcome == "delivered"


def test_when_time_is_over_it_says_what_was_missing(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))

    result = waiting(world, timeout=0.2)

    assert result.outcome == "timeout"
    with pytest.raises(VerificationError, match=r"not delivered within 200ms: .*still has main@sha256:bbb") as caught:
        require_delivered(result)
    assert (caught.value.code, caught.value.exit_code) == ("verification.timeout", 7)


def test_an_api_server_that_goes_away_is_waited_for(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))
    failures = iter(range(3))

    def away(operation: str, subject: str) -> None:
        if operation == "list" and next(failures, None) is not None:
            raise ClusterError("the API server cannot be reached", code="cluster.unreachable")

    def restart() -> None:
        world.server.before = away
        world.server.break_watches(ClusterError("the connection broke off", code="cluster.unreachable"))

    def back() -> None:
        world.put(source())
        world.put(kustomization())

    world.when(STILL, restart)
    world.when("trying again", back)

    assert waiting(world).outcome == "delivered"
    assert sum("trying again" in line for line in world.lines) <= 2


def test_a_watch_that_expired_begins_with_a_list_again(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))

    def expire() -> None:
        world.server.break_watches(ClusterError("the connection broke off", code="cluster.unreachable"))
        world.server.expire()
        world.delete(source())
        world.put(source(name="other", spec={"url": "oci://registry.example/other"}))

    world.when(STILL, expire)

    result = waiting(world)

    assert result.outcome == "failed"
    assert "OCIRepository apps/shop is gone" in result.verdict.reason


def test_trouble_at_the_end_is_told(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))

    def gone(operation: str, subject: str) -> None:
        raise ClusterError("the API server cannot be reached", code="cluster.unreachable")

    def leave() -> None:
        world.server.before = gone
        world.server.break_watches(ClusterError("the connection broke off", code="cluster.unreachable"))

    world.when(STILL, leave)

    with pytest.raises(
        VerificationError, match=r"still has .*; the (API server cannot be reached|connection broke off)"
    ):
        require_delivered(waiting(world, timeout=0.8))


def test_what_cannot_be_listed_at_first_is_an_error_at_once(world: World) -> None:
    def denied(operation: str, subject: str) -> None:
        if operation == "list":
            raise ClusterError("you may not list", code="cluster.denied")

    world.server.before = denied

    with pytest.raises(ClusterError, match="you may not list"):
        waiting(world)


def test_without_definitions_the_hint_is_to_install_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(api_version: str, kind: str) -> ResourceType | None:
        return None

    monkeypatch.setattr(world.server, "resource_type", unknown)

    with pytest.raises(ClusterError, match="serves no OCIRepository") as caught:
        waiting(world)
    assert "gitless install" in (caught.value.hint or "")


def test_without_a_source_for_the_repository_it_is_a_mistake(world: World) -> None:
    world.put(source(spec={"url": "oci://registry.example/other"}))

    with pytest.raises(ConfigurationError, match="no OCIRepository in namespace apps reads oci://") as caught:
        waiting(world)
    assert "-A" in (caught.value.hint or "")
    assert "oci://registry.example/other" in (caught.value.hint or "")


def test_without_a_kustomization_nothing_would_deliver_it(world: World) -> None:
    world.put(source())

    with pytest.raises(ConfigurationError, match="no Kustomization in namespace apps uses OCIRepository apps/shop"):
        waiting(world)


def test_a_name_that_uses_another_source_is_a_mistake(world: World) -> None:
    world.put(source())
    world.put(kustomization())

    with pytest.raises(ConfigurationError, match="no Kustomization other, third in namespace apps"):
        waiting(world, kustomizations=("shop", "other", "third"))


def test_all_namespaces_are_looked_into_where_asked(world: World) -> None:
    world.put(source(namespace="flux-system"))
    reference = {"sourceRef": {"kind": "OCIRepository", "name": "shop", "namespace": "flux-system"}}
    world.put(kustomization(spec=reference))

    assert waiting(world, namespace=None).outcome == "delivered"


def test_the_cluster_is_asked_to_look_now_and_what_it_finds_counts(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))
    tokens: list[str] = []

    def look() -> None:
        annotations = world.read(source())["metadata"]["annotations"]
        tokens.append(annotations[REQUESTED_AT])
        world.put(source(BEFORE, metadata={"annotations": annotations}, status={"lastHandledReconcileAt": tokens[0]}))

    world.when(STILL, look)

    result = waiting(world, reconcile=True)

    assert result.outcome == "superseded"
    assert "looked when asked to, and selects main@sha256:bbb" in result.verdict.reason
    assert tokens[0].endswith("Z")


def test_who_has_it_already_is_not_asked_but_who_failed_is(world: World) -> None:
    world.put(source())
    world.put(kustomization(BEFORE, OURS, failed("BuildFailed")))

    def again() -> None:
        annotations = world.read(kustomization())["metadata"]["annotations"]
        handled = {"lastHandledReconcileAt": annotations[REQUESTED_AT]}
        world.put(kustomization(metadata={"annotations": annotations}, status=handled))

    world.when("it was asked to reconcile", again)

    assert waiting(world, reconcile=True).outcome == "delivered"
    assert REQUESTED_AT not in world.read(source())["metadata"].get("annotations", {})


def test_what_is_suspended_is_told_with_the_command_that_resumes_it(world: World) -> None:
    world.put(source())
    world.put(kustomization(BEFORE, spec={"suspend": True}))

    with pytest.raises(VerificationError) as caught:
        require_delivered(waiting(world))
    assert caught.value.hint == "gitless resume kustomization shop -n apps"


def test_dependencies_that_are_not_ready_are_shown(world: World) -> None:
    world.put(source())
    blocked = [condition("Ready", "False", "DependencyNotReady", "dependency 'apps/database' is not ready")]
    world.put(kustomization(BEFORE, conditions=blocked))
    world.when("dependency 'apps/database' is not ready", lambda: world.put(kustomization()))

    assert waiting(world).verdict.state is State.DELIVERED


def test_only_what_changed_is_asked_for(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))
    world.when(STILL, lambda: world.put(source()))
    world.when(HAS_IT, lambda: world.put(kustomization()))
    world.server.requests.clear()

    waiting(world)

    assert [operation for operation, _ in world.server.requests if operation == "list"] == ["list", "list"]
