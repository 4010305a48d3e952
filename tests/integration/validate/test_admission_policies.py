"""What the real API server does with an object under a policy is what the gate says of it beforehand."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.expressions.kubernetes import KubernetesPrograms
from pipeline.gates.cel import CelGate
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.validation.finding import Checked, Severity
from tests.integration.validate.policies import PolicyServer, binding, placed, policy
from tests.integration.validate.scenarios import NEVER, SCENARIOS, Scenario, deployment
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

_PREFIX = re.compile(r"ValidatingAdmissionPolicy '[^']*' (?:with binding '[^']*')?(?: denied request)?: ?")


class Stage:
    """One scenario in a namespace of its own."""

    def __init__(self, scenario: Scenario, control_plane: Cluster) -> None:
        self.scenario = scenario
        self.name = f"{scenario.name}-{uuid.uuid4().hex[:6]}"
        self.server = PolicyServer(control_plane.kubeconfig, self.name)
        labels = {"stage": "test"}
        self.namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, "labels": labels}}
        self.policy = policy(self.name, **scenario.policy)
        extra = {**scenario.binding}
        resources = extra.pop("matchResources", {})
        self.binding = binding(self.name, self.name, actions=scenario.actions, **extra)
        self.binding["spec"]["matchResources"] |= resources
        self.params = [placed(each, self.name) for each in scenario.params]
        self.body = placed(scenario.body or deployment(), self.name)
        self.before = placed(scenario.before, self.name) if scenario.before else None

    def answer(self) -> tuple[list[str], str]:
        if self.before and self.scenario.deletes:
            return self.server.delete_answer(self.before)
        if self.before:
            return self.server.update_answer(self.body)
        return self.server.create_answer(self.body)

    def checked(self) -> Checked:
        policies = [Resource.from_body(each) for each in (self.policy, self.binding, *self.params)]
        bodies = [self.namespace] if self.scenario.deletes else [self.namespace, self.body]
        manifests = Manifests.of(map(Resource.from_body, bodies))
        previous = Manifests.of([Resource.from_body(self.before)]) if self.before else None
        return CelGate([], policies, KubernetesPrograms()).check(manifests, previous)


_WITHOUT_NAMESPACE: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "after-the-policies"},
    "rules": [],
}


@pytest.fixture(scope="module")
def stages(control_plane: Cluster) -> Iterator[dict[str, Stage]]:
    """All policies at once, and when the last one counts, all do."""
    every = {scenario.name: Stage(scenario, control_plane) for scenario in SCENARIOS}
    last = Stage(Scenario(name="last", policy={"validations": [NEVER]}), control_plane)
    everything = (*every.values(), last)
    server = PolicyServer(control_plane.kubeconfig)
    server.create(*(stage.namespace for stage in everything))
    # What was there before has to be there before a policy forbids it.
    server.create(*(body for stage in everything for body in (*stage.params, stage.before) if body))
    server.create(*(body for stage in everything for body in (stage.policy, stage.binding)))
    last.server.wait_until_heeded(last.body, "never")
    with_params = every["param"]
    with_params.server.wait_until_heeded(with_params.body, "not object.spec.replicas")
    yield every
    server.delete(*(body for stage in everything for body in (stage.binding, stage.policy, stage.namespace)))
    # What is in no namespace is refused by some of them for a moment more, and others make such things.
    server.wait_until_served(_WITHOUT_NAMESPACE)


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_the_gate_foretells_what_the_api_server_does(name: str, stages: dict[str, Stage]) -> None:
    stage = stages[name]
    warnings, refusal = stage.answer()
    checked = stage.checked()
    errors = [finding.message for finding in checked.findings if finding.severity is Severity.ERROR]
    told = [finding.message for finding in checked.findings if finding.severity is Severity.WARNING]
    if stage.scenario.not_evaluated:
        assert [item.object_id for item in checked.not_evaluated] == [Resource.from_body(stage.body).id]
        assert not checked.findings
        return
    assert not checked.not_evaluated
    assert bool(errors) == bool(refusal), (errors, refusal)
    assert sorted(map(_essence, told)) == sorted(map(_essence, warnings))
    if refusal:
        assert any(_essence(error) in refusal for error in errors), (errors, refusal)


def test_what_is_only_audited_is_a_note(stages: dict[str, Stage]) -> None:
    findings = stages["audit"].checked().findings
    assert [finding.severity for finding in findings] == [Severity.NOTE]


def test_policies_say_nothing_of_policies(control_plane: Cluster) -> None:
    everything: dict[str, Any] = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    made = policy("all", validations=[NEVER], matchConstraints={"resourceRules": [everything]})
    bound = binding("all", "default")
    del bound["spec"]["matchResources"]
    other = policy("other", validations=[NEVER])
    gate = CelGate([], [Resource.from_body(made), Resource.from_body(bound)], KubernetesPrograms())
    checked = gate.check(Manifests.of([Resource.from_body(other), Resource.from_body(deployment())]), None)
    assert {str(finding.object_id) for finding in checked.findings} == {"Deployment.apps web"}
    server = PolicyServer(control_plane.kubeconfig, "default")
    assert server.refusal_of_definition(other) == ""


def _essence(message: str) -> str:
    """The part that the policy's author wrote, or about which both say the same."""
    text = _PREFIX.sub("", message.removeprefix("Validation failed for ")).strip()
    return text.replace("resulted in error: the CEL expression fails: ", "resulted in error: ")
