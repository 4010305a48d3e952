from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.gates.kyverno import KyvernoGate
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.kyverno import (
    Actions,
    field_path,
    offline,
    policies_of,
    problem_of,
    read_results,
    skipped_policies,
)

_MATCH = {"any": [{"resources": {"kinds": ["ConfigMap"]}}]}


def policy(*rules: dict[str, Any], kind: str = "ClusterPolicy", **spec: Any) -> Resource:  # noqa: ANN401
    group = "kyverno.io/v1" if kind in {"ClusterPolicy", "PolicyException"} else "policies.kyverno.io/v1"
    spec = {**spec, **({"rules": list(rules)} if rules else {})}
    return Resource.from_body({"apiVersion": group, "kind": kind, "metadata": {"name": "team"}, "spec": spec})


def rule(name: str = "label", **content: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, "match": _MATCH, **content}


def result(rule: str = "label", namespace: str = "shop", message: str = "no", outcome: str = "fail") -> dict[str, Any]:
    about = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": namespace, "name": "settings"}
    return {"policy": "team", "rule": rule, "result": outcome, "message": message, "resources": [about]}


@pytest.mark.parametrize(
    ("made", "severity"),
    [
        (policy(rule(), validationFailureAction="Enforce"), Severity.ERROR),
        (policy(rule(), validationFailureAction="enforce"), Severity.ERROR),
        (policy(rule(), validationFailureAction="Audit"), Severity.WARNING),
        (policy(rule()), Severity.WARNING),
        (policy(rule(validate={"failureAction": "Enforce"})), Severity.ERROR),
        (policy(rule(validate={"failureAction": "Audit"}), validationFailureAction="Enforce"), Severity.WARNING),
        (
            policy(
                rule(),
                validationFailureAction="Audit",
                validationFailureActionOverrides=[{"action": "Enforce", "namespaces": ["sh*"]}],
            ),
            Severity.ERROR,
        ),
        (
            policy(
                rule(
                    validate={
                        "failureAction": "Enforce",
                        "failureActionOverrides": [{"action": "Audit", "namespaces": ["shop"]}],
                    }
                )
            ),
            Severity.WARNING,
        ),
        (policy(kind="ValidatingPolicy"), Severity.ERROR),
        (policy(kind="ValidatingPolicy", validationActions=["Warn"]), Severity.WARNING),
        (policy(kind="ValidatingPolicy", validationActions=["Audit", "Deny"]), Severity.ERROR),
    ],
)
def test_a_failure_is_as_grave_as_its_policy_says(made: Resource, severity: Severity) -> None:
    (found,) = read_results({"results": [result()]})
    assert Actions([made]).severity(found) is severity


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"context": [{"name": "x", "apiCall": {"urlPath": "/api"}}]}, "asks an API server"),
        ({"context": [{"name": "x", "imageRegistry": {"reference": "y"}}]}, "asks an image registry"),
        ({"context": [{"name": "x", "globalReference": {"name": "y"}}]}, "global context entry"),
        ({"validate": {"foreach": [{"context": [{"name": "x", "apiCall": {}}]}]}}, "asks an API server"),
        ({"verifyImages": [{"imageReferences": ["*"]}]}, "verifies images"),
    ],
)
def test_rules_that_need_more_than_files_are_left_out_by_name(content: dict[str, Any], reason: str) -> None:
    body, left_out = offline(policy(rule("outside", **content), rule("inside")))
    assert body is not None
    assert [each["name"] for each in body["spec"]["rules"]] == ["inside"]
    assert [each.rule for each in left_out] == ["team/outside"]
    assert reason in left_out[0].reason


def test_a_policy_of_such_rules_alone_is_left_out() -> None:
    body, left_out = offline(policy(rule(verifyImages=[{}])))
    assert body is None
    assert len(left_out) == 1
    assert offline(policy(kind="ImageValidatingPolicy"))[0] is None


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (policy(), "spec.rules is missing"),
        (policy({"name": "x", "matchh": {}}), "spec.rules[0].match is missing"),
        (policy(rule(), {"match": _MATCH}), "spec.rules[1].name is missing"),
        (policy(rule()), ""),
        (policy(kind="ValidatingPolicy"), ""),
    ],
)
def test_mistakes_that_kyverno_passes_over_are_found(made: Resource, problem: str) -> None:
    assert problem in problem_of(made)
    assert bool(problem) == bool(problem_of(made))


def test_policies_and_exceptions_are_told_apart_from_what_else_is_in_their_files() -> None:
    other = Resource.from_body({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
    exception = policy(kind="PolicyException")
    assert policies_of([other, exception, policy(rule())]) == ([policy(rule())], [exception])


def test_results_name_rule_object_and_field() -> None:
    message = "validation error: a label is required. rule autogen-label failed at path /metadata/labels/team/"
    (found,) = read_results({"results": [result("autogen-label", message=message)]})
    assert (found.rule_id, found.message, found.path) == ("team/label", "a label is required.", "metadata.labels.team")
    assert found.object_key == ("v1", "ConfigMap", "shop", "settings")


@pytest.mark.parametrize(
    ("pointer", "path"),
    [("spec/containers/0/image", "spec.containers[0].image"), ("0", "[0]"), ("metadata", "metadata")],
)
def test_places_become_paths(pointer: str, path: str) -> None:
    assert field_path(pointer) == path


def test_policies_that_kyverno_says_it_skipped_are_known() -> None:
    said = "---\nPolicies Skipped:\n1. bad: no such variable: x\n2. worse: y\n---"
    assert skipped_policies(said) == {"bad": "no such variable: x", "worse": "y"}
    assert skipped_policies("1. something: else") == {}


def test_without_kyverno_the_gate_is_not_configured() -> None:
    with pytest.raises(ConfigurationError, match="kyverno is not installed") as caught:
        KyvernoGate([policy(rule())], {"PATH": "/nowhere"}).check(Manifests(), None)
    assert caught.value.exit_code == 2
    assert "kyverno.io" in (caught.value.hint or "")


@pytest.mark.parametrize(("policy_name", "is_foreign"), [("team", False), ("shop/team", False), ("other/team", True)])
def test_a_namespaces_policies_say_nothing_of_other_namespaces(policy_name: str, *, is_foreign: bool) -> None:
    (found,) = read_results({"results": [{**result(), "policy": policy_name}]})
    assert found.is_foreign is is_foreign
