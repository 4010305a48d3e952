from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from pipeline.model.artifact.manifest import OCI_MANIFEST, StoredManifest
from pipeline.model.trust.notation import NotationMaterial
from pipeline.model.trust.notation_times import signing_time
from pipeline.stages.notation_signatures import notation_issued_at

AT = 1_764_003_600.0
SIGNING_TIME, AUTHENTIC = "io.cncf.notary.signingTime", "io.cncf.notary.authenticSigningTime"


def jws(headers: object) -> bytes:
    protected = base64.urlsafe_b64encode(json.dumps(headers).encode()).rstrip(b"=").decode()
    return json.dumps({"payload": "e30", "protected": protected, "header": {}, "signature": "AA"}).encode()


def cbor(value: Any) -> bytes:  # noqa: ANN401 - what is written here
    """Enough of RFC 8949 for headers."""
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())
    return b"\xf6"


def head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for size, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes([kind << 5 | size]) + number.to_bytes(width, "big")
    raise AssertionError(number)


def tagged(number: int, content: bytes) -> bytes:
    return head(6, number) + content


def cose(headers: bytes) -> bytes:
    return tagged(18, cbor([headers, {}, b"{}", b"signature"]))


def time_header(name: str, at: int) -> bytes:
    return head(5, 3) + cbor(1) + cbor(-37) + cbor(2) + cbor([name]) + cbor(name) + tagged(1, cbor(at))


def test_an_envelope_tells_when_it_was_signed() -> None:
    assert signing_time(jws({SIGNING_TIME: "2025-11-24T17:00:00Z"})) == AT
    assert signing_time(jws({SIGNING_TIME: "2025-11-24T18:00:00+01:00", "alg": "PS256"})) == AT
    assert signing_time(cose(time_header(SIGNING_TIME, int(AT)))) == AT


def test_the_time_of_an_authority_goes_before_the_signer_s() -> None:
    assert signing_time(jws({SIGNING_TIME: "2020-01-01T00:00:00Z", AUTHENTIC: "2025-11-24T17:00:00Z"})) == AT
    assert signing_time(cose(time_header(AUTHENTIC, int(AT)))) == AT


@pytest.mark.parametrize(
    "envelope",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b'{"protected": 1}',
        b'{"protected": "!"}',
        '{"protected": "ä"}'.encode(),
        jws([]),
        jws({}),
        jws({SIGNING_TIME: "yesterday"}),
        jws({SIGNING_TIME: True}),
        jws({SIGNING_TIME: 2**60}),
        jws({SIGNING_TIME: {}}),
        cose(b""),
        cose(cbor([1])),
        cose(cbor({SIGNING_TIME: "x"})),
        cose(cbor({SIGNING_TIME: 2**63})),
        cbor([b"", {}, b""]),
        cbor({}),
        tagged(18, b""),
        b"\xd2" * 100_000,
        b"\x81" * 100_000,
        b"\x9f\xff",
        b"\xbf\xff",
        b"\xa1\x80\x00",
        head(4, 2**62),
        head(2, 2**62),
        b"\x61\xff",
        b"\xfb" + b"\x00" * 8,
    ],
)
def test_one_that_makes_no_sense_tells_nothing(envelope: bytes) -> None:
    assert signing_time(envelope) is None


def test_no_bytes_do_any_harm() -> None:
    source = random.Random(1)
    whole = cose(time_header(SIGNING_TIME, int(AT)))
    for _ in range(3000):
        mangled = bytearray(whole)
        for _ in range(source.randrange(1, 4)):
            mangled[source.randrange(len(mangled))] = source.randrange(256)
        signing_time(bytes(mangled[: source.randrange(len(mangled) + 1)]))


# Which of several signatures counts


def material(*envelopes: bytes) -> NotationMaterial:
    manifests = tuple(
        StoredManifest(OCI_MANIFEST, f"sha256:{number:064x}", b"{}") for number, _ in enumerate(envelopes)
    )
    return NotationMaterial(StoredManifest(OCI_MANIFEST, "sha256:" + "ab" * 32, b"{}"), manifests, envelopes)


def at(text: str) -> bytes:
    return jws({SIGNING_TIME: text})


def test_only_signatures_that_hold_tell_the_time_and_the_first_counts() -> None:
    early, late, junk = at("2025-11-24T17:00:00Z"), at("2025-11-25T17:00:00Z"), at("2020-01-01T00:00:00Z")
    found = material(junk, late, early)
    assert notation_issued_at(found, lambda one: one.envelopes != (junk,)) == AT
    assert notation_issued_at(found, lambda one: one.envelopes == (late,)) == AT + 86400


def test_one_signature_is_not_asked_about_twice() -> None:
    def never(_: NotationMaterial) -> bool:
        pytest.fail("it was asked about before")

    assert notation_issued_at(material(at("2025-11-24T17:00:00Z")), never) == AT


def test_without_a_time_nothing_is_told() -> None:
    assert notation_issued_at(material(b"", b""), lambda _: True) is None
