"""Certificates that were found by fuzzing."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pipeline.errors import TrustError
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.signers.certificates import read_certificate
from tests.fuzz.material import ISSUER, SUBJECT, encoded, keyless_document, leaf, policy
from tests.fuzz.targets.bundles import verifier
from tests.unit.sign.support import DIGEST


def test_a_serial_number_of_nothing_is_read_without_a_warning() -> None:
    der = leaf()[1].public_bytes(Encoding.DER)
    odd = der.replace(b"\x02\x01\x07", b"\x02\x01\x00", 1)

    found = read_certificate(odd)

    assert odd != der
    assert found is not None
    assert (found.subject, found.issuer) == (SUBJECT, ISSUER)


def test_an_unknown_version_is_not_read_and_refused() -> None:
    der = leaf()[1].public_bytes(Encoding.DER)
    odd = der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x5c", 1)
    document = keyless_document(b"{}")
    document["verificationMaterial"]["certificate"]["rawBytes"] = encoded(odd)
    bundle = Signature(SignatureFormat.BUNDLE, json.dumps(document).encode(), found_in=DIGEST)

    assert odd != der
    assert read_certificate(odd) is None
    with pytest.raises(TrustError, match="its certificate cannot be read"):
        verifier().verify(DIGEST, bundle, policy())
