from __future__ import annotations

from typing import Any

from pipeline.model.applying.ignoring import leaving
from pipeline.model.applying.take_over import Predecessor, inherited

US = "kustomize-controller"
KUBECTL = Predecessor("kubectl", is_prefix=True)


def _entry(manager: str, fields: dict[str, Any], operation: str = "Apply", **rest: object) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields, **rest}


def test_what_kubectl_set_becomes_ours() -> None:
    ours = _entry(US, {"f:data": {"f:a": {}}})
    kubectl = _entry("kubectl-client-side-apply", {"f:data": {"f:a": {}, "f:b": {}}}, "Update")
    controller = _entry("deployer", {"f:data": {"f:c": {}}}, "Update")

    entries = inherited([ours, kubectl, controller], US, [KUBECTL])

    assert entries == [_entry(US, {"f:data": {"f:a": {}, "f:b": {}}}), controller]


def test_without_an_entry_of_ours_the_predecessors_becomes_it() -> None:
    kubectl = _entry("kubectl", {"f:data": {"f:b": {}}}, "Update")

    assert inherited([kubectl], US, [KUBECTL]) == [_entry(US, {"f:data": {"f:b": {}}})]


def test_what_was_written_to_the_status_stays_where_it_is() -> None:
    status = _entry("kubectl", {"f:status": {}}, "Update", subresource="status")

    assert inherited([status], US, [KUBECTL]) is None


def test_only_the_named_operation_is_taken_over() -> None:
    ours_by_update = _entry(US, {"f:data": {"f:b": {}}}, "Update")
    ours = _entry(US, {"f:data": {"f:a": {}}})

    entries = inherited([ours_by_update, ours], US, [Predecessor(US, "Update")])

    assert entries == [_entry(US, {"f:data": {"f:a": {}, "f:b": {}}})]
    assert inherited([ours], US, [Predecessor(US, "Update")]) is None


def _deployment(replicas: int | None, *entries: dict[str, Any]) -> dict[str, Any]:
    containers = [{"name": "web", "image": "web:1", "resources": {"limits": {"cpu": "1"}}}]
    spec: dict[str, Any] = {"template": {"spec": {"containers": containers}}}
    if replicas is not None:
        spec["replicas"] = replicas
    return {"kind": "Deployment", "metadata": {"name": "web", "managedFields": list(entries)}, "spec": spec}


def test_an_ignored_field_is_sent_as_it_is_in_the_cluster() -> None:
    live = _deployment(5, _entry(US, {"f:spec": {"f:replicas": {}}}))

    assert leaving(_deployment(2), live, ["/spec/replicas"], US)["spec"]["replicas"] == 5


def test_an_ignored_field_that_another_applies_is_not_sent() -> None:
    live = _deployment(5, _entry("autoscaler", {"f:spec": {"f:replicas": {}}}))

    assert "replicas" not in leaving(_deployment(2), live, ["/spec/replicas"], US)["spec"]


def test_an_ignored_field_that_we_alone_own_stays_though_the_manifest_lost_it() -> None:
    live = _deployment(5, _entry(US, {"f:spec": {"f:replicas": {}}}))

    assert leaving(_deployment(None), live, ["/spec/replicas"], US)["spec"]["replicas"] == 5


def test_a_field_in_a_list_item_is_found_by_its_place_and_owned_by_its_key() -> None:
    key = 'k:{"name":"web"}'
    fields: dict[str, Any] = {"f:spec": {"f:template": {"f:spec": {"f:containers": {key: {"f:resources": {}}}}}}}
    pointer = "/spec/template/spec/containers/0/resources"
    live = _deployment(1, _entry("recommender", fields))

    found = leaving(_deployment(1), live, [pointer], US)

    assert "resources" not in found["spec"]["template"]["spec"]["containers"][0]


def test_what_is_not_there_on_either_side_changes_nothing() -> None:
    desired = _deployment(2)

    assert leaving(desired, _deployment(2), ["/spec/paused", "/metadata/labels/a~1b", ""], US) is desired
