"""What inspecting an artifact shows, whoever is trusted or nobody."""

from __future__ import annotations

import base64
import json

import pytest

from pipeline.errors import ArtifactNotFoundError
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.outcome.inspect import InspectResult
from pipeline.model.trust.evidence import CertificateIdentity
from pipeline.model.trust.policy import TrustPolicy
from pipeline.reports import render_result
from pipeline.signers.certificates import read_certificate
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.finding import MAX_REFERRERS
from pipeline.stages.inspect import inspect
from pipeline.stages.sign import sign
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.inspect.support import (
    BOM,
    COMMIT,
    CYCLONEDX,
    GITHUB,
    GITHUB_PROVENANCE,
    PROVENANCE,
    REPOSITORY,
    WORKFLOW,
    about,
    attached,
    attested,
    certificate,
    envelope,
    github_bundle,
    pushed_by_github,
)
from tests.unit.sign.support import (
    SIMPLE,
    bundle_document,
    policy,
    private_key,
    referrer,
    signer,
    store,
    stored_artifact,
)

DEPLOYMENT = b"""
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers: [{name: init, image: busybox}]
      containers: [{name: web, image: "ghcr.io/acme/web@sha256:abc"}]
"""


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def artifact(registry: MemoryRegistry) -> PinnedReference:
    files = {"web.yaml": DEPLOYMENT, "settings.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"}
    return stored_artifact(registry, files, revision="main@sha1:1")


def inspected(registry: MemoryRegistry, *names: str, tag: str = "v1") -> InspectResult:
    trusted = policy(*names) if names else TrustPolicy()
    return inspect(Reference(registry.repository, tag), registry, trusting(CosignVerifier()), trusted, read_certificate)


def text_of(result: InspectResult) -> str:
    return render_result(result, "text")


@pytest.mark.usefixtures("artifact")
def test_an_artifact_alone_is_shown_with_its_content(registry: MemoryRegistry) -> None:
    result = inspected(registry)

    assert (result.source, result.revision) == ("https://git.test/shop", "main@sha1:1")
    assert result.content.objects == {"ConfigMap": 1, "Deployment.apps": 1}
    assert result.content.images == ("busybox", "ghcr.io/acme/web@sha256:abc")
    assert (result.signatures, result.attestations, result.is_trusted) == ((), (), None)
    assert "Signatures: none" in text_of(result)


def test_without_anybody_named_everything_is_shown_as_what_it_says(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    sign(artifact, registry, signer(), CosignVerifier())
    pushed_by_github(registry, artifact, github_bundle(artifact))
    attached(registry, artifact, [(envelope(about(artifact, CYCLONEDX, BOM)), {})])

    result = inspected(registry)

    assert [item.verified for item in (*result.signatures, *result.attestations)] == [None] * 3
    assert [item.name for item in result.attestations] == ["slsaprovenance1", "cyclonedx"]
    github = result.attestations[0]
    assert github.claimed_identity == CertificateIdentity(WORKFLOW, GITHUB)
    assert (github.claimed_log, github.claimed_time) == ("123456", 1793491200.0)
    text = text_of(result)
    assert "Trust: not verified, for nobody was named" in text
    assert "Provenance (says, not verified)" in text
    assert f"says: by {WORKFLOW} (issuer {GITHUB}), signed 2026-11-01T" in text
    assert "✓" not in text


def test_what_the_named_signers_made_is_verified_and_the_rest_is_not(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    sign(artifact, registry, signer(), CosignVerifier())
    sign(artifact, registry, signer("theirs"), CosignVerifier())
    attested(registry, artifact, PROVENANCE, GITHUB_PROVENANCE)
    attested(registry, artifact, CYCLONEDX, BOM, "theirs")

    result = inspected(registry, "ours")

    assert result.is_trusted is True
    assert [item.accepted for item in result.signatures] == [True, False]
    assert [(item.name, item.accepted) for item in result.attestations] == [
        ("slsaprovenance1", True),
        ("cyclonedx", False),
    ]
    text = text_of(result)
    assert "Trust: trusted" in text
    assert "Provenance (by ours.pub" in text
    assert "SBOM (says, not verified)" in text
    assert "✗" in text


def test_provenance_and_sbom_are_told_in_full(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    attested(registry, artifact, PROVENANCE, GITHUB_PROVENANCE)
    attested(registry, artifact, CYCLONEDX, BOM)

    document = inspected(registry, "ours").document()

    (provenance,), (bom,) = document["provenance"], document["sboms"]
    assert (provenance["repositories"], provenance["commit"], provenance["accepted"]) == ([REPOSITORY], COMMIT, True)
    assert bom["components"] == {"application": 1, "container": 1}
    assert [item["predicate"] for item in document["attestations"]] == [GITHUB_PROVENANCE, BOM]
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_an_artifact_that_the_policy_refuses_is_shown_all_the_same(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    sign(artifact, registry, signer("theirs"), CosignVerifier())

    result = inspected(registry, "ours")

    assert result.is_trusted is False
    assert "NOT trusted, signature by ours.pub: " in text_of(result)


def test_an_attestation_about_another_artifact_is_named_as_such(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    other = stored_artifact(registry, revision="2", tag="v2")
    content = json.dumps(bundle_document(about(other, PROVENANCE, {}), key=private_key("ours"))).encode()
    referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, content)])

    assert [item.reason for item in inspected(registry).attestations] == ["it is about another artifact"]
    assert "another digest" in inspected(registry, "ours").attestations[0].reason


def test_other_referrers_and_tags_of_cosign_are_listed(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    sign(artifact, registry, signer("ours", SIMPLE), CosignVerifier())
    odd = referrer(registry, artifact, [Blob("application/spdx+json", b"{}")], artifactType="application/spdx+json")

    result = inspected(registry)

    assert [(item.digest, item.artifact_type) for item in result.referrers] == [(odd, "application/spdx+json")]
    assert list(result.tags) == [artifact.digest.replace(":", "-") + ".sig"]
    assert "application/spdx+json" in text_of(result)


def test_a_flooded_artifact_is_shown_with_what_stood_in_the_way(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    for number in range(MAX_REFERRERS + 5):
        referrer(registry, artifact, [], annotations={"number": str(number)})

    result = inspected(registry)

    assert "261 referrers, more than the 256 we read" in result.problem
    assert (len(result.referrers), result.more_referrers) == (256, 5)
    assert len(text_of(result).splitlines()) < 60


def test_an_image_or_a_damaged_layer_is_shown_with_the_reason(registry: MemoryRegistry) -> None:
    layer = store(registry, Blob("application/vnd.oci.image.layer.v1.tar+gzip", b"no gzip"))
    config = store(registry, Blob("application/vnd.oci.image.config.v1+json", b"{}"))
    parts = [
        {"mediaType": part.media_type, "digest": part.descriptor.digest, "size": len(part.content)}
        for part in (config, layer)
    ]
    document = {"schemaVersion": 2, "config": parts[0], "layers": parts[1:]}
    registry.write_manifest(Blob("application/vnd.oci.image.manifest.v1+json", json.dumps(document).encode()), "v1")
    index = {"schemaVersion": 2, "manifests": []}
    registry.write_manifest(Blob("application/vnd.oci.image.index.v1+json", json.dumps(index).encode()), "v2")

    assert inspected(registry).content.problem
    assert inspected(registry, tag="v2").content.problem


def test_an_artifact_that_is_missing_is_an_error(registry: MemoryRegistry) -> None:
    with pytest.raises(ArtifactNotFoundError):
        inspected(registry)


@pytest.mark.parametrize(
    "predicate",
    [
        '{"a":' * 150 + "1" + "}" * 150,
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
    ],
    ids=["deep", "infinite", "surrogate"],
)
def test_a_predicate_that_is_no_decent_json_is_left_out(
    registry: MemoryRegistry, artifact: PinnedReference, predicate: str
) -> None:
    payload = about(artifact, PROVENANCE, "PLACE").replace(b'"PLACE"', predicate.encode())
    referrer(registry, artifact, [Blob(SIGSTORE_BUNDLE, json.dumps(bundle_document(payload)).encode())])

    for names in ((), ("ours",)):
        (attestation,) = inspected(registry, *names).attestations
        assert attestation.predicate is None
        assert "no decent JSON" in attestation.reason


def test_strangers_words_cannot_draw_on_the_terminal(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    hostile = "\x1b[2J\x9b31m\u202e\nTrust: trusted"
    attested(registry, artifact, f"https://evil.test/{hostile}", {})
    attested(registry, artifact, PROVENANCE, {
        "buildDefinition": {
            "buildType": hostile,
            "externalParameters": {hostile: {hostile: [hostile]}, "workflow": {"repository": hostile, "ref": hostile}},
            "resolvedDependencies": [{"uri": hostile, "digest": {hostile: hostile}, "name": hostile}],
        },
        "runDetails": {"builder": {"id": hostile}, "metadata": {"invocationId": hostile, "startedOn": hostile}},
    })  # fmt: skip
    attested(registry, artifact, CYCLONEDX, {
        "specVersion": hostile,
        "metadata": {"component": {"name": hostile}, "timestamp": hostile},
        "components": [{"type": hostile}, {"type": "container", "name": hostile, "version": hostile}],
    })  # fmt: skip
    document = json.loads(github_bundle(artifact))
    raw = base64.b64encode(certificate(f"https://evil.test/{'x' * 50}\x1b[2J", hostile)).decode()
    document["verificationMaterial"]["certificate"]["rawBytes"] = raw
    pushed_by_github(registry, artifact, json.dumps(document).encode())
    referrer(registry, artifact, [], artifactType=hostile, annotations={hostile: hostile})

    for names in ((), ("ours",)):
        text = text_of(inspected(registry, *names))
        assert not set(text) & {"\x1b", "\x9b", "\u202e"}
        assert "\nTrust: trusted" not in text


def test_long_lists_are_cut_in_text_alone(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    components = [{"type": f"t{number}"} for number in range(100)]
    components += [{"type": "container", "name": f"image-{number}"} for number in range(100)]
    attested(registry, artifact, CYCLONEDX, {"components": components})

    result = inspected(registry, "ours")

    assert "… and 80 more (-o json has all)" in text_of(result)
    assert len(result.document()["sboms"][0]["images"]) == 100


@pytest.mark.parametrize("content", [b"", b"\x30\x80", "no PEM", "ü", "x" * 100_000])
def test_what_is_no_certificate_names_nobody(content: str | bytes) -> None:
    assert read_certificate(content) is None


def test_a_certificate_names_a_mail_address_too() -> None:
    assert read_certificate(certificate("somebody@acme.test", "https://login.test")) == CertificateIdentity(
        "somebody@acme.test", "https://login.test"
    )
