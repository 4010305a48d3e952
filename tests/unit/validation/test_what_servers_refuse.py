"""What an API server refuses beyond the schemas; the same cases are put to a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pipeline.gates.schema import SchemaGate
from pipeline.model.manifests import Manifests, Origin, Resource
from pipeline.model.validation.finding import Finding
from pipeline.model.validation.server_rules import refusals
from tests.unit.validation.schema_cases import BODIES, WIDGET_DEFINITION
from tests.unit.validation.server_cases import CASES, CLEAN, ServerCase, changed

_MAIN = "spec.template.spec.containers[0]"
STRANGE = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=4),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def found(body: dict[str, Any], kubernetes: str = "") -> tuple[Finding, ...]:
    manifests = Manifests.of([Resource.from_body(body)])
    return SchemaGate(kubernetes, lambda: (WIDGET_DEFINITION,)).check(manifests, None).findings


@pytest.fixture(scope="module")
def told() -> Callable[[dict[str, Any]], list[Finding]]:
    """Findings by object; all objects are checked at once, for most of the time goes into reading schemas."""
    bodies = [case.body for case in CASES] + [changed(*case) for case in CLEAN]
    resources = [Resource.from_body(body, Origin("cases", index)) for index, body in enumerate(bodies)]
    gate = SchemaGate("", lambda: (WIDGET_DEFINITION,))
    findings = gate.check(Manifests(tuple(resources)), None).findings
    return lambda body: [each for each in findings if each.origin == Origin("cases", bodies.index(body))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_that_schemas_allow_is_told_once_with_its_field(
    case: ServerCase, told: Callable[[dict[str, Any]], list[Finding]]
) -> None:
    (finding,) = told(case.body)

    assert (finding.path, finding.is_error) == (case.path, True)
    assert finding.rule in {"schema-invalid", "schema-required"}
    assert case.says in f"{finding.message}; {finding.hint}"


@pytest.mark.parametrize(("kind", "at", "value"), CLEAN, ids=lambda value: str(value)[:40])
def test_what_an_api_server_takes_is_no_finding(
    kind: str, at: str, value: object, told: Callable[[dict[str, Any]], list[Finding]]
) -> None:
    assert told(changed(kind, at, value)) == []


@pytest.mark.parametrize(
    ("body", "kubernetes", "expected"),
    [
        (changed("Service", "metadata.name", "1web"), "1.33-1.34", ["metadata.name"]),
        (changed("Service", "metadata.name", "1web"), "1.34", []),
        (changed("Deployment", f"{_MAIN}.env[0].name", "a b"), "1.29", [f"{_MAIN}.env[0].name"]),
        (changed("Deployment", f"{_MAIN}.env[0].name", "a b"), "1.30", []),
    ],
)
def test_the_oldest_version_of_the_range_decides(body: dict[str, Any], kubernetes: str, expected: list[str]) -> None:
    assert [finding.path for finding in found(body, kubernetes)] == expected


def test_a_namespace_that_cannot_exist_is_told_of_what_is_in_one() -> None:
    (finding,) = found(changed("ConfigMap", "metadata.namespace", "Shop_1"))

    assert finding.message.startswith('metadata.namespace is "Shop_1"; expected text of at most 63')
    assert found(changed("ClusterRole", "metadata.namespace", "Shop_1")) == ()


def test_of_an_unknown_kind_only_what_holds_for_all_is_told() -> None:
    body = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "A_b", "labels": {"a b": "c"}}}

    assert [finding.path for finding in found(body)] == ["apiVersion", "metadata.labels[a b]"]


@pytest.mark.parametrize("kind", [kind for kind in BODIES if kind != "Widget"])
@settings(max_examples=40)
@given(strange=some.dictionaries(some.sampled_from(["spec", "data", "rules", "subjects", "roleRef"]), STRANGE))
def test_whatever_stands_there_is_no_crash(kind: str, strange: dict[str, Any]) -> None:
    resource = Resource.from_body(BODIES[kind] | strange)
    for refusal in refusals(resource, is_custom=False, is_known=True, is_namespaced=True, oldest=25):
        assert refusal.problem or refusal.expected
