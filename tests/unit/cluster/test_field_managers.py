from __future__ import annotations

from typing import Any

from pipeline.model.applying.field_managers import owner_of_field

_CONTAINER = 'k:{"name":"web"}'
_PORT = 'k:{"port":80,"protocol":"TCP"}'


def _entry(manager: str, fields: dict[str, Any], time: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsType": "FieldsV1", "fieldsV1": fields}


def _container(**fields: dict[str, Any]) -> dict[str, Any]:
    items = {_CONTAINER: {".": {}, **{f"f:{name}": below for name, below in fields.items()}}}
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": items}}}}


def test_the_other_manager_of_a_scalar_is_named() -> None:
    managed = [_entry("gitless", {"f:spec": {"f:paused": {}}}), _entry("kubectl", {"f:spec": {"f:replicas": {}}})]

    assert owner_of_field(managed, "spec.replicas") == "kubectl"
    assert owner_of_field(managed, "spec.paused") == ""
    assert owner_of_field(managed, "spec.selector") == ""


def test_items_of_lists_are_found_by_their_key() -> None:
    managed = [_entry("kubectl-set", _container(image={}))]

    assert owner_of_field(managed, "spec.template.spec.containers[name=web].image") == "kubectl-set"
    assert owner_of_field(managed, "spec.template.spec.containers[name=web].command") == ""
    assert owner_of_field(managed, "spec.template.spec.containers[name=other].image") == ""


def test_defaults_that_a_path_leaves_out_do_not_hide_the_item() -> None:
    managed = [_entry("kubectl-edit", {"f:spec": {"f:ports": {_PORT: {".": {}, "f:targetPort": {}}}}})]

    assert owner_of_field(managed, "spec.ports[port=80].targetPort") == "kubectl-edit"
    assert owner_of_field(managed, "spec.ports[port=80,protocol=UDP].targetPort") == ""


def test_keys_with_dots_and_slashes_are_found() -> None:
    managed = [_entry("kubectl-label", {"f:metadata": {"f:labels": {"f:shop.example/tier": {}}}})]

    assert owner_of_field(managed, 'metadata.labels["shop.example/tier"]') == "kubectl-label"


def test_who_owns_a_list_as_a_whole_owns_its_items() -> None:
    managed = [_entry("controller", {"f:spec": {"f:args": {}}})]

    assert owner_of_field(managed, "spec.args[2]") == "controller"


def test_who_owns_a_part_is_named_for_the_whole() -> None:
    assert owner_of_field([_entry("injector", _container(image={}))], "spec.template.spec.containers[name=web]") == (
        "injector"
    )


def test_of_several_owners_the_last_writer_is_named() -> None:
    managed = [
        _entry("early", {"f:data": {"f:a": {}}}, "2026-01-01T00:00:00Z"),
        _entry("late", {"f:data": {"f:a": {}}}, "2026-01-02T00:00:00Z"),
    ]

    assert owner_of_field(managed, "data.a") == "late"


def test_what_a_status_write_owns_is_nobodys_decision() -> None:
    managed = [{**_entry("controller", {"f:spec": {"f:replicas": {}}}), "subresource": "status"}]

    assert owner_of_field(managed, "spec.replicas") == ""
