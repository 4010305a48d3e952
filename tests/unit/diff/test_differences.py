from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.comparison.differences import compare, contents
from pipeline.model.plan import ABSENT, FieldChange

Json = dict[str, Any]


def deployment(**container: Any) -> Json:  # noqa: ANN401 - any JSON value
    return workload({"containers": [{"name": "web", **container}]})


def workload(pod: Json, api_version: str = "apps/v1") -> Json:
    return {
        "apiVersion": api_version,
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": pod}},
    }


def make(kind: str, **fields: Any) -> Json:  # noqa: ANN401 - any JSON value
    api_version, _, name = kind.rpartition(" ")
    return {"apiVersion": api_version, "kind": name, "metadata": {"name": "it"}, **fields}


def told(before: Json, after: Json) -> list[tuple[str, Any, Any]]:
    return [(change.path, change.before, change.after) for change in compare(before, after)]


CONTAINER = "spec.template.spec.containers[name=web]"


def test_a_changed_image_is_one_field_named_by_its_container() -> None:
    assert told(deployment(image="a:1"), deployment(image="a:2")) == [(f"{CONTAINER}.image", "a:1", "a:2")]


def test_an_added_field_is_not_the_same_as_a_null_one() -> None:
    change = compare(make("v1 ConfigMap", data={}), make("v1 ConfigMap", data={"a": "b"}))
    assert change == (FieldChange("data.a", ABSENT, "b"),)
    assert compare(make("v1 ConfigMap", data=None), make("v1 ConfigMap")) == ()


def test_true_is_not_one_and_text_is_not_a_number_but_one_is_one_point_zero() -> None:
    assert told(make("e.com/v1 X", spec=True), make("e.com/v1 X", spec=1)) == [("spec", True, 1)]
    assert told(make("e.com/v1 X", spec={"a": False}), make("e.com/v1 X", spec={"a": 0})) == [("spec.a", False, 0)]
    assert told(make("e.com/v1 X", spec=[True]), make("e.com/v1 X", spec=[1])) == [("spec", [True], [1])]
    assert told(make("e.com/v1 X", spec="1"), make("e.com/v1 X", spec=1)) == [("spec", "1", 1)]
    assert told(make("e.com/v1 X", spec=1.0), make("e.com/v1 X", spec=1)) == []


def test_a_value_that_becomes_a_map_is_one_change() -> None:
    assert told(make("e.com/v1 X", spec="a"), make("e.com/v1 X", spec={"b": 1})) == [("spec", "a", {"b": 1})]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]),
        ([{"name": "a", "ports": []}], [{"name": "a"}]),
        ([{"name": "a", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}],
         [{"name": "a", "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}]),
        ([{"name": "a", "resources": {"limits": {"cpu": 1}}}], [{"name": "a", "resources": {"limits": {"cpu": "1"}}}]),
        ([{"name": "a", "ports": [{"containerPort": 80}]}],
         [{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]),
        ([{"name": "a", "env": [{"name": "x", "value": "1"}, {"name": "y"}]}],
         [{"name": "a", "env": [{"name": "y"}, {"name": "x", "value": "1"}]}]),
        ([{"name": "a", "securityContext": {"capabilities": {"drop": ["x", "y"]}}}],
         [{"name": "a", "securityContext": {"capabilities": {"drop": ["y", "x"]}}}]),
        ([{"name": "a", "securityContext": {}}], [{"name": "a"}]),
        ([{"name": "a", "tty": None}], [{"name": "a"}]),
    ],
)  # fmt: skip
def test_what_means_the_same_in_a_pod_is_no_difference(before: list[Json], after: list[Json]) -> None:
    assert told(workload({"containers": before}), workload({"containers": after})) == []


@pytest.mark.parametrize(
    ("field", "before", "after", "path"),
    [
        ("ports", {"containerPort": 80, "name": "a"}, {"containerPort": 80, "name": "b"},
         "ports[containerPort=80].name"),
        ("ports", {"containerPort": 80, "protocol": "UDP", "name": "a"},
         {"containerPort": 80, "protocol": "UDP", "name": "b"}, "ports[containerPort=80,protocol=UDP].name"),
        ("env", {"name": "A", "value": "1"}, {"name": "A", "value": "2"}, "env[name=A].value"),
        ("volumeMounts", {"mountPath": "/a b", "name": "x"}, {"mountPath": "/a b", "name": "y"},
         'volumeMounts[mountPath="/a b"].name'),
        ("volumeDevices", {"devicePath": "/d", "name": "x"}, {"devicePath": "/d", "name": "y"},
         "volumeDevices[devicePath=/d].name"),
        ("envFrom", {"secretRef": {"name": "s", "optional": True}}, {"secretRef": {"name": "s", "optional": False}},
         "envFrom[secretRef.name=s].secretRef.optional"),
    ],
)  # fmt: skip
def test_lists_of_a_container_are_matched_by_their_keys(field: str, before: Json, after: Json, path: str) -> None:
    noise = {"containerPort": 1} if field == "ports" else None
    old = [before] if noise is None else [noise, before]
    new = [after] if noise is None else [after, noise]
    paths = [change.path for change in compare(deployment(**{field: old}), deployment(**{field: new}))]
    assert paths == [f"{CONTAINER}.{path}"]


@pytest.mark.parametrize(
    ("kind", "before", "after", "path"),
    [
        ("v1 Service", {"ports": [{"port": 80, "targetPort": 1}, {"port": 80, "protocol": "UDP", "targetPort": 1}]},
         {"ports": [{"port": 80, "targetPort": 1}, {"port": 80, "protocol": "UDP", "targetPort": 2}]},
         "spec.ports[port=80,protocol=UDP].targetPort"),
        ("networking.k8s.io/v1 Ingress", {"rules": [{"host": "a.example", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": 1}]}}]},
         {"rules": [{"host": "a.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": 2}]}}]},
         "spec.rules[host=a.example].http.paths[path=/,pathType=Prefix].backend"),
        ("autoscaling/v2 HorizontalPodAutoscaler",
         {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}}]},
         {"metrics": [{"type": "Pods", "pods": {"metric": {"name": "x"}}},
                      {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 60}}}]},
         "spec.metrics[type=Resource,resource.name=cpu].resource.target.averageUtilization"),
        ("apiextensions.k8s.io/v1 CustomResourceDefinition", {"versions": [{"name": "v1", "served": True}]},
         {"versions": [{"name": "v1", "served": False}]}, "spec.versions[name=v1].served"),
        ("example.com/v1 Pipeline", {"steps": [{"id": "a", "run": 1}, {"id": "b", "run": 1}]},
         {"steps": [{"id": "a", "run": 1}, {"id": "b", "run": 2}]}, "spec.steps[id=b].run"),
        ("example.com/v1 Pipeline", {"steps": [{"run": 1}, {"run": 2}]}, {"steps": [{"run": 1}, {"run": 3}]},
         "spec.steps[1].run"),
    ],
)  # fmt: skip
def test_other_lists_are_matched_by_merge_key_natural_key_or_position(
    kind: str, before: Json, after: Json, path: str
) -> None:
    assert path in [change.path for change in compare(make(kind, spec=before), make(kind, spec=after))]


def test_a_list_item_inserted_in_front_of_others_without_keys_is_one_addition() -> None:
    before = make("example.com/v1 X", spec={"steps": [{"run": "a"}, {"run": "b"}]})
    after = make("example.com/v1 X", spec={"steps": [{"run": "new"}, {"run": "a"}, {"run": "b"}]})
    assert told(before, after) == [("spec.steps[0]", ABSENT, {"run": "new"})]
    assert told(after, before) == [("spec.steps[0]", {"run": "new"}, ABSENT)]


def test_items_with_the_same_key_twice_are_compared_by_position() -> None:
    before = deployment(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])
    after = deployment(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "3"}])
    assert told(before, after) == [(f"{CONTAINER}.env[1].value", "2", "3")]


def test_the_order_of_init_containers_and_arguments_matters() -> None:
    a, b = {"name": "a"}, {"name": "b"}
    changes = compare(workload({"initContainers": [a, b]}), workload({"initContainers": [b, a]}))
    path = "spec.template.spec.initContainers"
    assert changes == (FieldChange(path, ["name=a", "name=b"], ["name=b", "name=a"], is_order=True),)
    assert told(deployment(args=["a", "b"]), deployment(args=["b", "a"])) == [
        (f"{CONTAINER}.args", ["a", "b"], ["b", "a"])
    ]


def test_the_order_of_variables_matters_only_where_one_uses_another() -> None:
    first, second = {"name": "A", "value": "1"}, {"name": "B", "value": "$(A)/x"}
    changes = compare(deployment(env=[first, second]), deployment(env=[second, first]))
    assert [(change.path, change.is_order) for change in changes] == [(f"{CONTAINER}.env", True)]


def test_rules_without_keys_are_compared_as_a_set_in_kinds_that_are_known() -> None:
    one = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    two = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    role = "rbac.authorization.k8s.io/v1 Role"
    assert told(make(role, rules=[one, two]), make(role, rules=[two, one])) == []
    reordered = {**one, "verbs": ["list", "get"]}
    assert told(make(role, rules=[one]), make(role, rules=[reordered])) == []
    more = {**two, "verbs": ["get", "watch"]}
    assert told(make(role, rules=[one, two]), make(role, rules=[more, one])) == [
        ("rules[0].verbs", ["get"], ["get", "watch"])
    ]


def test_the_order_of_a_custom_resources_lists_always_matters() -> None:
    a, b = {"name": "a"}, {"name": "b"}
    changes = compare(make("e.com/v1 X", containers=[a, b]), make("e.com/v1 X", containers=[b, a]))
    assert [change.is_order for change in changes] == [True]
    assert told(make("e.com/v1 X", hosts=["a", "b"]), make("e.com/v1 X", hosts=["b", "a"])) != []


@pytest.mark.parametrize(
    ("kind", "holder"), [("gateway.networking.k8s.io/v1 HTTPRoute", "spec"), ("batch/v1 Job", "podFailurePolicy")]
)
def test_rules_that_are_tried_in_turn_keep_their_order(kind: str, holder: str) -> None:
    a, b = {"action": "Ignore"}, {"action": "FailJob"}
    assert told(make(kind, **{holder: {"rules": [a, b]}}), make(kind, **{holder: {"rules": [b, a]}})) != []


def test_finalizers_are_a_set_everywhere() -> None:
    before, after = make("e.com/v1 X"), make("e.com/v1 X")
    before["metadata"]["finalizers"] = ["a", "b"]
    after["metadata"]["finalizers"] = ["b", "a"]
    assert told(before, after) == []


@pytest.mark.parametrize("field", ["emptyDir", "podSelector", "namespaceSelector", "customSetting"])
def test_an_empty_map_that_says_something_is_a_difference(field: str) -> None:
    assert told(make("v1 Pod", spec={}), make("v1 Pod", spec={field: {}})) == [(f"spec.{field}", ABSENT, {})]


def test_labels_and_annotations_are_told_one_by_one_and_quoted_where_they_have_dots() -> None:
    after = make("v1 ConfigMap")
    after["metadata"] |= {"labels": {"app.kubernetes.io/name": "web"}, "annotations": {"note": "a"}}
    assert told(make("v1 ConfigMap"), after) == [
        ('metadata.labels["app.kubernetes.io/name"]', ABSENT, "web"),
        ("metadata.annotations.note", ABSENT, "a"),
    ]


@pytest.mark.parametrize("key", ['a"b', "a\\b", "a\nb", "a b", ""])
def test_keys_that_could_be_mistaken_are_quoted_in_paths(key: str) -> None:
    import json

    changes = compare(make("v1 ConfigMap"), make("v1 ConfigMap", data={key: "x"}))
    assert [change.path for change in changes] == [f"data[{json.dumps(key)}]"]


def test_a_changed_api_version_is_a_difference() -> None:
    assert told(make("apps/v1beta1 X"), make("apps/v1 X")) == [("apiVersion", "apps/v1beta1", "apps/v1")]


def test_a_generated_name_in_a_keyed_list_is_a_changed_reference_not_another_item() -> None:
    before = deployment(envFrom=[{"configMapRef": {"name": "web-5k2fm8gt4h"}}])
    after = deployment(envFrom=[{"configMapRef": {"name": "web-7bc5dh2g9k"}}])
    path = f"{CONTAINER}.envFrom[configMapRef.name=web].configMapRef.name"
    assert told(before, after) == [(path, "web-5k2fm8gt4h", "web-7bc5dh2g9k")]


def test_a_new_object_is_told_by_its_content_without_its_identity() -> None:
    body = make("v1 ConfigMap", data={"a": "b"})
    body["metadata"] |= {"namespace": "shop", "labels": {"x": "y"}, "uid": "1"}
    assert [change.path for change in contents(body)] == ["metadata.labels.x", "data.a"]


@pytest.mark.parametrize(
    ("kind", "spec", "other"),
    [
        ("v1 ResourceQuota", {"hard": {"limits.cpu": "2"}}, {"hard": {"limits.cpu": "2000m"}}),
        ("v1 LimitRange", {"limits": [{"type": "Container", "max": {"cpu": "1"}}]},
         {"limits": [{"type": "Container", "max": {"cpu": "1000m"}}]}),
        ("v1 PersistentVolumeClaim", {"resources": {"requests": {"storage": "1Gi"}}},
         {"resources": {"requests": {"storage": "1024Mi"}}}),
        ("v1 PersistentVolume", {"capacity": {"storage": "1e3"}}, {"capacity": {"storage": "1k"}}),
    ],
)  # fmt: skip
def test_equal_quantities_are_equal_where_quantities_stand(kind: str, spec: Json, other: Json) -> None:
    assert told(make(kind, spec=spec), make(kind, spec=other)) == []


def test_equal_looking_text_elsewhere_is_a_difference() -> None:
    assert told(make("v1 ConfigMap", data={"a": "1"}), make("v1 ConfigMap", data={"a": "1000m"})) != []
    assert told(make("v1 LimitRange", spec={"max": "x"}), make("v1 LimitRange", spec={"max": "1"})) != []
