from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.applying.field_managers import owner_of_field

CONTAINERS: dict[str, Any] = {
    'k:{"name":"web"}': {".": {}, "f:image": {}, "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {}}}
}
MANAGED: list[dict[str, Any]] = [
    {"manager": "gitless", "time": "3", "fieldsV1": {"f:spec": {"f:paused": {}}}},
    {"manager": "early", "time": "1", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    {"manager": "kubectl", "time": "2", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    {"manager": "edit", "time": "2", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": CONTAINERS}}}}},
    {"manager": "notes", "time": "2", "fieldsV1": {"f:metadata": {"f:annotations": {"f:a.b/c": {}}}, "f:args": {}}},
    {"manager": "controller", "time": "9", "subresource": "status", "fieldsV1": {"f:spec": {}, "f:status": {}}},
]


@pytest.mark.parametrize(
    ("path", "manager"),
    [
        ("spec.replicas", "kubectl"),
        ("spec.paused", ""),
        ("spec.template.spec.containers[name=web].image", "edit"),
        ("spec.template.spec.containers[name=web]", "edit"),
        ("spec.template.spec.containers[name=other].image", ""),
        ("spec.template.spec.containers[name=web].ports[containerPort=80,protocol=TCP]", "edit"),
        ("spec.template.spec.containers[name=web].ports[containerPort=80]", "edit"),
        ('metadata.annotations["a.b/c"]', "notes"),
        ("args[1]", "notes"),
        ("status", ""),
        ("nowhere.at.all", ""),
    ],
)
def test_the_last_other_manager_that_owns_the_path_is_named(path: str, manager: str) -> None:
    assert owner_of_field(MANAGED, path) == manager


def test_nonsense_in_managed_fields_owns_nothing() -> None:
    assert (
        owner_of_field([{"manager": "x", "fieldsV1": {"f:spec": {"k:{broken": {}}}}, {"manager": "y"}], "spec[a=b]")
        == ""
    )
