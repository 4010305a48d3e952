from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import ClusterError, RegistryError, TrustError, UsageError, VerificationError
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.artifact.reference import Repository
from pipeline.model.health import HealthStatus
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.verify import Verdict
from pipeline.model.plan import Action
from pipeline.model.trust.policy import TrustPolicy
from pipeline.reports import render_result
from pipeline.stages.verify import require_verified
from tests.unit.verify.support import WEB, Skip, World, config_map, deployment

JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "migrate", "namespace": "shop"},
    "spec": {"template": {"spec": {"containers": [{"name": "migrate", "image": "shop.example/migrate:1"}]}}},
}


def test_what_is_signed_unchanged_and_healthy_passes(world: World) -> None:
    artifact = world.deploy(config_map(), deployment())

    result = world.verify()

    assert result.is_verified
    assert (result.signature.verdict, result.drift.verdict, result.health.verdict) == (Verdict.PASSED,) * 3
    assert result.artifact is not None
    assert result.artifact.digest == artifact.digest
    assert world.clock.slept == []
    require_verified(result)


def test_an_unchanged_healthy_inventory_costs_requests_per_kind_only(world: World) -> None:
    bodies = [config_map(f"c{number}") for number in range(20)] + [deployment(f"d{number}") for number in range(20)]
    world.deploy(*bodies)
    world.verify()  # the first time after controllers wrote, fingerprints may be new
    world.cluster.requests.clear()

    assert world.verify().is_verified

    assert [request for request in world.cluster.requests if request[0] in {"read", "dry-run", "apply"}] == []
    assert len(world.cluster.requests) < 15


def test_a_scaled_deployment_is_drift_with_the_field_and_its_manager(world: World) -> None:
    world.deploy(deployment())
    world.cluster.apply_as("kubectl-scale", deployment(replicas=5))
    world.ready(replicas=5, updatedReplicas=5, readyReplicas=5, availableReplicas=5, observedGeneration=2)

    result = world.verify()

    assert result.failures == ("drift",)
    (change,) = result.drift.changes
    (field,) = [item for item in change.fields if item.path == "spec.replicas"]
    assert (change.object_id, field.before, field.after, field.manager) == (WEB, 5, 2, "kubectl-scale")
    assert result.drift.message == "1 object(s) differ from the artifact"
    assert world.cluster.bodies()[WEB]["spec"]["replicas"] == 5
    assert "spec.replicas: is 5, set by kubectl-scale, should be 2" in render_result(result, "text")


def test_a_changed_secret_is_drift_and_its_values_are_in_no_report(world: World) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": "shop"},
        "data": {"password": "aHVudGVyMg=="},
    }
    world.deploy(secret)
    world.cluster.apply_as("intruder", {**secret, "data": {"password": "c3dvcmRmaXNo"}})

    result = world.verify()

    assert result.failures == ("drift",)
    for output in ("text", "json"):
        report = render_result(result, output)
        assert "data.password" in report
        assert not any(value in report for value in ("aHVudGVyMg==", "hunter2", "c3dvcmRmaXNo", "swordfish"))


def test_a_deleted_object_is_drift_and_not_healthy_and_ends_the_wait(world: World) -> None:
    world.deploy(config_map(), deployment())
    settings = world.cluster.resource_type("v1", "ConfigMap")
    assert settings is not None
    body = world.cluster.read(settings, "shop", "settings")
    assert body is not None
    object_id = ObjectId("", "ConfigMap", "shop", "settings")
    world.cluster.delete(settings, object_id, uid=body["metadata"]["uid"])

    result = world.verify()

    assert result.failures == ("drift", "health")
    assert [(item.action, item.object_id) for item in result.drift.changes] == [(Action.CREATE, object_id)]
    assert [item.health.status for item in result.health.unhealthy] == [HealthStatus.NOT_FOUND]
    assert world.clock.slept == []


def test_a_finished_job_that_was_removed_after_its_time_to_live_is_neither_drift_nor_missing(world: World) -> None:
    job = {**JOB, "spec": {**JOB["spec"], "ttlSecondsAfterFinished": 60}}  # type: ignore[dict-item] # it is a mapping
    world.deploy(config_map(), job)
    jobs = world.cluster.resource_type("batch/v1", "Job")
    assert jobs is not None
    live = world.cluster.read(jobs, "shop", "migrate")
    assert live is not None
    world.cluster.delete(jobs, ObjectId("batch", "Job", "shop", "migrate"), uid=live["metadata"]["uid"])

    result = world.verify()

    assert result.is_verified
    assert "Finished" in result.health.objects[1].health.message


def test_what_asks_to_be_left_alone_is_no_drift(world: World) -> None:
    body = config_map()
    body["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}
    world.deploy(body)
    world.cluster.apply_as("somebody", config_map(key="other"))

    assert world.verify().is_verified


def test_a_stranger_s_signature_fails_and_the_rest_is_still_checked(world: World) -> None:
    world.deploy(deployment())
    world.cluster.apply_as("kubectl-scale", deployment(replicas=5))

    result = world.verify(World().policy)

    assert result.signature.verdict is Verdict.FAILED
    assert result.failures == ("signature", "drift", "health")


def test_an_apply_that_skipped_verification_fails_even_when_the_artifact_is_signed(world: World) -> None:
    world.deploy(deployment())
    world.edit_inventory(verified_by=())

    result = world.verify()

    assert result.failures == ("signature",)
    assert "verification skipped" in result.signature.message


def test_an_unsigned_artifact_fails_unless_skipping_is_asked_for(world: World) -> None:
    world.deploy(deployment(), signed=False)

    refused, skipped = world.verify(), world.verify(Skip)

    assert refused.failures == ("signature",)
    assert "not signed" in refused.signature.message
    assert skipped.is_verified
    assert skipped.signature.verdict is Verdict.SKIPPED


def test_a_digest_that_was_exchanged_in_the_inventory_for_a_signed_older_one_is_drift(world: World) -> None:
    older = world.publish(deployment(replicas=1))
    world.deploy(deployment(replicas=2))
    world.edit_inventory(digest=older.digest)

    result = world.verify()

    assert result.signature.verdict is Verdict.PASSED
    assert result.failures == ("drift",)


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "sha256:short", "latest"])
def test_a_digest_that_is_no_artifact_s_fails_signature_and_drift(world: World, digest: str) -> None:
    world.deploy(deployment())
    world.edit_inventory(digest=digest)

    result = world.verify()

    assert result.failures == ("signature", "drift")
    assert result.drift.verdict is Verdict.UNKNOWN
    assert result.health.verdict is Verdict.PASSED


def test_bytes_that_are_not_what_the_digest_says_are_no_basis_for_drift(world: World) -> None:
    artifact = world.deploy(deployment())
    world.registry.store.manifests[artifact.repository][artifact.digest] = replace(
        world.registry.store.manifests[artifact.repository][artifact.digest], content=b"{}"
    )

    result = world.verify()

    assert "drift" in result.failures
    assert result.drift.verdict is Verdict.UNKNOWN


def test_a_registry_that_does_not_answer_leaves_signature_and_drift_unknown(world: World) -> None:
    world.deploy(deployment())
    broken = RegistryError("registry.test does not answer")

    def open_registry(repository: Repository) -> object:
        registry = World.open_registry(world, repository)
        for method in ("referrers", "resolve", "read_manifest", "read_blob"):
            registry.faults.fail(method, *[broken] * 20)  # type: ignore[attr-defined] # it is the one in memory
        return registry

    world.open_registry = open_registry  # type: ignore[method-assign,assignment] # the same, with faults
    result = world.verify()

    assert result.failures == ("signature", "drift")
    assert (result.signature.verdict, result.drift.verdict) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert "does not answer" in result.signature.message


def test_an_unfinished_apply_is_a_failure_and_says_who_began_it(world: World) -> None:
    world.deploy(deployment())
    later = ObjectId("", "ConfigMap", "shop", "later")
    world.edit_inventory(pending={later: InventoryEntry(later, "v1")}, writer="ci@runner")

    result = world.verify()

    assert result.failures == ("apply", "health")
    assert "ci@runner" in result.incomplete
    assert [item.object_id for item in result.health.unhealthy] == [later]


def test_what_was_applied_from_a_folder_is_proved_by_nothing(world: World) -> None:
    world.deploy(deployment())
    world.edit_inventory(digest="", repository="", verified_by=())

    result = world.verify()

    assert result.failures == ("signature", "drift")
    assert "local folder" in result.signature.message


def test_drift_is_not_compared_on_request(world: World) -> None:
    world.deploy(deployment())
    world.cluster.apply_as("kubectl-scale", deployment(replicas=5))
    world.ready(replicas=5, updatedReplicas=5, readyReplicas=5, availableReplicas=5, observedGeneration=2)

    result = world.verify(check_drift=False)

    assert result.is_verified
    assert result.drift.verdict is Verdict.SKIPPED


def test_a_missing_inventory_is_answered_with_the_existing_ones(world: World) -> None:
    world.deploy(deployment())

    with pytest.raises(VerificationError, match="no inventory 'shp' in namespace 'shop'") as caught:
        world.verify(inventory="shp")

    assert caught.value.exit_code == 7
    assert "shop/shop" in (caught.value.hint or "")


def test_without_a_name_the_only_inventory_of_the_namespace_is_taken(world: World) -> None:
    world.deploy(deployment())

    assert world.verify(inventory="").inventory == "shop"


def test_without_a_name_one_of_several_inventories_must_be_chosen(world: World) -> None:
    world.deploy(deployment())
    world.cluster.save_inventory(Inventory("shop", "other"))

    with pytest.raises(UsageError, match="2 inventories: other, shop"):
        world.verify(inventory="")


def test_with_nobody_to_trust_nothing_is_asked(world: World) -> None:
    with pytest.raises(TrustError, match="no key and no identity is trusted"):
        world.verify(TrustPolicy())

    assert world.cluster.requests == []


def test_an_unreachable_cluster_is_an_error_and_no_verdict(world: World) -> None:
    world.deploy(deployment())

    def fail(operation: str, subject: str) -> None:
        if operation == "list_metadata":
            raise ClusterError("no answer", code="cluster.unreachable")

    world.cluster.before = fail
    with pytest.raises(ClusterError, match="no answer"):
        world.verify()


def test_a_denied_dry_run_leaves_drift_failed_and_health_checked(world: World) -> None:
    world.deploy(deployment())
    world.cluster.apply_as("kubectl-scale", deployment(replicas=5))

    def deny(operation: str, subject: str) -> None:
        if operation == "dry-run":
            raise ClusterError(f"{subject}: you may not patch", code="cluster.denied")

    world.cluster.before = deny
    result = world.verify(timeout=0)

    assert "drift" in result.failures
    assert "you may not patch" in render_result(result, "text")


def test_the_error_that_ends_the_command_names_every_part_in_one_line(world: World) -> None:
    world.deploy(deployment(), signed=False)
    world.ready(availableReplicas=0, readyReplicas=0)

    with pytest.raises(VerificationError) as caught:
        require_verified(world.verify())

    assert "\n" not in caught.value.message
    assert "signature: " in caught.value.message
    assert "health: " in caught.value.message


def test_the_report_begins_with_the_verdict(world: World) -> None:
    world.deploy(deployment(), signed=False)
    passed, failed = world.verify(Skip), world.verify()

    assert render_result(passed, "text").startswith("Verified shop/shop on memory")
    assert render_result(failed, "text").startswith("NOT verified (signature) shop/shop on memory")
    assert "\x1b[31m" in render_result(failed, "text", color=True)


def test_the_document_has_a_verdict_per_part_and_every_object(world: World) -> None:
    artifact = world.deploy(config_map(), deployment())
    document = world.verify().document()

    assert document["verified"] is True
    assert document["digest"] == artifact.digest
    assert document["inventory"] == {"namespace": "shop", "name": "shop", "problem": None}
    assert [document[part]["verdict"] for part in ("signature", "drift", "health")] == ["passed"] * 3
    assert [item["status"] for item in document["health"]["objects"]] == ["Current", "Current"]
    assert document["elapsedSeconds"] == 0
