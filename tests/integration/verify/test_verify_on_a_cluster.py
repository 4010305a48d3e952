from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.model.manifests import ObjectId
from tests.integration.verify.conftest import Deployer, Verify
from tests.platform import control_plane as platform
from tests.platform.binaries import binary
from tests.unit.sign.support import private_key, public_pem

pytestmark = pytest.mark.cluster


def test_a_rollout_and_a_job_are_waited_for_and_pass(deployer: Deployer, verify: Verify) -> None:
    artifact = deployer.deploy(deployer.config_map(), deployer.deployment(), deployer.job())

    outcome = verify("--timeout", "30s", "-o", "json")

    assert outcome.code == 0, outcome
    document = outcome.document
    assert document["verified"] is True
    assert document["digest"] == artifact.digest
    assert {(item["kind"], item["status"]) for item in document["health"]["objects"]} == {
        ("ConfigMap", "Current"),
        ("Deployment", "Current"),
        ("Job", "Current"),
    }
    again = verify()
    assert again.code == 0
    assert again.out.startswith("Verified ")


def test_scaling_by_kubectl_is_drift_by_kubectl(
    deployer: Deployer, verify: Verify, control_plane: platform.Cluster
) -> None:
    deployer.deploy(deployer.deployment())
    kubectl(control_plane, "-n", deployer.namespace, "scale", "deployment/web", "--replicas=3")

    outcome = verify("--timeout", "30s")

    assert outcome.code == 7
    assert outcome.out.startswith("NOT verified (drift)")
    assert "spec.replicas: is 3, set by kubectl, should be 2" in outcome.out
    assert outcome.err.count("\n") == 1
    assert "drift: 1 object(s) differ from the artifact" in outcome.err


def test_a_crash_loop_runs_into_the_timeout_and_is_explained(deployer: Deployer, verify: Verify) -> None:
    deployer.deploy(deployer.deployment(replicas=1, rehearse="crash"))

    outcome = verify("--timeout", "6s")

    assert outcome.code == 7
    assert "NOT verified (health)" in outcome.out
    assert "Deployment.apps" in outcome.out
    assert "CrashLoopBackOff" in outcome.out


def test_pods_that_never_become_ready_are_named(deployer: Deployer, verify: Verify) -> None:
    deployer.deploy(deployer.deployment(replicas=5, rehearse="never-ready"))

    outcome = verify("--timeout", "4s", "-o", "json")

    assert outcome.code == 7
    (item,) = outcome.document["health"]["objects"]
    assert item["status"] == "InProgress"
    assert len(item["pods"]) == 3
    assert item["morePods"] == 2
    assert 4 <= outcome.document["elapsedSeconds"] < 8


def test_a_failed_job_ends_the_wait(deployer: Deployer, verify: Verify) -> None:
    deployer.deploy(deployer.job(rehearse="crash"), deployer.deployment(rehearse="never-ready"))

    outcome = verify("--timeout", "60s", "-o", "json")

    assert outcome.code == 7
    assert outcome.document["elapsedSeconds"] < 30
    statuses = {item["kind"]: item["status"] for item in outcome.document["health"]["objects"]}
    assert statuses == {"Job": "Failed", "Deployment": "InProgress"}


def test_a_deleted_pod_is_missing_and_drift(
    deployer: Deployer, verify: Verify, control_plane: platform.Cluster
) -> None:
    deployer.deploy(deployer.pod(), deployer.config_map())
    assert verify("--timeout", "20s").code == 0
    kubectl(control_plane, "-n", deployer.namespace, "delete", "pod/single", "--now")

    outcome = verify("--timeout", "20s")

    assert outcome.code == 7
    assert outcome.out.startswith("NOT verified (drift, health)")
    assert f"Pod {deployer.namespace}/single is missing" in outcome.out
    assert f"Pod {deployer.namespace}/single: NotFound" in outcome.out


def test_an_exchanged_digest_is_noticed(deployer: Deployer, verify: Verify) -> None:
    other = deployer.deploy(deployer.config_map(key="older"))
    deployer.deploy(deployer.config_map(key="newer"))
    inventory = deployer.cluster.load_inventory(deployer.namespace, "shop")
    assert inventory is not None
    inventory = deployer.cluster.save_inventory(replace(inventory, digest=other.digest))

    replayed = verify()
    deployer.cluster.save_inventory(replace(inventory, digest="sha256:" + "0" * 64))
    invented = verify()

    assert (replayed.code, invented.code) == (7, 7)
    assert replayed.out.startswith("NOT verified (drift)")
    assert "data.key: is newer, should be older" in replayed.out
    assert invented.out.startswith("NOT verified (signature, drift)")


def test_an_unsigned_artifact_and_a_stranger_s_key_fail(deployer: Deployer, verify: Verify, tmp_path: Path) -> None:
    deployer.deploy(deployer.config_map(), signed=False)
    unsigned = verify()
    skipped = verify(trust=("--insecure-skip-verification",))
    deployer.deploy(deployer.config_map())
    stranger = tmp_path / "theirs.pub"
    stranger.write_text(public_pem(private_key("theirs")))
    strange = verify(trust=("--key", str(stranger)))

    assert (unsigned.code, skipped.code, strange.code) == (7, 0, 7)
    assert "is not signed" in unsigned.out
    assert "NOT verified" in skipped.err
    assert strange.out.startswith("NOT verified (signature)")


def test_a_missing_inventory_names_the_existing_ones(deployer: Deployer, verify: Verify) -> None:
    deployer.deploy(deployer.config_map())

    outcome = verify("--inventory", "shp")

    assert outcome.code == 7
    assert outcome.out == ""
    assert f"no inventory 'shp' in namespace '{deployer.namespace}'" in outcome.err
    assert f"{deployer.namespace}/shop" in outcome.err


def test_an_unfinished_apply_is_a_failure(deployer: Deployer, verify: Verify) -> None:
    deployer.deploy(deployer.config_map())
    inventory = deployer.cluster.load_inventory(deployer.namespace, "shop")
    assert inventory is not None
    (entry,) = inventory.applied.values()
    later = ObjectId("", "ConfigMap", deployer.namespace, "later")
    pending = {later: replace(entry, object_id=later)}
    deployer.cluster.save_inventory(replace(inventory, pending=pending))

    outcome = verify()

    assert outcome.code == 7
    assert outcome.out.startswith("NOT verified (apply, health)")
    assert "has not finished" in outcome.out


def kubectl(cluster: platform.Cluster, *arguments: str) -> None:
    command = [str(binary("kubectl")), "--kubeconfig", str(cluster.kubeconfig), *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
