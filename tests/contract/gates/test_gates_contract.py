"""What every gate promises, whatever it holds manifests against."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.expressions.kubernetes import KubernetesPrograms
from pipeline.gates.cel import CelGate
from pipeline.gates.kyverno import KyvernoGate
from pipeline.gates.lint import LintGate
from pipeline.gates.opa import OpaGate
from pipeline.gates.schema import SchemaGate
from pipeline.model.documents.yaml_reading import read_manifests
from pipeline.model.manifests import Manifests, Origin, Resource
from pipeline.model.validation.options import GATES
from pipeline.ports import Gate
from tests.platform.binaries import binary

pytestmark = pytest.mark.tool

_POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: wrong}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps, secrets]}]
  validations: [{expression: "!has(object.data) || !has(object.data.wrong)", message: it is wrong}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: wrong}
spec: {policyName: wrong, validationActions: [Deny]}
"""
_KYVERNO = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: wrong}
spec:
  validationFailureAction: Enforce
  rules:
    - name: wrong
      match: {any: [{resources: {kinds: [ConfigMap, Secret]}}]}
      validate: {message: it is wrong, pattern: {"=(data)": {"X(wrong)": "null"}}}
"""
_REGO = 'package main\n\ndeny contains "it is wrong" if input.data.wrong\n'
_CLEAN = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "fine", "namespace": "shop"},
    "data": {"a": "b"},
}
_VALUE = "aHVudGVyMg=="


def _objects(text: str) -> list[Resource]:
    return list(read_manifests(text.encode(), "policies.yaml"))


def _cel(_folder: Path, _environment: Mapping[str, str]) -> Gate:
    return CelGate([], _objects(_POLICY), KubernetesPrograms())


def _kyverno(_folder: Path, environment: Mapping[str, str]) -> Gate:
    return KyvernoGate(_objects(_KYVERNO), environment)


def _opa(folder: Path, environment: Mapping[str, str]) -> Gate:
    (folder / "policy.rego").write_text(_REGO)
    return OpaGate([folder], environment)


def _schema(_folder: Path, _environment: Mapping[str, str]) -> Gate:
    return SchemaGate("", lambda: ())


def _lint(_folder: Path, _environment: Mapping[str, str]) -> Gate:
    return LintGate()


_SCHEMA_ERROR = {**_CLEAN, "metadata": {"name": "wrong", "namespace": "shop"}, "data": {"wrong": 1}}
_LINT_ERROR = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "wrong", "namespace": "shop"},
    "spec": {"containers": [{"name": "a", "image": "a:latest", "securityContext": {"privileged": True}}]},
}
_WRONG = {**_CLEAN, "metadata": {"name": "wrong", "namespace": "shop"}, "data": {"wrong": "x"}}
_SECRET = {**_WRONG, "kind": "Secret", "data": {"wrong": _VALUE}}
_MEMBERS: dict[str, tuple[Callable[[Path, Mapping[str, str]], Gate], dict[str, Any]]] = {
    "schema": (_schema, _SCHEMA_ERROR),
    "cel": (_cel, _WRONG),
    "lint": (_lint, _LINT_ERROR),
    "kyverno": (_kyverno, _WRONG),
    "opa": (_opa, _WRONG),
}
"""How to make each member, and an object that it objects to."""


@pytest.fixture(params=_MEMBERS)
def member(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Gate, dict[str, Any]]:
    make, wrong = _MEMBERS[request.param]
    programs = {f"GITLESS_{name.upper()}": str(binary(name)) for name in ("kyverno", "opa")}
    return make(tmp_path, {**os.environ, **programs}), wrong


def _manifests(*bodies: dict[str, Any]) -> Manifests:
    return Manifests.of([Resource.from_body(body, Origin("all.yaml", 3)) for body in bodies])


def test_the_suite_knows_every_gate() -> None:
    assert tuple(_MEMBERS) == GATES


def test_clean_manifests_have_no_findings(member: tuple[Gate, dict[str, Any]]) -> None:
    gate, _ = member
    checked = gate.check(_manifests(_CLEAN), None)
    assert (checked.gate, checked.objects, checked.findings) == (gate.name, 1, ())


def test_an_objection_names_the_object_its_place_and_the_rule(member: tuple[Gate, dict[str, Any]]) -> None:
    gate, wrong = member
    checked = gate.check(_manifests(_CLEAN, wrong), None)
    assert checked.objects == 2
    assert checked.findings
    for finding in checked.findings:
        assert finding.gate == gate.name
        assert finding.rule
        assert finding.message
        assert finding.object_id is not None
        assert (finding.object_id.name, finding.api_version) == ("wrong", "v1")
        assert finding.origin is not None
        assert finding.origin.file == "all.yaml"


def test_manifests_are_left_as_they_were(member: tuple[Gate, dict[str, Any]]) -> None:
    gate, wrong = member
    body = copy.deepcopy(wrong)
    gate.check(_manifests(body), None)
    assert body == wrong


def test_the_same_is_found_each_time(member: tuple[Gate, dict[str, Any]]) -> None:
    gate, wrong = member
    assert gate.check(_manifests(_CLEAN, wrong), None) == gate.check(_manifests(_CLEAN, wrong), None)


def test_no_objects_have_no_findings(member: tuple[Gate, dict[str, Any]]) -> None:
    gate, _ = member
    checked = gate.check(Manifests(), None)
    assert (checked.objects, checked.findings) == (0, ())


def test_values_of_secrets_are_not_told(member: tuple[Gate, dict[str, Any]]) -> None:
    gate, _ = member
    checked = gate.check(_manifests(_SECRET), None)
    told = repr(checked)
    assert _VALUE not in told
    assert "hunter2" not in told


@pytest.mark.parametrize("name", ["kyverno", "opa"])
def test_a_gate_without_its_program_is_not_passed(name: str, tmp_path: Path) -> None:
    gate = _MEMBERS[name][0](tmp_path, {"PATH": str(tmp_path)})
    with pytest.raises(ConfigurationError, match=f"{name} is not installed"):
        gate.check(_manifests(_CLEAN), None)
