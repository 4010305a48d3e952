from __future__ import annotations

import pytest

from tests.integration.verify.conftest import Deployer, Verify
from tests.platform import control_plane as platform

pytestmark = pytest.mark.cluster

LOOK = ["get", "list"]
RULES = [
    {"apiGroups": [""], "resources": ["configmaps", "pods", "events"], "verbs": LOOK},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": LOOK},
]


def bind(deployer: Deployer, user: str, rules: list[dict[str, list[str]]]) -> None:
    kind = "rbac.authorization.k8s.io"
    metadata = {"name": user, "namespace": deployer.namespace}
    deployer.cluster.apply({"apiVersion": f"{kind}/v1", "kind": "Role", "metadata": metadata, "rules": rules})
    deployer.cluster.apply(
        {
            "apiVersion": f"{kind}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": kind, "kind": "Role", "name": user},
            "subjects": [{"apiGroup": kind, "kind": "User", "name": user}],
        }
    )


def test_who_may_look_in_the_namespace_only_can_verify_what_has_not_drifted(
    deployer: Deployer, verify: Verify, control_plane: platform.Cluster
) -> None:
    deployer.deploy(deployer.config_map())
    bind(deployer, "looker", RULES)

    outcome = verify("--inventory", "shop", kubeconfig=control_plane.user("looker"))

    assert outcome.code == 0, outcome


def test_without_the_right_to_read_a_kind_its_objects_are_not_verified_and_the_rest_is(
    deployer: Deployer, verify: Verify, control_plane: platform.Cluster
) -> None:
    deployer.deploy(deployer.config_map(), deployer.deployment())
    bind(deployer, "half", RULES[:1])

    outcome = verify("--inventory", "shop", "--no-drift", "-o", "json", kubeconfig=control_plane.user("half"))

    assert outcome.code == 7, outcome
    statuses = {item["kind"]: item["reason"] for item in outcome.document["health"]["objects"]}
    assert statuses == {"ConfigMap": "", "Deployment": "Unreadable"}
    assert outcome.document["elapsedSeconds"] < 5


def test_who_may_not_see_the_inventory_gets_a_cluster_error(
    deployer: Deployer, verify: Verify, control_plane: platform.Cluster
) -> None:
    deployer.deploy(deployer.config_map())

    outcome = verify("--inventory", "shop", kubeconfig=control_plane.user("nobody"))

    assert outcome.code == 6
    assert outcome.out == ""
    assert "nobody" in outcome.err
