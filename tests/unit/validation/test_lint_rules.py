from __future__ import annotations

from copy import deepcopy

import pytest

from pipeline.gates.lint import LintGate
from pipeline.model.manifests import Origin
from pipeline.model.validation.lint.rules import LINT_RULES
from tests.unit.validation.broken_rules import BROKEN
from tests.unit.validation.lint_example import Bodies, bodies, container_of, manifests, pod_of
from tests.unit.validation.spoiling import Spoil, found_in, second_agent


def test_the_clean_example_breaks_no_rule() -> None:
    example = manifests(bodies())

    assert LintGate().check(example, None).findings == ()
    assert LintGate().check(example, example).findings == ()


@pytest.mark.parametrize(
    ("rule", "spoil", "name", "path"), BROKEN, ids=[f"{i}-{row[0]}" for i, row in enumerate(BROKEN)]
)
def test_what_breaks_one_rule_is_found_by_that_rule_and_no_other(rule: str, spoil: Spoil, name: str, path: str) -> None:
    (finding,) = found_in(spoil)

    assert finding.rule == rule
    assert finding.object_id is not None
    assert name in {"", f"{finding.object_id.kind}/{finding.object_id.name}"}
    assert path in {"", finding.path}
    assert finding.origin == Origin("shop.yaml", 1)
    assert finding.hint
    assert finding.path


def rollout(of: Bodies) -> None:
    body = deepcopy(of["Deployment/web"])
    body |= {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "r", "namespace": "shop"}}
    of["Rollout/r"] = body


@pytest.mark.parametrize("name", ["gone", "r-gone"])
def test_what_a_custom_resource_says_its_pods_refer_to_is_not_there_because_it_says_so(name: str) -> None:
    def spoil(of: Bodies) -> None:
        rollout(of)
        reference = {"configMapRef": {"name": name}}
        pod_of(of, "Rollout/r")["containers"][0]["envFrom"] = [reference]

    (finding,) = found_in(spoil)

    assert (finding.rule, finding.message) == ("missing-config-map", f"ConfigMap {name} is not in the manifests")


def bare_pod(of: Bodies) -> None:
    of["Pod/p"] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": deepcopy(pod_of(of)),
    }


@pytest.mark.parametrize(
    ("add", "name", "path"),
    [
        (rollout, "Rollout/r", "spec.template.spec"),
        (bare_pod, "Pod/p", "spec"),
    ],
)
@pytest.mark.parametrize("role", ["containers", "initContainers", "ephemeralContainers"])
def test_pods_are_found_wherever_they_are_made_from_with_all_their_containers(
    add: Spoil, name: str, path: str, role: str
) -> None:
    def spoil(of: Bodies) -> None:
        add(of)
        pod = of[name]["spec"] if name == "Pod/p" else pod_of(of, name)
        pod[role] = [*pod.get(role, ()), {**pod["containers"][0], "name": "more", "ports": [], "image": "more:latest"}]

    (finding,) = (item for item in found_in(spoil) if item.rule.startswith("image"))

    assert finding.object_id is not None
    assert f"{finding.object_id.kind}/{finding.object_id.name}" == name
    assert finding.path == f"{path}.{role}[{1 if role == 'containers' else 0}].image"


def test_in_the_nodes_network_a_containers_port_is_one_of_the_node() -> None:
    def spoil(of: Bodies) -> None:
        second_agent(of)
        of["DaemonSet/other"] = deepcopy(of["DaemonSet/other"])
        pod_of(of, "DaemonSet/other")["hostNetwork"] = True
        container_of(of, "DaemonSet/other")["ports"] = [{"name": "http", "containerPort": 9000}]

    network, port = found_in(spoil)

    assert (network.rule, port.rule) == ("host-network", "host-port-duplicate")
    assert port.message == "containerPort 9000/TCP of the node is taken by DaemonSet.apps shop/agent already"


def test_probes_are_asked_for_of_pods_that_stay_and_of_no_others() -> None:
    def bare(of: Bodies) -> None:
        bare_pod(of)
        of["Pod/p"]["spec"]["containers"][0].pop("readinessProbe")

    def job_like(of: Bodies) -> None:
        bare(of)
        of["Pod/p"]["spec"]["restartPolicy"] = "Never"

    assert [item.rule for item in found_in(bare)] == ["probe-readiness"]
    assert found_in(job_like) == ()


def test_every_rule_is_in_the_table_above() -> None:
    tried = {row[0] for row in BROKEN} | {"immutable-field"}

    assert tried == {rule.rule.id for rule in LINT_RULES}


def test_every_rule_says_what_it_is_and_why_and_what_to_do() -> None:
    rules = LintGate().check(manifests({}), None).rules

    assert len({rule.id for rule in rules}) == len(rules) == len(LINT_RULES)
    assert [rule for rule in rules if not (rule.title and rule.reason.endswith((".", "more.")) and rule.fix)] == []
    assert {rule.gate for rule in rules} == {"lint"}
