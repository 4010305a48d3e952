from __future__ import annotations

import json

import pytest

from pipeline.errors import UsageError
from pipeline.model.attestation.given import MAX_PREDICATE_BYTES, read_predicate
from pipeline.model.attestation.provenance import BuildPlatform
from pipeline.model.trust.predicate_types import CYCLONEDX, PLAN, SLSA_PROVENANCE_V1, SPDX, TEST_RESULT
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.attest import attest
from pipeline.stages.predicates import provenance_predicate, read_built, sbom_predicate
from pipeline.testing.registry import MemoryRegistry
from pipeline.wiring import sbom
from tests.unit.attest.support import ARTIFACT, BASE, CHART, DIGEST, PIN
from tests.unit.sign.support import signer, stored_artifact

_POD = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec: {{containers: [{{name: web, image: "ghcr.io/acme/shop@{PIN}"}}]}}
""".encode()


def test_an_artifact_tells_its_own_materials_and_where_it_is_from() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry, {"pod.yaml": _POD}, revision="main@sha1:" + "0" * 40)

    built = read_built(artifact, registry, (CHART, BASE))

    assert [material.name for material in built.materials] == [BASE.name, CHART.name, "ghcr.io/acme/shop"]
    assert (built.source, built.revision) == ("https://git.test/shop", "main@sha1:" + "0" * 40)
    assert built.created == "1970-01-01T00:00:00Z"
    assert [resource.id.name for resource in built.manifests] == ["web"]


def test_predicates_have_the_type_that_they_are_filed_under() -> None:
    registry = MemoryRegistry()
    built = read_built(stored_artifact(registry, {"pod.yaml": _POD}), registry)
    platform = BuildPlatform(builder_id="https://ci.test")

    made = provenance_predicate(built, platform, target="staging", settings=("gitless.yaml", PIN), started_at=0.0)

    assert made.type == SLSA_PROVENANCE_V1
    assert made.body["buildDefinition"]["externalParameters"]["target"] == "staging"
    assert PIN.removeprefix("sha256:") in json.dumps(made.body["buildDefinition"]["resolvedDependencies"])
    assert sbom_predicate(built, sbom("cyclonedx")).type == CYCLONEDX
    assert sbom_predicate(built, sbom("spdx")).type == SPDX


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not valid JSON"),
        (b"[]", "is not a JSON object"),
        (b'{"a": 1, "a": 2}', "is not valid JSON"),
        (b'{"a": NaN}', "is not valid JSON"),
        (b'{"a": ' * 100_000, "is not valid JSON"),
        (b"\xff{}", "is not valid JSON"),
        (b" " * (MAX_PREDICATE_BYTES + 1), "a predicate may have"),
    ],
    ids=["empty", "list", "key twice", "no number", "deep", "no UTF-8", "large"],
)
def test_a_predicate_is_one_json_object(content: bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        read_predicate(content, "scan.json", "https://acme.dev/scan/v1", ARTIFACT)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"kind": "ApplyResult", "to": {"digest": DIGEST}}, "is no plan"),
        ({"kind": "DiffResult", "to": {"digest": PIN}}, f"leads to '{PIN}'"),
        ({"kind": "DiffResult", "to": {"type": "folder"}}, "leads to no artifact"),
        ({"kind": "DiffResult"}, "leads to no artifact"),
    ],
)
def test_a_plan_is_about_the_artifact_that_it_is_attested_of(document: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        read_predicate(json.dumps(document).encode(), "diff.json", PLAN, ARTIFACT)


def test_the_plan_that_leads_to_the_artifact_is_taken_as_it_is() -> None:
    plan = {"kind": "DiffResult", "to": {"digest": DIGEST}, "changes": []}

    assert read_predicate(json.dumps(plan).encode(), "diff.json", PLAN, ARTIFACT) == plan


def test_test_results_say_how_it_went() -> None:
    good = {"result": "PASSED", "configuration": [], "passedTests": ["smoke"]}

    assert read_predicate(json.dumps(good).encode(), "test.json", TEST_RESULT, ARTIFACT) == good
    with pytest.raises(UsageError, match=r"is no test result: it lacks a 'result'"):
        read_predicate(b'{"result": "fine"}', "test.json", TEST_RESULT, ARTIFACT)


def test_a_job_that_runs_again_states_the_same_and_another_commit_does_not() -> None:
    registry = MemoryRegistry()
    artifact = stored_artifact(registry, {"pod.yaml": _POD})
    built = read_built(artifact, registry)

    def state(run: str, commit: str = "0" * 40) -> bool:
        platform = BuildPlatform(
            builder_id="https://ci.test",
            internal={"job": run},
            repository="https://git.test/shop",
            commit=commit,
            invocation_id=f"https://ci.test/{run}",
            started_on=f"2026-01-0{run}T00:00:00Z",
        )
        made = provenance_predicate(built, platform)
        ours, verifier = signer("ours"), CosignVerifier()
        return attest(artifact, made.type, made.body, registry, ours, verifier, essence=made.essence).attested

    assert [state("1"), state("2"), state("2", "1" * 40)] == [True, False, True]
