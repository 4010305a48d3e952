"""Certificates that were found by fuzzing."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding

from pipeline.signers.certificates import read_certificate
from tests.fuzz.material import ISSUER, SUBJECT, leaf


def test_a_serial_number_of_nothing_is_read_without_a_warning() -> None:
    der = leaf()[1].public_bytes(Encoding.DER)
    odd = der.replace(b"\x02\x01\x07", b"\x02\x01\x00", 1)

    found = read_certificate(odd)

    assert odd != der
    assert found is not None
    assert (found.subject, found.issuer) == (SUBJECT, ISSUER)
