"""When a key's signature was made: told in the signed words, and believed only as far as it can be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.trust.evidence import Signature, SignatureFormat, TimeSource, VerifiedAttestation, VerifiedSignature
from pipeline.model.trust.in_toto import write_statement
from pipeline.signers.cosign import CosignSigner, CosignVerifier
from pipeline.testing.clock import MemoryClock
from tests.trusting import signature_of
from tests.unit.sign.support import (
    DIGEST,
    OTHER_DIGEST,
    bundle,
    policy,
    private_key,
    simple,
    simple_payload,
)

SUBJECT = PinnedReference(Repository("registry.test", "team/app"), DIGEST)
NOW = 1_764_000_000.0
DAY = 86400
KEY = "gitless.dev/signed-at"


def verify(signature: Signature) -> VerifiedSignature:
    return signature_of(CosignVerifier(MemoryClock(NOW)).verify(DIGEST, signature, policy("ours")))


@pytest.mark.parametrize("signature_format", list(SignatureFormat))
def test_the_time_of_signing_is_known_to_whoever_verifies(signature_format: SignatureFormat) -> None:
    signer = CosignSigner(private_key("ours"), "ours.pub", signature_format, MemoryClock(NOW - 60.25))

    verified = verify(signer.sign(SUBJECT))

    assert verified.signed_at == NOW - 61
    assert verified.time_source is TimeSource.SIGNER


def test_an_attestation_says_when_it_was_made_and_keeps_its_words() -> None:
    signer = CosignSigner(private_key("ours"), "ours.pub", SignatureFormat.BUNDLE, MemoryClock(NOW))
    predicate = {"näme": "ünchanged", "number": 1.5, "list": [None, True]}

    signature = signer.attest(write_statement(DIGEST, "registry.test/team/app", "https://example.com/x", predicate))
    verified = CosignVerifier(MemoryClock(NOW)).verify(DIGEST, signature, policy("ours"))

    assert isinstance(verified, VerifiedAttestation)
    assert verified.predicate == predicate
    assert (verified.signature.signed_at, verified.signature.time_source) == (NOW, TimeSource.SIGNER)


def subject(annotations: object, digest: str = DIGEST) -> dict[str, Any]:
    return {"digest": {"sha256": digest.removeprefix("sha256:")}, "annotations": annotations}


IMPOSSIBLE_TEXTS = [
    None, 5, "", "yesterday", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2025-11-25T16:00:01Z",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2025-11-24T16:00:00Z" + " " * 64, ["2025-11-24T16:00:00Z"],
]  # fmt: skip


@pytest.mark.parametrize("told", IMPOSSIBLE_TEXTS)
def test_a_time_that_cannot_be_is_no_time_and_breaks_no_bundle(told: object) -> None:
    verified = verify(bundle(subject=[subject({KEY: told})]))

    assert (verified.signed_at, verified.time_source) == (None, None)


@pytest.mark.parametrize("annotations", [None, [], "text", {}, {"other": "2025-11-24T16:00:00Z"}])
def test_a_bundle_without_a_time_is_as_good(annotations: object) -> None:
    assert verify(bundle(subject=[subject(annotations)])).signed_at is None
    assert verify(bundle()).signed_at is None


def test_only_the_subject_that_is_meant_tells_its_time() -> None:
    others = [subject({KEY: "2020-01-01T00:00:00Z"}, OTHER_DIGEST), "nonsense", {"digest": 3}]

    assert verify(bundle(subject=[*others, subject({KEY: "2025-11-24T16:00:00Z"})])).signed_at == NOW
    assert verify(bundle(subject=[*others, subject({})])).signed_at is None


@pytest.mark.parametrize("told", [None, True, "1764000000", 1764000000.5, 0, -1, NOW + DAY + 1, 10**400])
def test_a_time_that_cannot_be_is_no_time_and_breaks_no_simple_signature(told: object) -> None:
    number = int(told) if isinstance(told, float) and told.is_integer() else told

    verified = verify(simple({**simple_payload(), "optional": {"timestamp": number}}))

    assert (verified.signed_at, verified.time_source) == (None, None)


@pytest.mark.parametrize("optional", [[], "text", {}, {"creator": "cosign"}, {"timestamp": {}}])
def test_a_simple_signature_without_a_time_is_as_good(optional: object) -> None:
    assert verify(simple({**simple_payload(), "optional": optional})).signed_at is None


def test_a_clock_that_is_a_little_ahead_is_believed() -> None:
    assert verify(simple({**simple_payload(), "optional": {"timestamp": int(NOW) + DAY}})).signed_at == NOW + DAY


def test_the_time_is_part_of_what_is_signed() -> None:
    signer = CosignSigner(private_key("ours"), "ours.pub", SignatureFormat.SIMPLE, MemoryClock(NOW))
    signature = signer.sign(SUBJECT)

    assert json.loads(signature.content)["optional"] == {"timestamp": int(NOW)}
