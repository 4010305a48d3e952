"""Every function and every construct, by the real API server and by us."""

from __future__ import annotations

import pytest

from pipeline.expressions.kubernetes import KubernetesPrograms
from pipeline.gates.cel import CelGate
from pipeline.model.manifests import Manifests, Resource
from tests.integration.validate.kubernetes_expressions import EXPRESSIONS, SUBJECT, VARIABLES
from tests.integration.validate.policies import PolicyServer, binding, placed, policy
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster

NOT_HERE = frozenset(
    {
        "{'a': 1, 'b': 2}.transformMap(k, v, v * 2) == {'a': 2, 'b': 4}",
    }
)


@pytest.mark.parametrize("group", EXPRESSIONS)
def test_what_the_api_server_says_of_an_expression_the_gate_says_too(
    group: str, control_plane: Cluster, namespace: str
) -> None:
    server = PolicyServer(control_plane.kubeconfig, namespace)
    name = f"{namespace}-{group}"
    validations = [
        {"expression": text, "message": f"#{index} is false"}
        for index, text in enumerate((*EXPRESSIONS[group], "false"))
    ]
    variables = [{"name": key, "expression": text} for key, text in VARIABLES]
    made = policy(name, variables=variables, validations=validations)
    bound = binding(name, namespace, actions=["Warn"])
    subject = placed(SUBJECT, namespace)
    server.create(made, bound)
    try:
        server.wait_until_heeded(subject, f"#{len(validations) - 1} is false")
        warnings, _ = server.create_answer(subject)
    finally:
        server.delete(bound, made)
    theirs = {}
    for index, validation in enumerate(validations):
        text = validation["expression"]
        said = [warning for warning in warnings if f"#{index} is false" in warning]
        failed = [warning for warning in warnings if f"expression '{text.strip()}' resulted in error" in warning]
        theirs[text] = "false" if said else "error" if failed else "true"
    checked = CelGate([], [Resource.from_body(made), Resource.from_body(bound)], KubernetesPrograms()).check(
        Manifests.of([Resource.from_body(subject)]), None
    )
    ours = {validation["expression"]: "true" for validation in validations}
    for finding in checked.findings:
        index = int(finding.rule.rpartition("-")[2]) - 1
        ours[validations[index]["expression"]] = "error" if "resulted in error" in finding.message else "false"
    for item in checked.not_evaluated:
        index = int(item.rule.rpartition("-")[2]) - 1
        ours[validations[index]["expression"]] = f"not evaluated: {item.reason}"
    for text in theirs:
        if theirs[text] != ours[text]:
            print(f"{theirs[text]:6} {ours[text]:6} {text}")
    assert 0
