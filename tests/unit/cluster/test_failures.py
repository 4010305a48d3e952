from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.clusters.kubernetes.failures import failure, is_temporary
from pipeline.clusters.kubernetes.requests import APPLY, JSON_PATCH, Request
from pipeline.errors import ClusterError, FieldConflictError, ImmutableFieldError, PipelineError
from pipeline.model.manifests import ObjectId

WEB = ObjectId("apps", "Deployment", "shop", "web")
SECRET = ObjectId("", "Secret", "shop", "login")


def _request(object_id: ObjectId = WEB, content_type: str = APPLY) -> Request:
    return Request("PATCH", "/somewhere", str(object_id), content_type=content_type, object_id=object_id)


def _answer(message: str, *causes: dict[str, str], reason: str = "", **details: str) -> bytes:
    status: dict[str, Any] = {"kind": "Status", "message": message, "reason": reason}
    return json.dumps(status | {"details": {**details, "causes": list(causes)}}).encode()


def _cause(field: str, message: str, reason: str = "FieldValueInvalid") -> dict[str, str]:
    return {"field": field, "message": message, "reason": reason}


def _failure(status: int, content: bytes, object_id: ObjectId = WEB) -> PipelineError:
    return failure(_request(object_id), status, content)


def test_conflicts_name_managers_and_fields() -> None:
    content = _answer(
        "Apply failed with 2 conflicts",
        _cause(".spec.replicas", 'conflict with "kubectl" with subresource "scale" using v1', "FieldManagerConflict"),
        _cause('.spec.containers[name="a"].image', 'conflict with "say \\"hi\\""', "FieldManagerConflict"),
    )

    error = _failure(409, content)

    assert isinstance(error, FieldConflictError)
    assert error.conflicts == (("kubectl", ".spec.replicas"), ('say "hi"', '.spec.containers[name="a"].image'))
    assert "Deployment.apps shop/web: 2 fields belong to kubectl" in error.message


@pytest.mark.parametrize(
    "message",
    [
        'Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
        "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
        "Forbidden: updates to parameters are forbidden.",
        "Forbidden: may not be changed in an update.",
        'Invalid value: ["10.96.3.4"]: may not change once set',
        'Invalid value: {"name":"b"}: cannot change roleRef',
        "Forbidden: spec is immutable after creation except resources.requests",
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`",
        "Forbidden: field is immutable when `immutable` is set",
        "Invalid value: primary clusterIP can not be unset",
    ],
)
def test_what_cannot_be_changed_is_told_apart_from_what_is_wrong(message: str) -> None:
    error = _failure(422, _answer(f'"web" is invalid: {message}', _cause("spec.thing", message)))

    assert isinstance(error, ImmutableFieldError)
    assert "spec.thing" in error.message


def test_recreating_is_not_offered_where_something_else_is_wrong_too() -> None:
    content = _answer("invalid", _cause("spec.selector", "field is immutable"), _cause("spec.name", "Required value"))

    error = _failure(422, content)

    assert isinstance(error, ClusterError)
    assert "spec.name: Required value" in error.message


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (422, _answer("invalid", _cause("data[a hunter2]", 'Invalid value: "hunter2"', "FieldValueInvalid"))),
        (422, _answer('Secret "login" is invalid: data: Invalid value: "hunter2"')),
        (500, _answer("failed to create typed patch object (shop/login): .stringData.a: expected string, got hunter2")),
        (400, _answer('admission webhook "policy.example" denied the request: weak password hunter2')),
        (403, _answer('admission webhook "policy.example" denied the request: weak password hunter2')),
        (400, _answer("error found in #10 byte of ...|hunter2|...")),
        (418, _answer("hunter2")),
        (500, b"hunter2"),
    ],
)
def test_values_of_secrets_stay_in_the_cluster(status: int, content: bytes) -> None:
    error = _failure(status, content, SECRET)

    assert "hunter2" not in error.message.replace("data[a hunter2]", "")
    assert "Secret shop/login" in error.message


def test_a_secrets_invalid_field_is_named() -> None:
    content = _answer("invalid", _cause("data[tls.key]", "Required value", "FieldValueRequired"))

    assert "data[tls.key]" in _failure(422, content, SECRET).message


def test_fields_that_the_kind_does_not_have_are_listed() -> None:
    error = _failure(400, _answer('strict decoding error: unknown field "spec.replcas", unknown field "spec.x"'))

    assert error.message == (
        'Deployment.apps shop/web is invalid: unknown field "spec.replcas", unknown field "spec.x"'
    )


def test_an_object_that_does_not_fit_the_schema_is_blamed_not_the_server() -> None:
    message = (
        "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): "
        ".spec.replicas: expected numeric (int or float), got &value.valueUnstructured{Value:true}"
    )

    error = _failure(500, _answer(message))

    assert error.code == "cluster.invalid"
    assert error.message.endswith(".spec.replicas: expected numeric (int or float), got true")
    assert not is_temporary(_request(), 500, _answer(message))


def test_missing_rights_name_who_what_and_where() -> None:
    message = (
        'deployments.apps "web" is forbidden: User "bob" cannot patch resource "deployments" in API group "apps"'
        ' in the namespace "shop"'
    )

    error = _failure(403, _answer(message, reason="Forbidden"))

    assert error.code == "cluster.denied"
    assert "bob may not patch deployments.apps in namespace shop" in error.message


def test_missing_rights_to_discover_are_told_too() -> None:
    message = 'forbidden: User "system:anonymous" cannot get path "/apis/apps/v1"'

    error = _failure(403, _answer(message, reason="Forbidden"))

    assert error.code == "cluster.denied"
    assert "system:anonymous may not get /apis/apps/v1" in error.message


def test_a_policys_refusal_is_passed_on_as_it_is() -> None:
    error = _failure(403, _answer('pods "web" is forbidden: exceeded quota: small', reason="Forbidden"))

    assert error.code == "cluster.rejected"
    assert "exceeded quota: small" in error.message


def test_a_missing_namespace_is_named() -> None:
    error = _failure(404, _answer('namespaces "shop" not found', reason="NotFound", kind="namespaces", name="shop"))

    assert error.code == "cluster.namespace-missing"
    assert "namespace shop does not exist" in error.message


def test_a_kind_that_is_gone_is_unknown() -> None:
    error = _failure(404, _answer("the server could not find the requested resource", reason="NotFound"))

    assert error.code == "cluster.kind-unknown"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (413, "Request entity too large: limit is 3145728"),
        (500, "etcdserver: request is too large"),
        (422, 'ConfigMap "big" is invalid: []: Too long: may not be more than 1048576 bytes'),
        (500, "rpc error: code = ResourceExhausted desc = trying to send message larger than max: too large"),
    ],
)
def test_too_much_is_told_in_one_way(status: int, message: str) -> None:
    assert _failure(status, _answer(message)).code == "cluster.too-large"
    assert not is_temporary(_request(), status, _answer(message))


def test_long_messages_are_cut() -> None:
    assert len(_failure(418, _answer("x" * 5000)).message) < 600


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_server_is_asked_again(status: int) -> None:
    assert is_temporary(_request(), status, b"")


def test_simultaneous_writes_are_tried_again_only_where_nobody_is_overwritten() -> None:
    content = _answer('Operation cannot be fulfilled on resourcequotas "small": the object has been modified')

    assert is_temporary(_request(), 409, content)
    assert not is_temporary(_request(content_type=JSON_PATCH), 409, content)
    assert not is_temporary(_request(), 409, _answer("Apply failed with 1 conflict"))


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_what_would_be_refused_again_is_not_tried_again(status: int) -> None:
    assert not is_temporary(_request(), status, _answer("no"))
