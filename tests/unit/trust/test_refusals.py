"""What every door says when it refuses, and what it costs to open it."""

from __future__ import annotations

import time

import pytest

from pipeline.errors import TrustError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob, Descriptor
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.policy import AllOf, Attested, Rule, SignedBy, TrustPolicy
from pipeline.model.trust.predicate_types import CYCLONEDX, TEST_RESULT
from pipeline.model.trust.storage import EMPTY_CONFIG, bundle_manifest
from pipeline.stages.copy import copy
from pipeline.stages.package import package
from pipeline.stages.sign import sign
from pipeline.stages.trust import require_trust
from pipeline.testing.registry import MemoryRegistry
from pipeline.testing.signing import NamedSigner, NamedVerifier
from tests.trusting import trusting
from tests.unit.package.conftest import Listener

OURS, THEIRS = NamedSigner("ours"), NamedSigner("theirs")
BY_OURS = OURS.own_policy().signers
PORTS = trusting(NamedVerifier())
SBOM = Attested("an SBOM", (CYCLONEDX,), BY_OURS)
TESTED = Attested("a test", (TEST_RESULT,), BY_OURS, ("predicate.result == 'PASSED'", "predicate.tests.size() > 3"))


def published(registry: MemoryRegistry, *signers: NamedSigner) -> PinnedReference:
    artifact = build_artifact(pack([("a.yaml", registry.repository.path.encode())]))
    pinned = package(artifact, registry, tags=(), reporter=Listener()).artifact
    for signer in signers:
        sign(pinned, registry, signer, NamedVerifier())
    return pinned


def attest(
    registry: MemoryRegistry, artifact: PinnedReference, predicate_type: str, predicate: dict[str, object]
) -> None:
    statement = write_statement(artifact.digest, registry.repository.name, predicate_type, predicate)
    bundle = Blob(SIGSTORE_BUNDLE, OURS.attest(statement).content)
    for blob in (EMPTY_CONFIG, bundle):
        registry.write_blob(blob.descriptor, lambda blob=blob: [blob.content])  # type: ignore[misc]
    manifest = registry.read_manifest(artifact.digest)
    subject = Descriptor(manifest.media_type, artifact.digest, len(manifest.content))
    registry.write_manifest(bundle_manifest(subject, bundle.descriptor, predicate_type))


def store(path: str = "acme/shop") -> MemoryRegistry:
    return MemoryRegistry(Repository("ghcr.io", path))


def refusal(policy: TrustPolicy, *signers: NamedSigner) -> TrustError:
    registry = store()
    artifact = published(registry, *signers)
    with pytest.raises(TrustError) as error:
        require_trust(artifact, registry, PORTS, policy)
    return error.value


def test_unsigned_is_told_how_to_sign() -> None:
    error = refusal(OURS.own_policy())

    assert error.code == "trust.unsigned"
    assert error.message.endswith(" is not signed")
    assert "gitless sign oci://ghcr.io/acme/shop@sha256:" in str(error.hint)


def test_signed_by_others_is_told_why_that_is_not_enough() -> None:
    error = refusal(OURS.own_policy(), THEIRS)

    assert error.code == "trust.not-accepted"
    assert "has no signature by ours: bundle signature in sha256:" in error.message
    assert "it was not made by a trusted key" in error.message


def test_a_rule_is_named_with_what_was_found_and_what_would_do() -> None:
    policy = TrustPolicy(OURS.own_policy().keys, rules=(Rule("sbom", ("ghcr.io/**",), SBOM),), source="gitless.yaml")
    error = refusal(policy, OURS)

    assert (error.exit_code, error.code) == (4, "trust.policy")
    assert error.message.partition(" does not ")[2] == (
        "satisfy gitless.yaml: rule 'sbom': no SBOM; nothing is attested by anybody whom the policy names"
    )
    assert error.hint == "needed: an SBOM by ours; `gitless trust explain` shows every rule"


def test_every_rule_that_failed_is_named_and_none_that_held() -> None:
    rules = (
        Rule("signed", ("**",), SignedBy(BY_OURS)),
        Rule("sbom", ("**",), SBOM),
        Rule("tested", ("**",), TESTED),
    )
    error = refusal(TrustPolicy(rules=rules), OURS)

    assert "rule 'sbom'" in error.message
    assert "rule 'tested'" in error.message
    assert "rule 'signed'" not in error.message
    assert "needed: an SBOM by ours; and a test by ours where" in str(error.hint)


def test_a_repository_without_a_rule_is_told_whom_the_rules_are_for() -> None:
    error = refusal(TrustPolicy(rules=(Rule("r", ("quay.io/acme/**",), SBOM),)), OURS)

    assert error.message.endswith("no rule of the policy is for ghcr.io/acme/shop; rules are for quay.io/acme/**")


def test_an_empty_policy_is_named() -> None:
    error = refusal(TrustPolicy(source="policy.yaml"), OURS)

    assert error.code == "trust.no-keys"
    assert error.message == "no key and no identity is trusted by policy.yaml, so no signature can be accepted"


def test_nothing_is_copied_that_the_policy_refuses() -> None:
    registry, elsewhere, listener = store(), store("mirror/shop"), Listener()
    artifact = published(registry, THEIRS)

    with pytest.raises(TrustError, match="has no signature by ours"):
        copy(artifact, registry, elsewhere, policy=OURS.own_policy(), trust=PORTS, tags=("v1",), reporter=listener)

    assert not [name for name, *_ in elsewhere.calls if name.startswith(("write", "mount"))]
    sign(artifact, registry, OURS, NamedVerifier())
    copy(artifact, registry, elsewhere, policy=OURS.own_policy(), trust=PORTS, tags=("v1",), reporter=listener)
    assert elsewhere.tags() == ["v1"]


def test_a_thousand_artifacts_are_verified_and_decided_within_two_seconds() -> None:
    registries = [store(f"acme/app{number}") for number in range(1000)]
    artifacts = [published(registry, OURS) for registry in registries]
    for registry, artifact in zip(registries, artifacts, strict=True):
        attest(registry, artifact, TEST_RESULT, {"result": "PASSED", "tests": ["test"] * 20})
    policy = TrustPolicy(
        OURS.own_policy().keys, rules=(Rule("tested", ("ghcr.io/**",), AllOf((TESTED, SignedBy(BY_OURS)))),)
    )
    began = time.process_time()

    for registry, artifact in zip(registries, artifacts, strict=True):
        require_trust(artifact, registry, PORTS, policy)

    assert time.process_time() - began < 2
