from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.artifact.manifest import parse_manifest
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.trust.policy import TrustPolicy
from pipeline.registries.layout import LayoutRegistry
from pipeline.signers.cosign import CosignVerifier, read_public_key
from pipeline.stages.signatures import judge_signatures
from tests.cli.sign.conftest import Gitless, artifact, gitless, keys

__all__ = ["artifact", "gitless", "keys"]

pytestmark = pytest.mark.usefixtures("keys", "elsewhere")

SCAN = "https://acme.dev/scan/v1"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """On nobody's CI, whatever runs these tests."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "JENKINS_URL", "TF_BUILD", "DRONE",
                 "BITBUCKET_BUILD_NUMBER", "CI_REPO_URL", "GITLESS_BUILDER_ID"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


def _stated(artifact: PinnedReference, key: str = "ours.pub") -> dict[str, Any]:
    """Predicates by type, of those that the key vouches for."""
    registry = LayoutRegistry(artifact.repository)
    judgement = judge_signatures(artifact, registry, CosignVerifier(), TrustPolicy((read_public_key(key),)))
    return {found.predicate_type: found.predicate for found in judgement.attestations}


def test_any_predicate_can_be_stated(gitless: Gitless, artifact: PinnedReference, tmp_path: Path) -> None:
    (tmp_path / "scan.json").write_text('{"findings": 0}')

    done = gitless("attest", str(artifact), "--type", SCAN, "--predicate", "scan.json", "--key", "ours.key")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Attested {artifact}\n  {SCAN}\n  by the key SHA256:")
    assert _stated(artifact) == {SCAN: {"findings": 0}}


def test_the_result_says_where_the_statement_is_and_that_it_was_there(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    (tmp_path / "scan.json").write_text('{"findings": 0}')
    line = ("attest", str(artifact), "--type", SCAN, "--predicate", "scan.json", "--key", "ours.key", "-o", "json")

    first, again = (json.loads(gitless(*line).out) for _ in range(2))

    manifest = LayoutRegistry(artifact.repository).read_manifest(first["attestationDigest"])
    subject = parse_manifest(manifest).subject
    assert subject is not None
    assert subject.digest == artifact.digest
    assert first == {
        "apiVersion": "gitless.dev/v1",
        "kind": "AttestResult",
        "repository": "oci-layout:out",
        "digest": artifact.digest,
        "digestUrl": str(artifact),
        "predicateType": SCAN,
        "attestationDigest": first["attestationDigest"],
        "signer": first["signer"],
        "keyFingerprint": first["keyFingerprint"],
        "identity": "",
        "issuer": "",
        "log": "",
        "signedAt": None,
        "attested": True,
    }
    assert again == {**first, "attested": False}
    assert gitless(*line[:-2]).out.startswith("Already attested ")


def test_provenance_is_made_of_what_is_known(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("name: shop\nversion: 1.2.3\n")
    monkeypatch.setenv("GITLESS_BUILDER_ID", "https://ci.acme.dev")

    done = gitless("attest", str(artifact), "--type", "slsaprovenance1", "--path", "chart", "--key", "ours.key")

    assert (done.code, done.err) == (0, "")
    made = _stated(artifact)["https://slsa.dev/provenance/v1"]
    assert made["runDetails"]["builder"]["id"] == "https://ci.acme.dev"
    assert made["buildDefinition"]["externalParameters"] == {
        "source": {"repository": "https://git.test/shop", "ref": "v1@sha1:0"}
    }
    assert made["buildDefinition"]["resolvedDependencies"] == [
        {"uri": "git+https://git.test/shop@v1@sha1:0"},
        {"uri": "pkg:helm/shop@1.2.3", "name": "shop"},
    ]


def test_the_settings_file_says_where_the_sources_are(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("name: shop\nversion: 1.2.3\n")
    (tmp_path / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nsources: [{path: chart}]\ntargets: {staging: {}}\n"
    )

    done = gitless("attest", str(artifact), "--type", "slsaprovenance1", "-f", "gitless.yaml", "--key", "ours.key")

    assert (done.code, done.err) == (0, "")
    definition = _stated(artifact)["https://slsa.dev/provenance/v1"]["buildDefinition"]
    assert definition["externalParameters"]["target"] == "staging"
    assert definition["externalParameters"]["settings"]["path"] == "gitless.yaml"
    assert {"uri": "pkg:helm/shop@1.2.3", "name": "shop"} in definition["resolvedDependencies"]


@pytest.mark.parametrize(
    ("name", "uri", "told"),
    [
        ("cyclonedx", "https://cyclonedx.org/bom", "specVersion"),
        ("spdxjson", "https://spdx.dev/Document", "spdxVersion"),
    ],
)
def test_a_bill_of_materials_is_made_once(
    gitless: Gitless, artifact: PinnedReference, name: str, uri: str, told: str
) -> None:
    line = ("attest", str(artifact), "--type", name, "--key", "ours.key")

    done = gitless(*line)

    assert done.code == 0
    assert done.err == "charts and remote bases are left out: no --path or --file says where they are\n"
    assert told in _stated(artifact)[uri]
    assert gitless(*line).out.startswith("Already attested ")


def test_the_reviewed_plan_is_stated_of_what_it_leads_to(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    (tmp_path / "empty.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\n")
    plan = gitless("diff", "empty.yaml", str(artifact), "-o", "json").out
    (tmp_path / "diff.json").write_text(plan)

    done = gitless("attest", str(artifact), "--type", "plan", "--predicate", "diff.json", "--key", "ours.key")

    assert done.code == 0
    assert _stated(artifact) == {"https://gitless.dev/attestations/plan/v1": json.loads(plan)}
    backwards = gitless("diff", str(artifact), "empty.yaml", "-o", "json").out
    (tmp_path / "diff.json").write_text(backwards)
    refused = gitless("attest", str(artifact), "--type", "plan", "--predicate", "diff.json", "--key", "ours.key")
    assert refused.code == 2
    assert "diff.json is a plan that leads to no artifact" in refused.err


def test_a_tag_is_refused_and_told_its_digest(gitless: Gitless, artifact: PinnedReference) -> None:
    done = gitless("attest", "oci-layout:out:v1", "--type", "cyclonedx", "--key", "ours.key")

    assert done.code == 2
    assert f"now it is {artifact}: attest that if it is what you mean" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("--type", "vuln"), 2, "--type vuln needs --predicate FILE"),
        (("--type", "cyclondx"), 2, "did you mean 'cyclonedx'?"),
        (("--type", SCAN, "--predicate", "missing.json"), 2, "--predicate missing.json: No such file"),
        (("--type", SCAN, "--predicate", "bad.json"), 2, "bad.json is not valid JSON"),
        (("--type", "cyclonedx", "--predicate", "bad.json", "--path", "."), 2, "statements that gitless makes"),
        (("--type", "cyclonedx", "--path", "missing"), 2, "missing: there is no such source"),
        (("--type", "cyclonedx", "--target", "staging"), 2, "name the file: -f gitless.yaml"),
        (("--type", "cyclonedx", "-f", "missing.yaml"), 2, "missing.yaml"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    gitless: Gitless,
    artifact: PinnedReference,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    complaint: str,
) -> None:
    (tmp_path / "bad.json").write_text("{")

    done = gitless("attest", str(artifact), *arguments, "--key", "ours.key")

    assert (done.code, done.out) == (code, "")
    assert complaint in done.err
    assert _stated(artifact) == {}


def test_simple_signatures_are_not_taken_out_of_sight_unless_asked(gitless: Gitless, artifact: PinnedReference) -> None:
    assert gitless("sign", str(artifact), "--key", "theirs.key", "--format", "simple").code == 0
    line = ("attest", str(artifact), "--type", "cyclonedx", "--key", "ours.key")

    refused = gitless(*line)

    assert refused.code == 9
    assert "has only .sig signatures" in refused.err
    assert gitless(*line, "--allow-shadowing").code == 0


def test_another_jobs_artifact_is_not_claimed(
    gitless: Gitless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "one.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n")
    packed = gitless("package", "deploy", "oci-layout:mine:1", "--source", "https://github.com/acme/shop",
                     "--revision", "main@sha1:" + "1" * 40, "-o", "json")  # fmt: skip
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    monkeypatch.setenv("GITHUB_WORKFLOW_REF", "acme/shop/.github/workflows/x.yml@refs/heads/main")
    monkeypatch.setenv("GITHUB_SHA", "2" * 40)
    reference = json.loads(packed.out)["digestUrl"]

    refused = gitless("attest", reference, "--type", "slsaprovenance1", "--path", "deploy", "--key", "ours.key")

    assert refused.code == 9
    assert "was built from commit 111111111111, and this job is about 222222222222" in refused.err
    monkeypatch.setenv("GITHUB_SHA", "1" * 40)
    assert gitless("attest", reference, "--type", "slsaprovenance1", "--path", "deploy", "--key", "ours.key").code == 0


def test_what_is_still_to_be_built_has_provenance_but_no_bill_of_materials(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "kustomization.yaml").write_text("resources: ['https://git.test/base//deploy?ref=v1.0']\n")
    packed = gitless("package", "deploy", "oci-layout:unbuilt:1", "--source", "https://git.test/shop", "-o", "json")
    reference = packed.document["digestUrl"]

    made = gitless("attest", reference, "--type", "slsaprovenance1", "--path", "deploy", "--key", "ours.key")

    assert made.code == 0
    assert "images are left out: " in made.err
    artifact = parse_reference(reference).pinned()
    definition = _stated(artifact)["https://slsa.dev/provenance/v1"]["buildDefinition"]
    assert definition["resolvedDependencies"] == [
        {"uri": "git+https://git.test/shop"},
        {"uri": "git+https://git.test/base@v1.0#deploy"},
    ]
    refused = gitless("attest", reference, "--type", "cyclonedx", "--path", "deploy", "--key", "ours.key")
    assert refused.code == 8
    assert "a kustomization (kustomization.yaml) that is still to be built" in refused.err
