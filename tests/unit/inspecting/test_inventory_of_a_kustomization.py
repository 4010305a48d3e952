from __future__ import annotations

import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.flux.inventory import InventoryEntry, inventory_document, parse_inventory_id, read_inventory
from pipeline.model.manifests import ObjectId


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop_web_apps_Deployment", ObjectId("apps", "Deployment", "shop", "web")),
        ("shop_web__Service", ObjectId("", "Service", "shop", "web")),
        ("_shop__Namespace", ObjectId("", "Namespace", "", "shop")),
        (
            "_system__node_rbac.authorization.k8s.io_ClusterRole",
            ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "system:node"),
        ),
        (
            "kube-system_a__b__c_rbac.authorization.k8s.io_Role",
            ObjectId("rbac.authorization.k8s.io", "Role", "kube-system", "a:b:c"),
        ),
    ],
)
def test_an_id_names_an_object_and_comes_back(text: str, expected: ObjectId) -> None:
    assert parse_inventory_id(text) == expected
    assert expected.inventory_id == text


@pytest.mark.parametrize("text", ["", "web", "shop_web", "shop_web_Service", "____", "shop___Service", "shop_web__"])
def test_what_is_no_id_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is no inventory id; expected <namespace>_<name>_<group>_<Kind>"):
        parse_inventory_id(text)


def test_an_inventory_is_read_in_its_order_and_written_the_same() -> None:
    document = {"entries": [{"id": "shop_web_apps_Deployment", "v": "v1"}, {"id": "shop_a__ConfigMap", "v": "v1"}]}

    entries = read_inventory({"status": {"inventory": document}})

    assert entries == (
        InventoryEntry(ObjectId("apps", "Deployment", "shop", "web"), "v1"),
        InventoryEntry(ObjectId("", "ConfigMap", "shop", "a"), "v1"),
    )
    assert [entry.api_version for entry in entries] == ["apps/v1", "v1"]
    assert inventory_document(entries) == document


@pytest.mark.parametrize(
    "status",
    [
        None,
        {},
        {"inventory": None},
        {"inventory": []},
        {"inventory": {"entries": None}},
        {"inventory": {"entries": {"id": "a_b__Secret"}}},
        {"inventory": {"entries": ["shop_web__Service", {"id": 1, "v": "v1"}, {"id": "a_b__Secret"}, {"id": "x"}]}},
    ],
)
def test_what_makes_no_sense_is_left_out(status: object) -> None:
    assert read_inventory({"status": status}) == ()
