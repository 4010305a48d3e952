from __future__ import annotations

import json

import pytest

from pipeline.clusters.kubernetes.requests import apply_request, collection_path, delete_request, object_path
from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import ObjectId

DEPLOYMENTS = ResourceType("apps/v1", "Deployment", "deployments", namespaced=True)
ROLES = ResourceType("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False)
CONFIG_MAPS = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)


def test_paths_follow_group_version_and_scope() -> None:
    assert object_path(CONFIG_MAPS, "shop", "a") == "/api/v1/namespaces/shop/configmaps/a"
    assert object_path(DEPLOYMENTS, "shop", "web") == "/apis/apps/v1/namespaces/shop/deployments/web"
    assert collection_path(DEPLOYMENTS, None) == "/apis/apps/v1/deployments"
    assert object_path(ROLES, "ignored", "system:viewer") == (
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aviewer"
    )


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../secrets/a", "a%2Fb"])
def test_names_that_would_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="not a name"):
        object_path(CONFIG_MAPS, "shop", name)
    if name:
        with pytest.raises(ClusterError, match="not a name"):
            object_path(CONFIG_MAPS, name, "a")


def test_applying_is_strict_under_our_name_and_forces_only_on_request() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "ü"}}
    object_id = ObjectId("", "ConfigMap", "shop", "a")

    plain = apply_request(body, CONFIG_MAPS, object_id, dry_run=False, force=False, metadata_only=False)
    forced = apply_request(body, CONFIG_MAPS, object_id, dry_run=True, force=True, metadata_only=True)

    assert plain.query == {"fieldManager": "gitless", "fieldValidation": "Strict", "force": "false"}
    assert plain.content_type == "application/apply-patch+yaml"
    assert json.loads(plain.content or b"") == body
    assert forced.query == {**plain.query, "force": "true", "dryRun": "All"}
    assert "PartialObjectMetadata" in forced.accept
    assert "PartialObjectMetadata" not in plain.accept


def test_deleting_is_bound_to_the_uid() -> None:
    request = delete_request(CONFIG_MAPS, ObjectId("", "ConfigMap", "shop", "a"), uid="7", dry_run=True)

    options = json.loads(request.content or b"")
    assert options["preconditions"] == {"uid": "7"}
    assert options["propagationPolicy"] == "Background"
    assert options["dryRun"] == ["All"]
