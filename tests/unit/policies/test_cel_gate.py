from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.expressions.kubernetes import KubernetesPrograms
from pipeline.gates.cel import CelGate
from pipeline.model.manifests import Manifests, Origin, Resource
from pipeline.model.validation.finding import Checked, Severity

_API = "admissionregistration.k8s.io/v1"


def policy(*expressions: str, name: str = "team", **spec: Any) -> dict[str, Any]:  # noqa: ANN401
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    validations = [{"expression": text} for text in expressions]
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": validations, **spec}
    return {"apiVersion": _API, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}


def binding(name: str = "team", *actions: str, **spec: Any) -> dict[str, Any]:  # noqa: ANN401
    spec = {"policyName": name, "validationActions": list(actions or ("Deny",)), **spec}
    return {"apiVersion": _API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": spec}


def config_map(name: str = "settings", **content: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **content}


def definition(**schema: Any) -> dict[str, Any]:  # noqa: ANN401
    version = {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}}}
    names = {"kind": "Widget", "plural": "widgets"}
    spec = {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": spec,
    }


def widget(**spec: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}


def rules(*texts: str) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": text} for text in texts]}


def check(
    *bodies: dict[str, Any],
    policies: tuple[dict[str, Any], ...] = (),
    crds: tuple[dict[str, Any], ...] = (),
    previous: dict[str, Any] | None = None,
) -> Checked:
    gate = CelGate(crds, [_resource(body) for body in policies], KubernetesPrograms())
    before = Manifests.of([_resource(previous)]) if previous else None
    return gate.check(Manifests.of([_resource(body) for body in bodies]), before)


def _resource(body: dict[str, Any]) -> Resource:
    return Resource.from_body(body, Origin("all.yaml", 7))


def test_a_broken_policy_is_an_error_at_the_objects_place() -> None:
    checked = check(config_map(), policies=(policy("has(object.data)"), binding()))
    (finding,) = checked.findings
    assert (finding.gate, finding.rule, finding.severity) == ("cel", "team/validation-1", Severity.ERROR)
    assert str(finding.origin) == "all.yaml:7"
    assert "failed expression: has(object.data)" in finding.message
    assert checked.subject == "0 definitions, 1 admission policy"


def test_clean_manifests_have_no_findings() -> None:
    checked = check(config_map(data={"a": "b"}), policies=(policy("has(object.data)"), binding()))
    assert (checked.objects, checked.findings, checked.not_evaluated) == (1, (), ())


@pytest.mark.parametrize(
    ("actions", "severity"),
    [
        (("Deny",), Severity.ERROR),
        (("Warn",), Severity.WARNING),
        (("Audit",), Severity.NOTE),
        (("Audit", "Warn"), Severity.WARNING),
        (("Audit", "Deny"), Severity.ERROR),
    ],
)
def test_actions_become_severities(actions: tuple[str, ...], severity: Severity) -> None:
    checked = check(config_map(), policies=(policy("false"), binding("team", *actions)))
    assert [finding.severity for finding in checked.findings] == [severity]


def test_the_gravest_of_several_bindings_counts() -> None:
    second = {**binding("team", "Deny"), "metadata": {"name": "second"}}
    second["spec"] = {**second["spec"], "validationActions": ["Deny"]}
    checked = check(config_map(), policies=(policy("false"), binding("team", "Warn"), second))
    assert {finding.severity for finding in checked.findings} == {Severity.WARNING, Severity.ERROR}


def test_a_policy_without_a_binding_is_told_and_does_nothing() -> None:
    checked = check(config_map(), policies=(policy("false"),))
    assert not checked.findings
    assert [item.rule for item in checked.not_evaluated] == ["team"]
    assert "no ValidatingAdmissionPolicyBinding names this policy" in checked.not_evaluated[0].reason


def test_a_binding_without_its_policy_is_told() -> None:
    checked = check(config_map(), policies=(binding("absent"),))
    assert "was not given" in checked.not_evaluated[0].reason


def test_policies_among_the_manifests_count_too() -> None:
    checked = check(config_map(), policy("object.kind != 'ConfigMap'"), binding())
    assert [str(finding.object_id) for finding in checked.findings] == ["ConfigMap settings"]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("authorizer.group('').resource('pods').check('get').allowed()", "authorizer"),
        ("request.userInfo.username != 'bob'", "request.userInfo is not known"),
        ("[request].all(r, r.userInfo.username != 'bob')", "request as a whole is not known"),
        ("namespaceObject.metadata.name == 'x'", "namespaceObject"),
        ("variables.missing == 1", "variables.missing is not known"),
        ("object.kind.somethingNew()", "somethingNew is not known"),
    ],
)
def test_what_cannot_be_known_beforehand_is_not_evaluated(expression: str, reason: str) -> None:
    checked = check(config_map(), policies=(policy(expression), binding()))
    assert not checked.findings
    assert [item.rule for item in checked.not_evaluated] == ["team/validation-1"]
    assert reason in checked.not_evaluated[0].reason


def test_what_cannot_be_known_of_any_object_is_told_once() -> None:
    bodies = [config_map(f"c{number}") for number in range(9)]
    checked = check(*bodies, policies=(policy("authorizer.group('').resource('x').check('y').allowed()"), binding()))
    assert len(checked.not_evaluated) == 1


@pytest.mark.parametrize("expression", ["object.data.a.matches('^good$')", "object.data.a == 'good'"])
def test_a_text_with_nul_neither_passes_nor_fails(expression: str) -> None:
    checked = check(config_map(data={"a": "good\0evil"}), policies=(policy(expression), binding()))
    assert not checked.findings
    assert "NUL" in checked.not_evaluated[0].reason
    assert str(checked.not_evaluated[0].object_id) == "ConfigMap settings"


@pytest.mark.parametrize("text", ["good\0evil", "\ud800"])
def test_neither_does_one_in_a_definition(text: str) -> None:
    crd = definition(type="object", properties={"a": {"type": "string", "default": text, **rules("self == 'good'")}})
    checked = check(widget(b=1), crds=(crd,))
    assert not checked.findings
    assert "NUL" in checked.not_evaluated[0].reason


def test_neither_does_one_in_the_name_of_a_kind() -> None:
    crd = definition(type="object")
    crd["spec"]["names"]["plural"] = "widgets\ud800"
    checked = check(widget(), crds=(crd,), policies=(policy("request.resource.resource == 'widgets'"), binding()))
    assert not checked.findings
    assert "NUL" in checked.not_evaluated[0].reason


def test_values_of_secrets_do_not_get_into_messages() -> None:
    secret = {**config_map("password", data={"a": "aHVudGVyMg=="}), "kind": "Secret"}
    made = policy()
    made["spec"]["validations"] = [{"expression": "false", "message": "no", "messageExpression": "object.data.a"}]
    checked = check(secret, policies=(made, binding()))
    assert checked.findings[0].message.endswith(": no")


@pytest.mark.parametrize("expression", ["object.data", "((", "object.data.a"])
@pytest.mark.parametrize("bodies", [(config_map("a"), config_map("b")), ()], ids=["with objects", "without any"])
def test_an_expression_that_no_api_server_would_take_is_told_once_of_its_policy(
    expression: str, bodies: tuple[dict[str, Any], ...]
) -> None:
    made = policy("true", expression, failurePolicy="Ignore")

    (finding,) = check(*bodies, policies=(made, binding())).findings

    assert (finding.rule, finding.path) == ("team/validation-2", "spec.validations[1].expression")
    assert (finding.severity, str(finding.object_id)) == (
        Severity.ERROR,
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io team",
    )


@pytest.mark.parametrize("key", ["matchConditions", "variables"])
def test_so_is_one_of_a_condition_or_a_variable(key: str) -> None:
    made = policy("true")
    made["spec"][key] = [{"name": "wrong", "expression": "1 +"}]

    (finding,) = check(config_map(), policies=(made, binding())).findings

    assert finding.path == f"spec.{key}[0].expression"


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ({"validations": [{"message": "x"}]}, r"spec\.validations\[0\]\.expression"),
        ({"validations": "x"}, r"spec\.validations"),
        ({"variables": [{"name": 1, "expression": "1"}]}, r"spec\.variables\[0\]\.name"),
        ({"matchConstraints": {"resourceRules": [{"apiGroups": "apps"}]}}, r"resourceRules\[0\]\.apiGroups"),
        (
            {"matchConstraints": {"objectSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}}},
            "expected In, NotIn",
        ),
    ],
)
def test_what_is_no_policy_is_refused_with_its_place(spec: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigurationError, match=place) as caught:
        check(config_map(), policies=({**policy(), "spec": spec},))
    assert caught.value.message.startswith("all.yaml:7: ")


def test_an_unchanged_object_is_judged_as_a_new_one() -> None:
    checked = check(config_map(), policies=(policy("request.operation == 'UPDATE'"), binding()), previous=config_map())
    assert len(checked.findings) == 1


def test_rules_of_a_definition_are_found_with_the_field() -> None:
    crd = definition(type="object", properties={"size": {"type": "integer", **rules("self > 1")}})
    (finding,) = check(widget(size=1), crds=(crd,)).findings
    assert (finding.rule, finding.path) == ("widgets.example.com/spec.size", "spec.size")
    assert finding.message == "failed rule: self > 1"


def test_a_definition_among_the_manifests_goes_before_one_that_was_given() -> None:
    old = definition(type="object", properties={"size": {"type": "integer", **rules("self > 9")}})
    new = definition(type="object", properties={"size": {"type": "integer", **rules("self > 1")}})
    assert not check(widget(size=2), new, crds=(old,)).findings


@pytest.mark.parametrize("rule", ["self.tags == ['a', 'b']", "['a'] != self.tags", "(self.tags + ['c']).size() == 3"])
def test_lists_without_order_are_only_compared_with_what_they_were(rule: str) -> None:
    tags = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}
    checked = check(
        widget(tags=["b", "a"]), crds=(definition(type="object", properties={"tags": tags}, **rules(rule)),)
    )
    assert not checked.findings
    assert "'tags' is a list of type set or map" in checked.not_evaluated[0].reason


def test_a_value_of_another_type_is_left_to_the_schema_gate() -> None:
    crd = definition(type="object", properties={"size": {"type": "integer", **rules("self > 1")}})
    checked = check(widget(size="1"), crds=(crd,))
    assert not checked.findings
    assert "spec.size is text; the schema expects a whole number" in checked.not_evaluated[0].reason


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": 5,
            "items": rules("self == 1"),
        },
        {"type": 3, "properties": [], "allOf": "x", "x-kubernetes-validations": "true"},
        {"type": "object", "properties": {"a": None}, "additionalProperties": 1, **rules("true")},
    ],
)
def test_a_schema_that_is_none_breaks_nothing(schema: dict[str, Any]) -> None:
    assert check(widget(a=[1]), crds=(definition(**schema),)).objects == 1


@pytest.mark.parametrize("spec", ["abc", ["abc"], 7, {"template": "x"}, {"template": {"spec": {"containers": [1]}}}])
def test_an_object_that_is_none_is_judged_as_it_is(spec: Any) -> None:  # noqa: ANN401
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    assert len(check(body, policies=(policy("object.spec == 'other'"), binding())).findings) == 1


def test_rules_beside_a_broken_one_are_still_judged() -> None:
    crd = definition(type="object", properties={"a": {"type": "integer"}}, **rules("self.b == 1", "self.a == 2"))
    messages = [finding.message for finding in check(widget(a=1), crds=(crd,)).findings]
    assert ["no such key: b" in messages[0], "failed rule: self.a == 2" in messages[1]] == [True, True]


def test_what_is_not_there_any_more_is_judged_as_a_deletion() -> None:
    policies = (policy("request.operation != 'DELETE' || oldObject.data.keep == 'no'"), binding())
    gone = config_map(data={"keep": "yes"})

    (finding,) = check(config_map("other"), policies=policies, previous=gone).findings

    assert (str(finding.object_id), finding.origin) == ("ConfigMap settings", None)
    assert "would delete it" in finding.hint
    assert not check(config_map("other"), policies=policies, previous=config_map(data={"keep": "no"})).findings


def test_what_would_not_be_pruned_is_not_judged_as_a_deletion() -> None:
    kept = config_map()
    kept["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/prune": "disabled"}

    assert not check(config_map("other"), policies=(policy("object != null"), binding()), previous=kept).findings


def test_an_encrypted_object_is_judged_without_what_sops_wrote_beside_it() -> None:
    body = config_map(data={"key": "ENC[AES256_GCM,data:x]"}, sops={"mac": "ENC[AES256_GCM,data:x]"})

    assert not check(body, policies=(policy("!has(object.sops)"), binding())).findings
