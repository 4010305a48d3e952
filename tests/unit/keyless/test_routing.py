"""Which verifier a signature goes to, and what comes out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.trust.evidence import KeylessMaterial, Signature, SignatureFormat, Verified
from pipeline.model.trust.policy import Identity, TrustPolicy
from pipeline.signers.verifier import SignatureVerifier
from tests.contract.registry.servers import Silent
from tests.trusting import signature_of
from tests.unit.sign.support import DIGEST, bundle, policy, simple, simple_payload

IDENTITIES = (Identity(subject="https://ci.test/release", issuer="https://issuer.test"),)
CERTIFICATE = KeylessMaterial("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
KEYLESS_BUNDLE = (
    b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {"certificate": {}}}'
)


class Tripping:
    """A verifier that some library has made fail."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        raise self.error


class PanicException(BaseException):
    pass


@pytest.fixture
def verifier(tmp_path: Path) -> SignatureVerifier:
    return SignatureVerifier({}, Silent(), str(tmp_path))


def test_keys_signatures_hold_in_both_formats(verifier: SignatureVerifier) -> None:
    both = replace(policy("ours"), identities=IDENTITIES)

    for signature in (bundle(), simple(simple_payload())):
        assert signature_of(verifier.verify(DIGEST, signature, both)).key is not None


def test_a_certificate_beside_a_keys_signature_takes_nothing_from_it(verifier: SignatureVerifier) -> None:
    signature = replace(simple(simple_payload()), keyless=CERTIFICATE)

    for trusted in (policy("ours"), replace(policy("ours"), identities=IDENTITIES)):
        assert signature_of(verifier.verify(DIGEST, signature, trusted)).key is not None


def test_where_no_identity_is_trusted_the_key_is_what_is_wrong(verifier: SignatureVerifier) -> None:
    signature = replace(simple(simple_payload(), "theirs"), keyless=CERTIFICATE)

    with pytest.raises(TrustError, match="not made by a trusted key"):
        verifier.verify(DIGEST, signature, policy("ours"))


@pytest.mark.parametrize(
    "signature",
    [
        Signature(SignatureFormat.BUNDLE, KEYLESS_BUNDLE),
        Signature(SignatureFormat.BUNDLE, KEYLESS_BUNDLE.replace(b"certificate", b"x509CertificateChain")),
        Signature(SignatureFormat.BUNDLE, b"{}", keyless=CERTIFICATE, is_envelope=True),
    ],
)
def test_a_keyless_signature_needs_a_trusted_identity(verifier: SignatureVerifier, signature: Signature) -> None:
    with pytest.raises(TrustError, match=r"made without a key \(keyless\), and no identity is trusted"):
        verifier.verify(DIGEST, signature, policy("ours"))


def test_a_keys_signature_where_only_identities_are_trusted_is_refused(verifier: SignatureVerifier) -> None:
    with pytest.raises(TrustError, match="no key is trusted"):
        verifier.verify(DIGEST, bundle(), TrustPolicy(identities=IDENTITIES))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret"),
        RecursionError(),
        MemoryError(),
        PanicException("secret"),
        ConfigurationError("a file is missing"),
        OSError(28, "no space"),
    ],
)
def test_whatever_trips_over_a_signature_refuses_that_signature(
    verifier: SignatureVerifier, error: BaseException
) -> None:
    verifier._with_key = Tripping(error)

    with pytest.raises(TrustError) as refused:
        verifier.verify(DIGEST, bundle(), policy("ours"))

    assert "secret" not in refused.value.message


def test_who_interrupts_is_obeyed(verifier: SignatureVerifier) -> None:
    verifier._with_key = Tripping(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        verifier.verify(DIGEST, bundle(), policy("ours"))
