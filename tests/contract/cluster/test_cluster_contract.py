"""What every member of the cluster family promises; the in-memory one is held to it beside the real API server."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from pipeline.errors import ClusterError, ImmutableFieldError, RefusedError, StaleError
from pipeline.model.applying.fingerprint import fingerprint
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.manifests import ObjectId, Resource
from tests.contract.cluster.conftest import Place


def test_what_is_applied_can_be_read(place: Place) -> None:
    body = place.config_map(color="blue")

    place.cluster.apply(body)

    live = place.read(body)
    assert live is not None
    assert live["data"] == {"color": "blue"}
    assert live["metadata"]["uid"]


def test_what_is_not_there_reads_as_none(place: Place) -> None:
    assert place.read(place.config_map("absent")) is None


def test_a_dry_run_answers_the_outcome_and_writes_nothing(place: Place) -> None:
    body = place.config_map(color="blue")

    answer = place.cluster.apply(body, dry_run=True)

    assert answer["data"] == {"color": "blue"}
    assert place.read(body) is None


def test_metadata_only_leaves_the_rest_out(place: Place) -> None:
    answer = place.cluster.apply(place.config_map(color="blue"), metadata_only=True)

    assert answer["metadata"]["name"] == "settings"
    assert answer["metadata"]["resourceVersion"]
    assert "data" not in answer


def test_applying_the_same_again_changes_nothing(place: Place) -> None:
    first = place.cluster.apply(place.deployment())

    second = place.cluster.apply(place.deployment())

    assert fingerprint(second["metadata"]) == fingerprint(first["metadata"])


def test_a_field_that_is_no_longer_applied_goes_away(place: Place) -> None:
    place.cluster.apply(place.config_map(color="blue", size="xl"))

    answer = place.cluster.apply(place.config_map(color="blue"))

    assert answer["data"] == {"color": "blue"}


def test_an_unknown_kind_has_no_type(place: Place) -> None:
    assert place.cluster.resource_type("shop.example/v1", "Basket") is None


def test_types_know_whether_they_live_in_namespaces(place: Place) -> None:
    deployment = place.cluster.resource_type("apps/v1", "Deployment")
    namespace = place.cluster.resource_type("v1", "Namespace")

    assert deployment is not None
    assert (deployment.plural, deployment.namespaced) == ("deployments", True)
    assert namespace is not None
    assert not namespace.namespaced


def test_applying_into_a_missing_namespace_names_it(place: Place) -> None:
    body = place.config_map()
    body["metadata"]["namespace"] = "not-there-at-all"

    with pytest.raises(ClusterError, match="not-there-at-all") as caught:
        place.cluster.apply(body)

    assert caught.value.code == "cluster.namespace-missing"


def test_immutable_fields_are_refused_as_such(place: Place) -> None:
    place.cluster.apply(place.deployment(app="web"))

    with pytest.raises(ImmutableFieldError, match="Deployment"):
        place.cluster.apply(place.deployment(app="other"), dry_run=True)


def test_an_immutable_config_map_is_refused_as_such(place: Place) -> None:
    place.cluster.apply({**place.config_map(color="blue"), "immutable": True})

    with pytest.raises(ImmutableFieldError):
        place.cluster.apply({**place.config_map(color="red"), "immutable": True})


def test_lists_are_selected_by_label_and_namespace(place: Place) -> None:
    marked = place.config_map("marked", a="1")
    marked["metadata"]["labels"] = {"gitless.dev/inventory": "shop"}
    place.cluster.apply(marked)
    place.cluster.apply(place.config_map("plain", a="1"))
    kind = place.cluster.resource_type("v1", "ConfigMap")
    assert kind is not None

    found = list(place.cluster.list_metadata(kind, place.namespace, "gitless.dev/inventory=shop"))
    whole = list(place.cluster.list_objects(kind, place.namespace, "gitless.dev/inventory=shop"))
    everywhere = list(place.cluster.list_metadata(kind, None, "gitless.dev/inventory=shop"))

    assert [body["metadata"]["name"] for body in found] == ["marked"]
    assert [body["data"] for body in whole] == [{"a": "1"}]
    assert "marked" in [body["metadata"]["name"] for body in everywhere]


def test_only_the_version_that_was_named_is_changed(place: Place) -> None:
    first = place.cluster.apply(place.config_map(color="blue"))["metadata"]
    second = place.cluster.apply(place.config_map(color="red"), expected=first)["metadata"]

    with pytest.raises(StaleError):
        place.cluster.apply(place.config_map(color="green"), expected=first)
    with pytest.raises(StaleError):
        place.cluster.apply(place.config_map("absent", color="green"), expected=second)

    live = place.read(place.config_map())
    assert live is not None
    assert live["data"] == {"color": "red"}
    assert live["metadata"]["resourceVersion"] == second["resourceVersion"]
    assert place.read(place.config_map("absent")) is None


def test_a_deletion_takes_exactly_the_object_with_that_uid(place: Place) -> None:
    body = place.config_map(a="1")
    uid = place.cluster.apply(body)["metadata"]["uid"]
    kind = place.cluster.resource_type("v1", "ConfigMap")
    assert kind is not None
    object_id = Resource.from_body(body).id

    place.cluster.delete(kind, object_id, uid="00000000-0000-0000-0000-000000000000")
    place.cluster.delete(kind, object_id, uid=uid, dry_run=True)
    assert place.read(body) is not None
    place.cluster.delete(kind, object_id, uid=uid)
    place.cluster.delete(kind, object_id, uid=uid)

    assert place.read(body) is None


def test_a_definition_makes_its_kind_served(place: Place) -> None:
    plural = f"crates{place.namespace.rpartition('-')[2]}"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.shop.example"},
        "spec": {
            "group": "shop.example",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": plural, "kind": plural.title()},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }
    assert place.cluster.resource_type("shop.example/v1", plural.title()) is None

    place.cluster.apply(definition)

    found = None
    for _ in range(100):
        found = place.cluster.resource_type("shop.example/v1", plural.title())
        if found is not None:
            break
        time.sleep(0.05)
    assert found is not None
    assert found.plural == plural


def test_an_inventory_comes_back_as_it_was_saved(place: Place) -> None:
    object_id = ObjectId("apps", "Deployment", place.namespace, "web")
    entry = InventoryEntry(object_id, "apps/v1", "hash", "print")
    inventory = Inventory(place.namespace, "shop", applied={object_id: entry}, digest="sha256:" + "a" * 64)

    saved = place.cluster.save_inventory(inventory)

    assert saved.resource_version
    assert place.cluster.load_inventory(place.namespace, "shop") == saved
    assert (place.namespace, "shop") in place.cluster.list_inventories()


def test_an_inventory_that_nobody_saved_is_none(place: Place) -> None:
    assert place.cluster.load_inventory(place.namespace, "nothing") is None


def test_the_second_of_two_savers_is_refused(place: Place) -> None:
    saved = place.cluster.save_inventory(Inventory(place.namespace, "shop", writer="first"))
    place.cluster.save_inventory(replace(saved, writer="second"))

    with pytest.raises(RefusedError, match="second"):
        place.cluster.save_inventory(replace(saved, writer="third"))


def test_an_inventory_cannot_be_created_twice(place: Place) -> None:
    place.cluster.save_inventory(Inventory(place.namespace, "shop", writer="first"))

    with pytest.raises(RefusedError):
        place.cluster.save_inventory(Inventory(place.namespace, "shop", writer="second"))


def test_saving_what_is_stored_writes_nothing(place: Place) -> None:
    saved = place.cluster.save_inventory(Inventory(place.namespace, "shop", digest="sha256:" + "a" * 64))

    assert place.cluster.save_inventory(saved).resource_version == saved.resource_version


def test_a_large_inventory_fits(place: Place) -> None:
    ids = [ObjectId("apps", "Deployment", place.namespace, f"application-{number:05d}") for number in range(5000)]
    entries = {object_id: InventoryEntry(object_id, "apps/v1", "a" * 64, "b" * 64) for object_id in ids}

    saved = place.cluster.save_inventory(Inventory(place.namespace, "large", applied=entries, pending=entries))

    assert place.cluster.load_inventory(place.namespace, "large") == saved
