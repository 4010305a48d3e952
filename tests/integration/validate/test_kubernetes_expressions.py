"""Every function and every construct, by the real API server and by us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.expressions.kubernetes import KubernetesPrograms
from pipeline.gates.cel import CelGate
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.validation.finding import Checked
from tests.integration.validate.kubernetes_expressions import EXPRESSIONS, NOT_EVALUATED, REFUSED, SUBJECT, VARIABLES
from tests.integration.validate.policies import PolicyServer, binding, placed, policy
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("group", EXPRESSIONS)
def test_what_the_api_server_says_of_an_expression_the_gate_says_too(
    group: str, control_plane: Cluster, namespace: str
) -> None:
    server = PolicyServer(control_plane.kubeconfig, namespace)
    texts = (*EXPRESSIONS[group], "false")
    made, bound = _policy(f"{namespace}-{group}", texts), binding(f"{namespace}-{group}", namespace, actions=["Warn"])
    subject = placed(SUBJECT, namespace)
    server.create(made, bound)
    try:
        server.wait_until_heeded(subject, f"#{len(texts) - 1} is false")
        warnings, _ = server.create_answer(subject)
    finally:
        server.delete(bound, made)
    theirs = {text: _their_verdict(index, text, warnings) for index, text in enumerate(texts)}
    ours = _our_verdicts(_checked(made, bound, subject), texts)
    assert {text for text in texts if ours[text] == "not evaluated"} == NOT_EVALUATED & set(texts)
    judged = set(texts) - NOT_EVALUATED
    assert {text: ours[text] for text in judged} == {text: theirs[text] for text in judged}


@pytest.mark.parametrize("text", sorted(REFUSED))
def test_what_the_api_server_takes_for_no_policy_never_passes_here(text: str, control_plane: Cluster) -> None:
    server = PolicyServer(control_plane.kubeconfig, "default")
    made, bound = _policy("refused", [text]), binding("refused", "default")
    assert "spec.validations[0].expression" in server.refusal_of_definition(made)
    checked = _checked(made, bound, placed(SUBJECT, "default"))
    assert checked.findings or checked.not_evaluated


def _policy(name: str, texts: Sequence[str]) -> dict[str, Any]:
    validations = [{"expression": text, "message": f"#{index} is false"} for index, text in enumerate(texts)]
    variables = [{"name": key, "expression": text} for key, text in VARIABLES]
    return policy(name, variables=variables, validations=validations)


def _checked(made: dict[str, Any], bound: dict[str, Any], subject: dict[str, Any]) -> Checked:
    gate = CelGate([], [Resource.from_body(made), Resource.from_body(bound)], KubernetesPrograms())
    return gate.check(Manifests.of([Resource.from_body(subject)]), None)


def _their_verdict(index: int, text: str, warnings: Sequence[str]) -> str:
    if any(f": #{index} is false" in warning for warning in warnings):
        return "false"
    failed = any(f"expression '{text.strip()}' resulted in error" in warning for warning in warnings)
    return "error" if failed else "true"


def _our_verdicts(checked: Checked, texts: Sequence[str]) -> dict[str, str]:
    verdicts = dict.fromkeys(texts, "true")
    for finding in checked.findings:
        failed = "resulted in error" in finding.message
        verdicts[texts[_index(finding.rule)]] = "error" if failed else "false"
    return verdicts | {texts[_index(item.rule)]: "not evaluated" for item in checked.not_evaluated}


def _index(rule: str) -> int:
    return int(rule.rpartition("-")[2]) - 1
