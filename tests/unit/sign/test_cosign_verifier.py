from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.trust.evidence import Signature, SignatureFormat, VerifiedAttestation
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.signers.cosign import CosignVerifier
from pipeline.testing.clock import MemoryClock
from tests.trusting import signature_of
from tests.unit.sign.support import (
    BUNDLE,
    DIGEST,
    OTHER_DIGEST,
    SIMPLE,
    bundle,
    bundle_document,
    policy,
    private_key,
    raw_signature,
    signer,
    simple,
    simple_payload,
    statement,
)

SUBJECT = PinnedReference(Repository("registry.test", "team/app"), DIGEST)
Change = Callable[[dict[str, Any]], object]


def verify(signature: Signature, *names: str, digest: str = DIGEST) -> str:
    return signature_of(CosignVerifier().verify(digest, signature, policy(*(names or ("ours",))))).signer


def changed(change: Change) -> Signature:
    document = bundle_document(json.dumps(statement()).encode())
    change(document)
    return bundle(document)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA 2048", "Ed25519"])
@pytest.mark.parametrize("signature_format", list(SignatureFormat))
def test_every_kind_of_key_signs_and_verifies_in_both_formats(kind: str, signature_format: SignatureFormat) -> None:
    signature = signer("ours", signature_format, kind).sign(SUBJECT)

    verified = signature_of(CosignVerifier().verify(DIGEST, signature, policy("ours", kind=kind)))

    assert verified.digest == DIGEST
    assert verified.format is signature_format
    assert verified.fingerprint.startswith("SHA256:")
    assert verified.signer == f"ours.pub ({verified.fingerprint})"


def test_our_bundle_has_the_fields_of_cosign_and_the_time_and_no_others() -> None:
    document = json.loads(signer(clock=MemoryClock(1_764_000_000.0)).sign(SUBJECT).content)
    subject = {**statement()["subject"][0], "annotations": {"gitless.dev/signed-at": "2025-11-24T16:00:00Z"}}
    expected = bundle_document(json.dumps(statement(subject=[subject]), separators=(",", ":")).encode())

    for one in (document, expected):
        one["dsseEnvelope"]["signatures"][0].pop("sig")

    assert document == expected


def test_our_simple_payload_is_the_one_of_cosign_with_the_time() -> None:
    made = signer("ours", SIMPLE, clock=MemoryClock(1_764_000_000.0)).sign(SUBJECT)

    assert json.loads(made.content) == {**simple_payload(), "optional": {"timestamp": 1_764_000_000}}


def test_any_one_of_several_keys_is_enough() -> None:
    assert verify(bundle(), "theirs", "ours", "others").startswith("ours.pub")


@pytest.mark.parametrize("signature", [bundle(), simple(simple_payload())], ids=["bundle", "simple"])
def test_a_foreign_key_is_refused(signature: Signature) -> None:
    with pytest.raises(TrustError, match="not made by a trusted key"):
        verify(signature, "theirs")


@pytest.mark.parametrize("signature", [bundle(), simple(simple_payload())], ids=["bundle", "simple"])
def test_no_keys_refuse_everything(signature: Signature) -> None:
    with pytest.raises(TrustError, match="no key is trusted"):
        signature_of(CosignVerifier().verify(DIGEST, signature, TrustPolicy()))


@pytest.mark.parametrize("signature", [bundle(), simple(simple_payload())], ids=["bundle", "simple"])
def test_a_signature_moved_to_another_artifact_is_refused(signature: Signature) -> None:
    with pytest.raises(TrustError, match="another digest"):
        verify(signature, digest=OTHER_DIGEST)


def test_an_attestation_by_our_own_key_is_no_signature() -> None:
    verified = CosignVerifier().verify(DIGEST, bundle(predicateType="https://slsa.dev/provenance/v1"), policy("ours"))

    assert isinstance(verified, VerifiedAttestation)
    assert verified.predicate_type == "https://slsa.dev/provenance/v1"
    assert verified.signature.signer.startswith("ours.pub (")


def test_a_subject_among_several_counts() -> None:
    subjects = [{"digest": {"sha256": "cd" * 32}}, {"digest": {"sha256": "ab" * 32}}]

    assert verify(bundle(subject=subjects))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "type is"),
        ({"_type": None}, "type is"),
        ({"predicateType": 7}, "lacks .predicateType."),
        ({"subject": []}, "no usable list of subjects"),
        ({"subject": None}, "no usable list of subjects"),
        ({"subject": [None]}, "another digest"),
        ({"subject": [{"digest": ["sha256"]}]}, "another digest"),
        ({"subject": [{"digest": {"sha512": "ab" * 32}}]}, "another digest"),
        ({"subject": [{"digest": {"sha256": "AB" * 32}}]}, "another digest"),
        ({"subject": [{"digest": {"sha256": "ab" * 32}}] * 1025}, "no usable list of subjects"),
    ],
)
def test_statements_that_say_something_else_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(TrustError, match=reason):
        verify(bundle(**changes))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2"), "expected version 0.3"),
        (lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle.v0.4+json"), "expected version 0.3"),
        (lambda b: b.update(mediaType="application/json"), "expected version 0.3"),
        (lambda b: b.pop("mediaType"), "lacks 'mediaType'"),
        (lambda b: b.pop("verificationMaterial"), "lacks 'verificationMaterial'"),
        (lambda b: b.update(verificationMaterial={"certificate": {"rawBytes": "AA=="}}), "keyless"),
        (lambda b: b.pop("dsseEnvelope"), "lacks 'dsseEnvelope'"),
        (lambda b: b.update(messageSignature={"signature": "AA=="}), "bare message signature"),
        (lambda b: b["dsseEnvelope"].update(payloadType="text/plain"), "payload type"),
        (lambda b: b["dsseEnvelope"].update(payload="%%%"), "not base64"),
        (lambda b: b["dsseEnvelope"].update(payload=base64.b64encode(b"{}").decode()), "what it signs was changed"),
        (lambda b: b["dsseEnvelope"].update(signatures=[]), "exactly one signature"),
        (lambda b: b["dsseEnvelope"].update(signatures=b["dsseEnvelope"]["signatures"] * 2), "exactly one signature"),
        (lambda b: b["dsseEnvelope"].update(signatures=[None]), "exactly one signature"),
        (lambda b: b["dsseEnvelope"]["signatures"][0].update(sig=""), "not made by a trusted key"),
        (lambda b: b["dsseEnvelope"]["signatures"][0].update(sig="é"), "not base64"),
        (lambda b: b["dsseEnvelope"]["signatures"][0].update(sig=None), "lacks 'sig'"),
    ],
)
def test_bundles_with_one_thing_wrong_are_refused_by_name(change: Change, reason: str) -> None:
    with pytest.raises(TrustError, match=reason):
        verify(changed(change))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff{}", "not valid JSON"),
        (b'{"mediaType": NaN}', "not valid JSON"),
        (b'{"mediaType": "a", "mediaType": "b"}', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a":' + b"9" * 5_000 + b"}", "not valid JSON"),
        (b" " * (8 * 1024 * 1024 + 1), "larger than"),
    ],
    ids=["empty", "list", "encoding", "nan", "duplicate", "deep", "long number", "large"],
)
def test_content_that_is_no_bundle_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(TrustError, match=reason):
        verify(Signature(BUNDLE, content))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"nonsense", "not valid JSON"),
        ({}, "lacks 'critical'"),
        ({"critical": {"type": "atomic container signature"}}, "type is not"),
        ({"critical": {"type": "cosign container image signature"}}, "lacks 'image'"),
        (simple_payload(OTHER_DIGEST), "another digest"),
        (b" " * (64 * 1024 + 1), "larger than"),
    ],
)
def test_simple_payloads_that_say_something_else_are_refused(payload: dict[str, Any] | bytes, reason: str) -> None:
    with pytest.raises(TrustError, match=reason):
        verify(simple(payload))


def test_a_simple_signature_over_other_bytes_is_refused() -> None:
    signature = simple(simple_payload())

    with pytest.raises(TrustError, match="what it signs was changed"):
        verify(Signature(SIMPLE, signature.content + b" ", signature.signature))


def test_larger_curves_may_use_their_own_hash_as_cosign_does() -> None:
    document = bundle_document(
        json.dumps(statement()).encode(), key=private_key("ours", "P-384"), algorithm=hashes.SHA384()
    )

    assert (
        signature_of(CosignVerifier().verify(DIGEST, bundle(document), policy("ours", kind="P-384"))).digest == DIGEST
    )


def test_a_weak_hash_is_refused() -> None:
    payload = json.dumps(simple_payload()).encode()
    signature = raw_signature(private_key("ours"), payload, hashes.SHA512())

    with pytest.raises(TrustError, match="not made by a trusted key"):
        verify(Signature(SIMPLE, payload, base64.b64encode(signature).decode()))


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "cosign.pub",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n%%%\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n",
    ],
)
def test_keys_that_are_none_are_trust_errors(pem: str) -> None:
    with pytest.raises(TrustError, match=r"broken\.pub"):
        signature_of(CosignVerifier().verify(DIGEST, bundle(), TrustPolicy((PublicKey(pem, "broken.pub"),))))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(content=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=150, deadline=None)
def test_no_bytes_raise_anything_but_trust_errors(content: bytes) -> None:
    for signature_format, encoded in ((BUNDLE, None), (SIMPLE, "AAAA"), (SIMPLE, "ä")):
        with pytest.raises(TrustError):
            verify(Signature(signature_format, content, encoded))


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_change_to_a_good_bundle_raises_anything_but_trust_errors(data: st.DataObject) -> None:
    document = bundle_document(json.dumps(statement()).encode())
    here: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        inner = here[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        here = inner
    here[key] = data.draw(json_values)

    try:
        verify(bundle(document))
    except TrustError:
        return
    # What may vary in a valid bundle is what nobody relies on.
    assert (
        document["dsseEnvelope"]["payload"]
        == bundle_document(json.dumps(statement()).encode())["dsseEnvelope"]["payload"]
    )


@given(position=st.integers(min_value=0), flip=st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_no_flipped_byte_of_payload_or_signature_is_accepted(position: int, flip: int) -> None:
    document = bundle_document(json.dumps(statement()).encode())
    for holder, name in ((document["dsseEnvelope"], "payload"), (document["dsseEnvelope"]["signatures"][0], "sig")):
        content = bytearray(base64.b64decode(holder[name]))
        content[position % len(content)] ^= flip
        tampered = {**holder, name: base64.b64encode(bytes(content)).decode()}
        envelope = document["dsseEnvelope"]
        changed_envelope = tampered if name == "payload" else {**envelope, "signatures": [tampered]}
        with pytest.raises(TrustError):
            verify(bundle({**document, "dsseEnvelope": changed_envelope}))
