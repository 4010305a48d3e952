"""The real kyverno and the real opa."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.gates.kyverno import KyvernoGate
from pipeline.gates.opa import OpaGate
from pipeline.model.documents.yaml_reading import read_manifests
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.validation.finding import Checked, Severity
from tests.platform.binaries import binary

pytestmark = pytest.mark.tool

_LABELS = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: require-labels
spec:
  validationFailureAction: Enforce
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Deployment, Secret]}}]}
      validate:
        message: "{{ request.object.metadata.name }} needs a team"
        pattern: {metadata: {labels: {team: "?*"}}}
    - name: on-delete
      match: {any: [{resources: {kinds: [Deployment]}}]}
      preconditions: {all: [{key: "{{ request.operation }}", operator: Equals, value: DELETE}]}
      validate: {message: never, pattern: {metadata: {name: "x"}}}
    - name: asks-the-cluster
      match: {any: [{resources: {kinds: [Deployment]}}]}
      context: [{name: all, apiCall: {urlPath: /api/v1/namespaces}}]
      validate: {message: never, deny: {conditions: {any: [{key: "{{ all }}", operator: Equals, value: 1}]}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: no-latest
spec:
  rules:
    - name: tag
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate: {failureAction: Audit, message: no latest, pattern: {spec: {containers: [{image: "!*:latest"}]}}}
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata:
  name: replicas
spec:
  validationActions: [Deny]
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]
  validations: [{expression: object.spec.replicas > 1, message: more than one replica}]
"""
_OF_A_NAMESPACE = """\
apiVersion: kyverno.io/v1
kind: Policy
metadata: {name: local, namespace: shop}
spec:
  validationFailureAction: Audit
  rules:
    - name: labelled
      match: {any: [{resources: {kinds: [Deployment]}}]}
      mutate: {patchStrategicMerge: {metadata: {labels: {team: shop}}}}
    - name: many
      match: {any: [{resources: {kinds: [Deployment]}}]}
      validate: {message: many replicas, pattern: {spec: {replicas: ">4"}}}
---
apiVersion: policies.kyverno.io/v1
kind: NamespacedValidatingPolicy
metadata: {name: celed, namespace: shop}
spec:
  validationActions: [Audit]
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  validations: [{expression: object.spec.replicas > 1, message: two replicas}]
"""
_CEL = """\
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata:
  name: broken
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  validations: [{expression: EXPRESSION, message: never}]
"""
_REGO = """\
package main

deny contains msg if {
    input.kind == "Deployment"
    input.spec.replicas < 2
    msg := sprintf("%s has too few replicas", [input.metadata.name])
}

warn_team contains {"msg": "no team", "path": "metadata.labels"} if {
    input.kind == "Deployment"
    not input.metadata.labels.team
}

deny_lonely contains "no Service has its name" if {
    input.kind == "Deployment"
    every other in data.gitless.objects { other.kind != "Service" }
}

deny_secret contains msg if {
    input.kind == "Secret"
    msg := sprintf("the password is %s", [base64.decode(input.data.password)])
}
"""
_GATEKEEPER = """\
package k8srequiredlabels

violation[{"msg": msg, "details": {}}] {
    input.review.kind.kind == "Deployment"
    not input.review.object.metadata.labels["owner"]
    msg := "an owner is needed"
}
"""


def deployment(*, replicas: int = 1, image: str = "web:latest", **labels: str) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "password"},
    "data": {"password": "aHVudGVyMg=="},
}


def told(checked: Checked) -> list[tuple[str, str, str, str]]:
    return sorted((each.rule, each.severity.value, each.path, each.message) for each in checked.findings)


def manifests(*bodies: dict[str, Any]) -> Manifests:
    return Manifests.of([Resource.from_body(body) for body in bodies])


def kyverno(text: str) -> KyvernoGate:
    environment = {**os.environ, "GITLESS_KYVERNO": str(binary("kyverno"))}
    return KyvernoGate(list(read_manifests(text.encode(), "policies.yaml")), environment)


def opa(folder: Path, **files: str) -> OpaGate:
    for name, text in files.items():
        (folder / f"{name}.rego").write_text(text)
    return OpaGate([folder], {**os.environ, "GITLESS_OPA": str(binary("opa")), "OUR_TOKEN": "hunter2"})


def test_kyverno_finds_what_each_policy_forbids() -> None:
    checked = kyverno(_LABELS).check(manifests(deployment(), SECRET), None)
    assert told(checked) == [
        ("no-latest/tag", "warning", "spec.template.spec.containers[0].image", "no latest."),
        ("replicas", "error", "", "more than one replica"),
        ("require-labels/team", "error", "metadata.labels", "password needs a team."),
        ("require-labels/team", "error", "metadata.labels.team", "web needs a team."),
    ]
    assert {str(each.object_id) for each in checked.findings} == {"Deployment.apps shop/web", "Secret password"}
    reasons = {item.rule: item.reason for item in checked.not_evaluated}
    assert reasons.keys() == {"require-labels/asks-the-cluster", "require-labels/on-delete"}
    assert "asks an API server" in reasons["require-labels/asks-the-cluster"]
    assert "preconditions not met" in reasons["require-labels/on-delete"]


def test_kyverno_finds_nothing_where_all_is_well() -> None:
    checked = kyverno(_LABELS).check(manifests(deployment(replicas=2, image="web:1", team="shop")), None)
    assert checked.findings == ()
    assert checked.subject == "3 policies"


def test_a_policy_that_kyverno_cannot_compile_is_named_instead_of_passing_everything() -> None:
    gate = kyverno(f"{_LABELS}---\n{_CEL.replace('EXPRESSION', 'object.spec.replicas >')}")
    with pytest.raises(ConfigurationError, match="kyverno cannot use ValidatingPolicy broken"):
        gate.check(manifests(deployment()), None)


def test_policies_of_a_namespace_and_what_they_change_are_understood() -> None:
    gate = kyverno(_OF_A_NAMESPACE)
    checked = gate.check(
        manifests(deployment(), {**deployment(), "metadata": {"name": "web", "namespace": "other"}}), None
    )
    assert told(checked) == [
        ("shop/celed", "warning", "", "two replicas"),
        ("shop/local/many", "warning", "spec.replicas", "many replicas."),
    ]
    assert {str(each.object_id) for each in checked.findings} == {"Deployment.apps shop/web"}


def test_many_objects_are_shared_by_several_kyvernos_and_told_as_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    named = [{**deployment(), "metadata": {"name": f"web-{number}", "namespace": "shop"}} for number in range(5)]
    gate = kyverno(_LABELS.replace("[Deployment, Secret]", "[Deployment, Namespace]"))
    together = gate.check(manifests(namespace, *named), None)
    monkeypatch.setattr("pipeline.gates.kyverno_runs._SMALLEST_BATCH", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    shared = gate.check(manifests(namespace, *named), None)
    assert shared == together
    assert len(shared.findings) == 3 * len(named) + 1


def test_an_error_of_kyverno_is_not_a_pass() -> None:
    checked = kyverno(_CEL.replace("EXPRESSION", "object.spec.nothing == 1")).check(manifests(deployment()), None)
    assert checked.findings == ()
    assert [(item.rule, str(item.object_id)) for item in checked.not_evaluated] == [
        ("broken", "Deployment.apps shop/web")
    ]


def test_opa_asks_every_rule_about_every_object(tmp_path: Path) -> None:
    tests = "package main\n\ntest_nothing if { deny with input as {} }\n"
    checked = opa(tmp_path, policy=_REGO, policy_test=tests).check(manifests(deployment(), SECRET), None)
    assert told(checked) == [
        ("main/deny", "error", "", "web has too few replicas"),
        ("main/deny_lonely", "error", "", "no Service has its name"),
        ("main/deny_secret", "error", "", "the password is (hidden)"),
        ("main/warn_team", "warning", "metadata.labels", "no team"),
    ]
    assert checked.subject == "main"


def test_opa_finds_nothing_where_all_is_well(tmp_path: Path) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    gate = opa(tmp_path, policy=_REGO)
    assert gate.check(manifests(deployment(replicas=2, team="shop"), service), None).findings == ()


def test_policies_of_gatekeeper_and_before_opa_1_are_asked(tmp_path: Path) -> None:
    checked = opa(tmp_path, policy=_GATEKEEPER).check(manifests(deployment(), SECRET), None)
    assert told(checked) == [("k8srequiredlabels/violation", "error", "", "an owner is needed")]


def test_hundreds_of_objects_take_one_run_of_opa_each_with_its_own_answer(tmp_path: Path) -> None:
    bodies = [{**deployment(replicas=number % 2 + 1), "metadata": {"name": f"web-{number}"}} for number in range(400)]
    policy = "package main\n\ndeny contains input.metadata.name if input.spec.replicas < 2\n"
    findings = opa(tmp_path, policy=policy).check(manifests(*bodies), None).findings
    assert {finding.message for finding in findings} == {f"web-{number}" for number in range(0, 400, 2)}
    assert all(finding.object_id and finding.object_id.name == finding.message for finding in findings)


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ("package main\n\ndeny contains msg if {", "rego"),
        ('package main\n\ndeny contains 1 if http.send({"method": "get", "url": "http://x"})', "undefined function"),
        ("package main\n\ndeny contains opa.runtime().env.OUR_TOKEN if true", "undefined function"),
        ("package library\n\nhelper := 1", "no policy in"),
    ],
)
def test_what_opa_cannot_or_must_not_do_is_refused(policy: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        opa(tmp_path, policy=policy).check(manifests(deployment()), None)


def test_severities_of_both_are_ours() -> None:
    assert {each.severity for each in kyverno(_LABELS).check(manifests(deployment()), None).findings} == {
        Severity.ERROR,
        Severity.WARNING,
    }
