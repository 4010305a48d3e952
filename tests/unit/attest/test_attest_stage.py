from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import ArtifactNotFoundError, RefusedError, TrustError, UsageError
from pipeline.model.artifact.manifest import parse_manifest, referrer_descriptor
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import Signature, Verified
from pipeline.model.trust.in_toto import SIGN_PREDICATE_TYPE
from pipeline.model.trust.policy import TrustPolicy
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages import attest as stage
from pipeline.stages.attest import attest
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import require_trust
from pipeline.testing.registry import MemoryRegistry
from tests.trusting import trusting
from tests.unit.sign.support import BUNDLE, DIGEST, SIMPLE, policy, signer, stored_artifact

TYPE = "https://acme.dev/scan/v1"
SCAN = {"findings": 0, "by": "Müller"}


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


def _attest(
    registry: MemoryRegistry, artifact: PinnedReference, name: str = "ours", **options: object
) -> tuple[str, bool]:
    given: dict[str, Any] = {"predicate_type": TYPE, "predicate": SCAN, **options}
    result = attest(artifact, registry=registry, signer=signer(name), verifier=CosignVerifier(), **given)
    return result.attestation_digest, result.attested


def test_a_statement_is_found_and_verified_as_what_it_is(registry: MemoryRegistry) -> None:
    artifact = stored_artifact(registry)

    digest, attested = _attest(registry, artifact)

    judgement = judge_signatures(artifact, registry, CosignVerifier(), policy("ours"))
    assert attested
    assert judgement.accepted == ()
    assert [(found.predicate_type, found.predicate) for found in judgement.attestations] == [(TYPE, SCAN)]
    assert judgement.attestations[0].signature.found_in == digest


def test_the_referrer_tells_what_is_stated_and_where_to_find_it(registry: MemoryRegistry) -> None:
    artifact = stored_artifact(registry)

    digest, _ = _attest(registry, artifact)

    listed = referrer_descriptor(registry.read_manifest(digest))
    assert listed.annotations["dev.sigstore.bundle.predicateType"] == TYPE
    layer = parse_manifest(registry.read_manifest(digest)).layers[0]
    bundle = json.loads(b"".join(registry.read_blob(layer)))
    assert bundle["dsseEnvelope"]["payloadType"] == "application/vnd.in-toto+json"


def test_an_attestation_is_no_signature(registry: MemoryRegistry) -> None:
    artifact = stored_artifact(registry)
    _attest(registry, artifact)

    with pytest.raises(TrustError, match="it is an attestation of type"):
        require_trust(artifact, registry, trusting(CosignVerifier()), policy("ours"))


def test_the_same_statement_by_the_same_signer_is_not_made_twice(registry: MemoryRegistry) -> None:
    artifact = stored_artifact(registry)
    first, _ = _attest(registry, artifact)

    again, attested = _attest(registry, artifact, predicate=dict(reversed(SCAN.items())))

    assert (again, attested) == (first, False)
    assert len(registry.referrers(artifact.digest)) == 1


@pytest.mark.parametrize(
    "other", [{"predicate": {"findings": 1}}, {"predicate_type": "https://acme.dev/scan/v2"}, {"name": "theirs"}]
)
def test_another_statement_or_signer_is_added(registry: MemoryRegistry, other: dict[str, Any]) -> None:
    artifact = stored_artifact(registry)
    first, _ = _attest(registry, artifact)

    digest, attested = _attest(registry, artifact, **other)

    assert attested
    assert digest != first
    assert len(registry.referrers(artifact.digest)) == 2


def test_signing_after_attesting_works_as_ever(registry: MemoryRegistry) -> None:
    artifact = stored_artifact(registry)
    _attest(registry, artifact)

    assert sign(artifact, registry, signer("ours"), CosignVerifier()).signed
    verdict = require_trust(artifact, registry, trusting(CosignVerifier()), policy("ours"))
    assert [signature.format for signature in verdict.signatures] == [BUNDLE]


@pytest.mark.parametrize("name", ["ours", "theirs"])
def test_a_first_bundle_does_not_take_simple_signatures_out_of_sight(registry: MemoryRegistry, name: str) -> None:
    artifact = stored_artifact(registry)
    sign(artifact, registry, signer(name, SIMPLE), CosignVerifier())

    with pytest.raises(RefusedError, match=r"only \.sig signatures") as refused:
        _attest(registry, artifact)

    assert refused.value.code == "refused.shadowing"
    assert not registry.referrers(artifact.digest)
    assert _attest(registry, artifact, allow_shadowing=True)[1]


@pytest.mark.parametrize("name", ["ours", "theirs"])
def test_beside_a_bundle_simple_signatures_are_overlooked_anyway(registry: MemoryRegistry, name: str) -> None:
    artifact = stored_artifact(registry)
    sign(artifact, registry, signer(name), CosignVerifier())
    sign(artifact, registry, signer(name, SIMPLE), CosignVerifier())

    assert _attest(registry, artifact)[1]
    assert _attest(registry, artifact, predicate={})[1]


def test_a_simple_signature_that_an_attestation_hides_is_refused(registry: MemoryRegistry) -> None:
    artifact = stored_artifact(registry)
    _attest(registry, artifact)

    with pytest.raises(RefusedError, match="or attestations, beside which"):
        sign(artifact, registry, signer("ours", SIMPLE), CosignVerifier())


def test_what_does_not_exist_is_not_attested(registry: MemoryRegistry) -> None:
    with pytest.raises(ArtifactNotFoundError, match="does not exist"):
        _attest(registry, PinnedReference(registry.repository, DIGEST))


@pytest.mark.parametrize("predicate", [{"n": float("nan")}, {"o": object()}, {"t": "\ud800"}])
def test_what_is_no_json_is_refused_before_anything_is_written(
    registry: MemoryRegistry, predicate: dict[str, Any]
) -> None:
    artifact = stored_artifact(registry)

    with pytest.raises(UsageError, match="cannot be written as JSON"):
        _attest(registry, artifact, predicate=predicate)

    assert not registry.referrers(artifact.digest)


def test_a_predicate_without_an_end_is_refused(registry: MemoryRegistry) -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless

    with pytest.raises(UsageError, match="cannot be written as JSON"):
        _attest(registry, stored_artifact(registry), predicate=endless)


def test_more_than_is_ever_read_is_not_written(registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = stored_artifact(registry)
    monkeypatch.setattr(stage, "MAX_BUNDLE_BYTES", 1000)

    with pytest.raises(UsageError, match="nobody reads more than 1000"):
        _attest(registry, artifact, predicate={"log": "x" * 1000})

    assert not registry.referrers(artifact.digest)


def test_a_signature_does_not_pass_for_an_attestation(registry: MemoryRegistry) -> None:
    with pytest.raises(UsageError, match="is a signature, no attestation"):
        _attest(registry, stored_artifact(registry), predicate_type=SIGN_PREDICATE_TYPE)


class _Refusing:
    """Finds nothing wrong with what is there, and everything with what is new."""

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        raise TrustError("it does not hold")


def test_what_does_not_verify_is_not_written(registry: MemoryRegistry) -> None:
    artifact = stored_artifact(registry)
    refusing: Callable[[], Any] = _Refusing

    with pytest.raises(TrustError, match="it does not hold"):
        attest(artifact, TYPE, SCAN, registry, signer("ours"), refusing())

    assert not registry.referrers(artifact.digest)
