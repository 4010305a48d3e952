"""What every gate promises: findings that can be told, placed and suppressed, the same each time, without secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pipeline import wiring
from pipeline.errors import ConfigurationError
from pipeline.model.manifests import Manifests, Origin, Resource
from pipeline.model.validation.options import GATES, ValidationOptions
from pipeline.ports import Cluster, Gate
from tests.contract.registry.servers import Silent
from tests.platform.binaries import binary

SECRET = "hunter2-hunter2"
ORIGIN = Origin("deploy/all.yaml", 3)

_ADMISSION = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: team}
spec:
  matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"]}]}
  validations: [{expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", message: no team}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: team}
spec: {policyName: team, validationActions: [Deny]}
"""
_KYVERNO = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: team}
spec:
  validationFailureAction: Enforce
  rules:
    - name: label
      match: {any: [{resources: {kinds: [Deployment, Secret]}}]}
      validate: {message: no team, pattern: {metadata: {labels: {team: "?*"}}}}
"""
_REGO = """\
package team
deny contains "no team" if not input.metadata.labels.team
"""


def _nobody() -> Cluster:
    raise AssertionError("no gate of these asks a cluster")


@pytest.fixture(params=GATES)
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Gate:
    name: str = request.param
    policies = {"cel": ("policies", _ADMISSION, "a.yaml"), "kyverno": ("kyverno", _KYVERNO, "a.yaml")}
    policies["opa"] = ("opa", _REGO, "a.rego")
    chosen: dict[str, Any] = {}
    environment = dict(os.environ)
    if name in policies:
        option, text, file = policies[name]
        (tmp_path / file).write_text(text)
        chosen[option] = (str(tmp_path / file),)
    if name in ("kyverno", "opa"):
        environment[f"GITLESS_{name.upper()}"] = str(binary(name))
    (made,) = wiring.gates(ValidationOptions(gates=(name,), **chosen), environment, Silent(), _nobody)
    return made


def _bodies() -> list[dict[str, Any]]:
    """Objects in which every gate finds something."""
    labels = {"app": "web"}
    container = {"name": "main", "image": "shop.example/web", "imagePulPolicy": "Always"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": labels}, "template": pod},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "web", "namespace": "shop"},
            "stringData": {"password": SECRET, "pin": 12345678},
            "data": {"other": f"{SECRET}!"},
        },
    ]


def _manifests(change: Callable[[list[dict[str, Any]]], object] = lambda _bodies: None) -> Manifests:
    bodies = _bodies()
    change(bodies)
    return Manifests.of(Resource.from_body(body, ORIGIN) for body in bodies)


def test_it_is_called_as_it_was_chosen(gate: Gate) -> None:
    assert gate.name in GATES
    assert gate.check(_manifests(), None).gate == gate.name


def test_it_says_what_it_looked_at(gate: Gate) -> None:
    checked = gate.check(_manifests(), None)

    assert checked.objects == 2
    assert checked.subject


def test_it_finds_what_is_wrong_and_says_where(gate: Gate) -> None:
    manifests = _manifests()
    known = {resource.id: resource for resource in manifests}

    findings = gate.check(manifests, None).findings

    assert findings
    for finding in findings:
        assert finding.gate == gate.name
        assert finding.object_id in known
        assert finding.api_version == known[finding.object_id].api_version
        assert finding.origin == ORIGIN
        assert finding.suppression is None
        assert re.fullmatch(r"[a-z0-9][A-Za-z0-9._/-]*", finding.rule)
        assert finding.message
        assert finding.message.isprintable()


def test_rules_that_it_lists_are_its_own_and_have_names_of_one_form(gate: Gate) -> None:
    checked = gate.check(_manifests(), None)

    assert len({rule.id for rule in checked.rules}) == len(checked.rules)
    for rule in checked.rules:
        assert rule.gate == gate.name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.title
        assert rule.reason
        assert rule.fix
    if checked.rules:
        assert {finding.rule for finding in checked.findings} <= {rule.id for rule in checked.rules}


def test_the_same_manifests_give_the_same_findings(gate: Gate) -> None:
    assert gate.check(_manifests(), None) == gate.check(_manifests(), None)


def test_it_changes_nothing_in_what_it_is_shown(gate: Gate) -> None:
    manifests = _manifests()
    before = deepcopy([resource.body for resource in manifests])

    gate.check(manifests, manifests)

    assert [resource.body for resource in manifests] == before


def test_values_of_secrets_are_in_nothing_that_it_says(gate: Gate) -> None:
    said = repr(gate.check(_manifests(), None))

    assert SECRET not in said
    assert "12345678" not in said


def test_nothing_has_no_findings(gate: Gate) -> None:
    checked = gate.check(Manifests(), None)

    assert (checked.objects, checked.findings) == (0, ())


def test_control_characters_of_manifests_reach_no_finding(gate: Gate) -> None:
    def draw(bodies: list[dict[str, Any]]) -> None:
        bodies[0]["spec"]["\x1b[2Jfield"] = "\x1b[2J"
        bodies[0]["spec"]["template"]["spec"]["containers"][0]["image"] = "a\x1b[2J:latest"

    said = [finding.message + finding.hint for finding in gate.check(_manifests(draw), None).findings]

    assert said
    assert all("\x1b" not in text for text in said)


@pytest.mark.parametrize("name", ["cel", "kyverno", "opa"])
def test_policies_that_are_not_there_are_an_error_and_no_pass(name: str, tmp_path: Path) -> None:
    option = "policies" if name == "cel" else name
    chosen: dict[str, Any] = {option: (str(tmp_path / "nowhere.yaml"),)}

    def check() -> None:
        (gate,) = wiring.gates(ValidationOptions(gates=(name,), **chosen), os.environ, Silent(), _nobody)
        gate.check(_manifests(), None)

    with pytest.raises(ConfigurationError):
        check()
