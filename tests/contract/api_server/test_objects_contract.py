"""What every API server promises about single objects; the in-memory one is held to it beside the real one."""

from __future__ import annotations

import pytest

from pipeline.errors import ClusterError, ExistsError, FieldConflictError, StaleError
from tests.contract.api_server.conftest import CONFIG_MAPS, CRATES, MANAGER, NAMESPACES, Place, eventually


def test_what_is_created_can_be_read(place: Place) -> None:
    created = place.create(place.config_map(color="blue"))

    live = place.api.read(CONFIG_MAPS, place.namespace, "settings")

    assert live == created
    assert live is not None
    assert (live["apiVersion"], live["kind"], live["data"]) == ("v1", "ConfigMap", {"color": "blue"})
    assert live["metadata"]["uid"]
    assert live["metadata"]["creationTimestamp"]
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {MANAGER}


def test_what_is_not_there_reads_as_none(place: Place) -> None:
    assert place.api.read(CONFIG_MAPS, place.namespace, "absent") is None


def test_creating_twice_is_refused(place: Place) -> None:
    place.create(place.config_map())

    with pytest.raises(ExistsError) as caught:
        place.create(place.config_map())

    assert caught.value.code == "cluster.exists"


def test_creating_in_a_missing_namespace_names_it(place: Place) -> None:
    body = place.config_map()
    body["metadata"]["namespace"] = "nowhere"

    with pytest.raises(ClusterError, match="namespace nowhere does not exist") as caught:
        place.create(body)

    assert caught.value.code == "cluster.namespace-missing"


def test_replacing_takes_the_version_that_was_read(place: Place) -> None:
    created = place.create(place.config_map(color="blue", size="xl"))

    replaced = place.api.replace(CONFIG_MAPS, {**created, "data": {"color": "red"}}, manager=MANAGER)

    assert replaced["data"] == {"color": "red"}
    assert replaced["metadata"]["resourceVersion"] != created["metadata"]["resourceVersion"]
    with pytest.raises(StaleError) as caught:
        place.api.replace(CONFIG_MAPS, created, manager=MANAGER)
    assert caught.value.code == "cluster.stale"


def test_replacing_without_a_version_is_refused(place: Place) -> None:
    place.create(place.config_map())

    with pytest.raises(ClusterError, match="only what was read"):
        place.api.replace(CONFIG_MAPS, place.config_map(), manager=MANAGER)


def test_replacing_what_is_gone_is_stale(place: Place) -> None:
    created = place.create(place.config_map())
    place.api.delete(CONFIG_MAPS, place.id(CONFIG_MAPS, "settings"))

    with pytest.raises(StaleError):
        place.api.replace(CONFIG_MAPS, created, manager=MANAGER)


def test_a_merge_patch_sets_and_takes_away(place: Place) -> None:
    place.create(place.config_map(color="blue", size="xl"))

    patched = place.patch(CONFIG_MAPS, "settings", {"data": {"color": "red", "size": None}})

    assert patched is not None
    assert patched["data"] == {"color": "red"}


def test_a_merge_patch_of_what_is_gone_is_none(place: Place) -> None:
    assert place.patch(CONFIG_MAPS, "absent", {"data": {"color": "red"}}) is None


def test_a_merge_patch_under_a_version_is_guarded(place: Place) -> None:
    created = place.create(place.config_map(color="blue"))
    place.patch(CONFIG_MAPS, "settings", {"data": {"color": "red"}})

    version = created["metadata"]["resourceVersion"]
    with pytest.raises(StaleError):
        place.patch(CONFIG_MAPS, "settings", {"metadata": {"resourceVersion": version}, "data": {"color": "green"}})


def test_a_write_that_changes_nothing_keeps_the_version(place: Place) -> None:
    created = place.create(place.config_map(color="blue"))

    patched = place.patch(CONFIG_MAPS, "settings", {"data": {"color": "blue"}})

    assert patched is not None
    assert patched["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


def test_the_status_is_written_through_its_subresource_alone(shop: Place) -> None:
    created = shop.create({**shop.crate(size=1), "status": {"ready": True}}, CRATES)
    assert "status" not in created

    spec = shop.patch(CRATES, "mine", {"spec": {"size": 2}, "status": {"ready": True}})
    status = shop.patch(CRATES, "mine", {"spec": {"size": 3}, "status": {"ready": True}}, "status")

    assert spec is not None
    assert status is not None
    assert "status" not in spec
    assert (status["spec"], status["status"]) == ({"size": 2}, {"ready": True})
    owners = {
        (entry["manager"], entry.get("subresource", "")): entry["fieldsV1"]
        for entry in status["metadata"]["managedFields"]
    }
    assert "f:spec" in owners[MANAGER, ""]
    assert (MANAGER, "status") in owners


def test_only_the_spec_makes_a_new_generation(shop: Place) -> None:
    created = shop.create(shop.crate(size=1), CRATES)
    status = shop.patch(CRATES, "mine", {"status": {"ready": True}}, "status")
    labelled = shop.patch(CRATES, "mine", {"metadata": {"labels": {"a": "b"}}})
    grown = shop.patch(CRATES, "mine", {"spec": {"size": 2}})

    generations = [body and body["metadata"]["generation"] for body in (created, status, labelled, grown)]
    assert generations == [1, 1, 1, 2]


def test_a_replaced_status_leaves_the_rest_alone(shop: Place) -> None:
    created = shop.create(shop.crate(size=1), CRATES)

    wanted = {**created, "spec": {"size": 9}, "status": {"ready": True}}
    replaced = shop.api.replace(CRATES, wanted, manager=MANAGER, subresource="status")

    assert (replaced["spec"], replaced["status"]) == ({"size": 1}, {"ready": True})


def test_finalizers_hold_a_deletion_until_the_last_is_gone(shop: Place) -> None:
    body = shop.crate(size=1)
    body["metadata"]["finalizers"] = ["contract.example/keep"]
    shop.create(body, CRATES)

    assert shop.api.delete(CRATES, shop.id(CRATES, "mine"))

    held = shop.api.read(CRATES, shop.namespace, "mine")
    assert held is not None
    assert held["metadata"]["deletionTimestamp"]
    shop.patch(CRATES, "mine", {"metadata": {"finalizers": None}})
    assert shop.api.read(CRATES, shop.namespace, "mine") is None


def test_deleting_says_whether_it_was_there(place: Place) -> None:
    created = place.create(place.config_map())
    object_id = place.id(CONFIG_MAPS, "settings")

    assert not place.api.delete(CONFIG_MAPS, object_id, uid="00000000-0000-0000-0000-000000000000")
    assert place.api.read(CONFIG_MAPS, place.namespace, "settings") is not None
    assert place.api.delete(CONFIG_MAPS, object_id, uid=created["metadata"]["uid"], propagation="Orphan")
    # Who is orphaned is set free before it goes.
    eventually(lambda: not place.api.delete(CONFIG_MAPS, object_id))


def test_managers_conflict_until_one_takes_over(place: Place) -> None:
    place.api.apply(CONFIG_MAPS, place.config_map(color="blue"), manager="one", force=False)

    with pytest.raises(FieldConflictError) as caught:
        place.api.apply(CONFIG_MAPS, place.config_map(color="red"), manager="two", force=False)

    assert caught.value.conflicts == (("one", ".data.color"),)
    taken = place.api.apply(CONFIG_MAPS, place.config_map(color="red"), manager="two", force=True)
    assert taken["data"] == {"color": "red"}


def test_an_apply_takes_back_what_it_no_longer_says(place: Place) -> None:
    place.api.apply(CONFIG_MAPS, place.config_map(color="blue", size="xl"), manager="one", force=False)
    place.patch(CONFIG_MAPS, "settings", {"data": {"other": "stays"}})

    applied = place.api.apply(CONFIG_MAPS, place.config_map(color="blue"), manager="one", force=False)

    assert applied["data"] == {"color": "blue", "other": "stays"}


def test_a_dry_run_writes_nothing(place: Place) -> None:
    answer = place.api.apply(CONFIG_MAPS, place.config_map(color="blue"), manager="one", force=True, dry_run=True)

    assert answer["data"] == {"color": "blue"}
    assert place.api.read(CONFIG_MAPS, place.namespace, "settings") is None


def test_lists_select_by_labels_and_name(place: Place) -> None:
    place.create(place.config_map("a", {"app": "web", "tier": "front"}))
    place.create(place.config_map("b", {"app": "web"}))
    place.create(place.config_map("c"))

    def names(selector: str | None = None, fields: str | None = None) -> list[str]:
        found = place.api.list(CONFIG_MAPS, place.namespace, selector, fields=fields)
        return sorted(item["metadata"]["name"] for item in found.items if item["metadata"]["name"] in "abc")

    assert names() == ["a", "b", "c"]
    assert names("app=web") == ["a", "b"]
    assert names("app=web,!tier") == ["b"]
    assert names("app notin (web)") == ["c"]
    assert names("tier in (front, back)") == ["a"]
    assert names(fields="metadata.name=b") == ["b"]
    assert names("app=web", "metadata.name!=b") == ["a"]


def test_items_of_lists_say_what_they_are(place: Place) -> None:
    name = f"in-{place.namespace}"
    place.create(place.config_map(name, color="blue"))

    whole = place.api.list(CONFIG_MAPS, place.namespace, fields=f"metadata.name={name}")
    metadata = place.api.list(CONFIG_MAPS, None, fields=f"metadata.name={name}", metadata_only=True)

    assert whole.resource_version
    assert (whole.items[0]["apiVersion"], whole.items[0]["kind"]) == ("v1", "ConfigMap")
    assert whole.items[0]["data"] == {"color": "blue"}
    assert [set(item) for item in metadata.items] == [{"apiVersion", "kind", "metadata"}]
    assert metadata.items[0]["kind"] == "ConfigMap"


def test_events_are_found_by_the_object_they_are_about(place: Place) -> None:
    from pipeline.model.flux.api import EVENTS

    for name, about in (("a.1", "a"), ("b.1", "b")):
        involved = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": place.namespace, "name": about}
        metadata = {"name": name, "namespace": place.namespace}
        body = {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": involved, "reason": "Test"}
        place.create(body, EVENTS)

    fields = "involvedObject.kind=ConfigMap,involvedObject.name=a"
    found = place.api.list(EVENTS, place.namespace, fields=fields)

    assert [item["metadata"]["name"] for item in found.items] == ["a.1"]


def test_a_field_that_cannot_be_selected_by_is_told(place: Place) -> None:
    with pytest.raises(ClusterError, match="not a known field selector"):
        place.api.list(CONFIG_MAPS, place.namespace, fields="data.color=blue")


def test_types_are_told_and_unknown_ones_are_none(place: Place) -> None:
    assert place.api.resource_type("v1", "ConfigMap") == CONFIG_MAPS
    assert place.api.resource_type("v1", "Namespace") == NAMESPACES
    assert place.api.resource_type("contract.example/v7", "Crate") is None


def test_we_may_do_everything_here(place: Place) -> None:
    assert place.api.may("delete", CONFIG_MAPS, place.namespace)
    assert place.api.may("list", NAMESPACES)


def test_the_version_is_told(place: Place) -> None:
    assert place.api.version().startswith("v1.")
