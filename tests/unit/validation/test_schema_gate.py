from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pipeline.errors import ConfigurationError
from pipeline.gates.schema import SchemaGate
from pipeline.model.manifests import Manifests, Origin, Resource
from pipeline.model.validation.finding import Finding
from pipeline.model.validation.schema_rules import SCHEMA_RULES
from tests.unit.validation.schema_cases import BODIES, CASES, CLEAN, WIDGET_DEFINITION, Case, Spoil
from tests.unit.validation.server_cases import changed

EXIT_CODES = {"operator": "In", "values": [1]}
ORIGIN = Origin("deploy/web.yaml", 7)
STRANGE = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=4),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
KEYWORDS = (
    "additionalProperties", "allOf", "anyOf", "default", "enum", "exclusiveMinimum", "format", "items", "maxItems",
    "minimum", "multipleOf", "not", "nullable", "oneOf", "pattern", "properties", "required", "type", "uniqueItems",
    "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type", "x-kubernetes-preserve-unknown-fields",
)  # fmt: skip
WidgetSchema = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture
def widget_schema() -> WidgetSchema:
    """The definition, and the schema of ``spec`` in it."""
    definition = deepcopy(WIDGET_DEFINITION)
    return definition, definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]


def found(*bodies: dict[str, Any], kubernetes: str = "", crds: tuple[dict[str, Any], ...] = ()) -> tuple[Finding, ...]:
    manifests = Manifests.of(Resource.from_body(body, ORIGIN) for body in bodies)
    return SchemaGate(kubernetes, lambda: crds).check(manifests, None).findings


def simple(api_version: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told_once_with_its_field(case: Case) -> None:
    (finding,) = found(case.body, crds=(WIDGET_DEFINITION,))

    assert (finding.rule, finding.path, finding.is_error) == (case.rule, case.path, True)
    assert case.says in f"{finding.message}; {finding.hint}"
    assert (str(finding.object_id).partition(".")[0].split()[0], finding.origin) == (case.kind, ORIGIN)


@pytest.mark.parametrize(("kind", "change"), CLEAN)
def test_what_an_api_server_takes_is_no_finding(kind: str, change: Spoil) -> None:
    body = deepcopy(BODIES[kind])
    change(body)

    assert found(body, kubernetes="1.30-1.37", crds=(WIDGET_DEFINITION,)) == ()


@pytest.mark.parametrize(
    "body",
    [
        changed("Job", "spec.podFailurePolicy", {"rules": [{"action": "Ignore", "onExitCodes": EXIT_CODES}]}),
        changed(
            "Job",
            "spec.podFailurePolicy",
            {"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]},
        ),
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "web"},
            "addressType": "IPv6",
        },
    ],
    ids=["onPodConditions", "status", "endpoints"],
)
def test_what_descriptions_ask_for_and_the_api_server_fills_in_is_no_finding(body: dict[str, Any]) -> None:
    assert found(body, kubernetes="1.25-1.37") == ()


@pytest.mark.parametrize(
    ("api_version", "kind", "hint"),
    [
        ("v1", "Configmap", "did you mean the kind ConfigMap?"),
        ("schemas.example.com/v1", "Widgets", "did you mean the kind Widget?"),
        ("v2", "ConfigMap", "did you mean v1?"),
        ("other.example.com/v1", "Widget", "bring its CustomResourceDefinition"),
        ("apps/v1", "Something", "bring its CustomResourceDefinition"),
    ],
)
def test_a_kind_that_is_not_there_has_the_one_that_was_meant(api_version: str, kind: str, hint: str) -> None:
    (finding,) = found(simple(api_version, kind), crds=(WIDGET_DEFINITION,))

    assert (finding.rule, finding.hint.startswith(hint)) == ("schema-missing", True)


def test_values_of_secrets_are_in_no_finding() -> None:
    body = deepcopy(BODIES["Secret"])
    body["data"] = {"key": "hunter2!", "other": 4711, "third": {"in": "hunter2"}}
    body["metadata"]["labels"] = {"copy": 4711}

    text = repr(found(body))

    assert text.count("schema-invalid") == 4
    assert "hunter2" not in text
    assert "4711" not in text


def test_values_of_fields_that_sound_secret_are_in_no_finding() -> None:
    definition = deepcopy(WIDGET_DEFINITION)
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["adminPassword"] = {"type": "string", "pattern": "^[a-z]{20}$"}
    body = deepcopy(BODIES["Widget"])
    body["spec"]["adminPassword"] = "hunter2"

    (finding,) = found(body, crds=(definition,))

    assert finding.message == "spec.adminPassword is not text that matches ^[a-z]{20}$"


def test_the_same_mistake_in_every_version_is_told_once() -> None:
    case = CASES[0]

    (finding,) = found(case.body, kubernetes="1.25-1.37")

    assert finding.message == "spec.replicas is text; expected a whole number"


def test_a_mistake_in_some_versions_names_them() -> None:
    body = deepcopy(BODIES["Deployment"])
    body["spec"]["template"]["spec"]["resources"] = {"limits": {"cpu": "1"}}  # since 1.32

    (finding,) = found(body, kubernetes="1.30-1.33")

    assert finding.message == "spec.template.spec.resources is no field of this kind (Kubernetes 1.30 and 1.31)"


@pytest.mark.parametrize(
    ("api_version", "kind", "kubernetes", "rule", "says"),
    [
        ("extensions/v1beta1", "Ingress", "1.35", "api-removed", "in Kubernetes 1.22; use networking.k8s.io/v1"),
        ("policy/v1beta1", "PodSecurityPolicy", "1.35", "api-removed", "1.25; nothing takes its place"),
        ("batch/v1beta1", "CronJob", "1.25", "api-removed", "removed in Kubernetes 1.25; use batch/v1"),
        ("storage.k8s.io/v1alpha1", "VolumeAttributesClass", "1.35", "api-removed", "1.35; use storage.k8s.io/v1"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.25", "api-deprecated",
         "deprecated since Kubernetes 1.23, and removed in 1.26; use autoscaling/v2"),
        ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", "1.26", "api-removed",
         "use flowcontrol.apiserver.k8s.io/v1beta3"),
        ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", "1.35", "api-removed",
         "use flowcontrol.apiserver.k8s.io/v1"),
        ("v1", "ComponentStatus", "1.35", "api-deprecated", "deprecated since Kubernetes 1.19"),
        ("v1", "Endpoints", "1.33", "api-deprecated", "use discovery.k8s.io/v1 EndpointSlice"),
        ("v1", "Endpoints", "1.32", "", ""),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "1.29", "api-too-new", "in Kubernetes 1.30"),
        ("v1", "Deployment", "", "schema-missing", "no schema for v1 Deployment; did you mean apps/v1?"),
        ("apps/v1", "Deploymnt", "", "schema-missing", "did you mean the kind Deployment?"),
        ("batch.volcano.sh/v1", "Job", "", "schema-missing", "no schema for batch.volcano.sh/v1 Job"),
        ("example.com/v1", "List/../x", "", "schema-missing", "bring its CustomResourceDefinition"),
    ],
)  # fmt: skip
def test_the_api_version_is_held_against_the_target(
    api_version: str, kind: str, kubernetes: str, rule: str, says: str
) -> None:
    findings = found(simple(api_version, kind), kubernetes=kubernetes)

    assert [finding.rule for finding in findings] == ([rule] if rule else [])
    assert all(says in f"{finding.message}; {finding.hint}" for finding in findings)


def test_a_range_tells_both_of_its_ends() -> None:
    findings = found(simple("networking.k8s.io/v1beta1", "ServiceCIDR"), kubernetes="1.30-1.37")

    assert [(finding.rule, finding.message.partition(" (")[2]) for finding in findings] == [
        ("api-removed", "asked for: 1.37)"),
        ("api-too-new", "asked for: 1.30)"),
        ("api-deprecated", ""),
    ]


def test_a_removed_version_and_a_deprecated_one_name_severities() -> None:
    body = simple("storage.k8s.io/v1beta1", "VolumeAttributesClass") | {"driverName": "csi.example.com"}

    findings = found(body, kubernetes="1.36-1.37")

    assert [(finding.rule, finding.severity) for finding in findings] == [
        ("api-removed", "error"),
        ("api-deprecated", "warning"),
    ]


@pytest.mark.parametrize(
    ("version", "rule", "says"),
    [
        ("v1beta1", "api-deprecated", "is deprecated: use schemas.example.com/v1"),
        ("v1alpha1", "api-removed", "not served by its definition; its definition serves: schemas.example.com/v1, "),
        ("v2", "api-removed", "its definition serves: schemas.example.com/v1, schemas.example.com/v1beta1"),
    ],
)
def test_versions_of_definitions_are_looked_at(version: str, rule: str, says: str) -> None:
    findings = found(simple(f"schemas.example.com/{version}", "Widget"), crds=(WIDGET_DEFINITION,))

    assert [finding.rule for finding in findings] == [rule]
    assert says in f"{findings[0].message}; {findings[0].hint}"


def test_a_definition_among_the_manifests_counts_before_one_that_is_brought() -> None:
    brought = deepcopy(WIDGET_DEFINITION)
    brought["spec"]["versions"] = brought["spec"]["versions"][1:2]

    assert found(WIDGET_DEFINITION, BODIES["Widget"], crds=(brought,)) == ()


def test_nothing_that_a_definition_says_is_obeyed_by_a_terminal() -> None:
    definition = deepcopy(WIDGET_DEFINITION)
    definition["spec"]["versions"][1]["deprecationWarning"] = "use\x1b[2J v1"
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["\x1b[2Jx"] = {}
    body = deepcopy(BODIES["Widget"])
    body["spec"]["x\x1b[2J"] = 1

    findings = found(body, simple("schemas.example.com/v1beta1", "Widget"), crds=(definition,))

    assert {finding.rule for finding in findings} == {"schema-unknown-field", "api-deprecated"}
    assert "\x1b" not in "".join(finding.message + finding.hint for finding in findings)


def test_the_two_kinds_of_flux_are_known() -> None:
    body = simple("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
    body["spec"] = {"interval": "10m", "prune": True, "sourceRef": {"kind": "OCIRepository", "name": "x"}, "wiat": True}

    (finding,) = found(body)

    assert (finding.path, finding.hint) == ("spec.wiat", "did you mean wait?")


def test_objects_whose_schema_cannot_be_used_are_not_evaluated(widget_schema: WidgetSchema) -> None:
    definition, spec = widget_schema
    spec["properties"]["mode"]["pattern"] = "("
    manifests = Manifests.of([Resource.from_body(BODIES["Widget"], ORIGIN)])

    checked = SchemaGate("", lambda: (definition,)).check(manifests, None)

    (item,) = checked.not_evaluated
    assert checked.findings == ()
    assert item.reason.startswith("the schema of schemas.example.com/v1 Widget cannot be used: ")
    assert (item.object_id, item.origin) == (manifests.resources[0].id, ORIGIN)


@given(some.sampled_from(KEYWORDS), STRANGE)
@settings(max_examples=60, deadline=None)
def test_whatever_a_schema_says_is_told_and_no_crash(keyword: str, value: object) -> None:
    definition = deepcopy(WIDGET_DEFINITION)
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["rules"][keyword] = value
    manifests = Manifests.of([Resource.from_body(BODIES["Widget"], ORIGIN), Resource.from_body(definition, ORIGIN)])

    assert SchemaGate("", tuple).check(manifests, None).objects == 2


@given(some.sampled_from(sorted(BODIES)), some.sampled_from(["spec", "data", "metadata", "status"]), STRANGE)
@settings(max_examples=60, deadline=None)
def test_whatever_an_object_says_is_told_and_no_crash(kind: str, part: str, value: object) -> None:
    body = deepcopy(BODIES[kind])
    body[part] = {"name": "web", "labels": value} if part == "metadata" else value

    found(body, crds=(WIDGET_DEFINITION,))


@pytest.mark.parametrize(
    "strange",
    [
        {"spec": None},
        {"spec": {"group": 1}},
        {"spec": {"group": "a", "names": {"kind": "B"}, "versions": [None, {"name": 1}, {"name": "v1", "schema": 3}]}},
    ],
)
def test_a_strange_definition_is_a_finding_and_no_crash(strange: dict[str, Any]) -> None:
    body = simple("apiextensions.k8s.io/v1", "CustomResourceDefinition") | strange

    assert {finding.rule for finding in found(body, simple("a/v1", "B"))} <= {rule.id for rule in SCHEMA_RULES}


@pytest.mark.parametrize(
    ("kubernetes", "says"),
    [
        ("1.99", "there are no schemas of Kubernetes 1.99"),
        ("1.20-1.35", "there are no schemas of Kubernetes 1.20"),
        ("1.35-1.33", "begins with the newer version"),
        ("newest", "'newest' is no version of Kubernetes"),
    ],
)
def test_a_version_that_is_none_is_refused(kubernetes: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        found(BODIES["Service"], kubernetes=kubernetes)

    assert says in caught.value.message


def test_the_result_says_what_it_held_against() -> None:
    checked = SchemaGate("v1.33.4 - 1.35", tuple).check(Manifests(), None)

    assert (checked.gate, checked.subject, checked.rules) == ("schema", "Kubernetes 1.33 to 1.35", SCHEMA_RULES)
