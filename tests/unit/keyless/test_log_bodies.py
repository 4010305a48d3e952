"""An entry of the log vouches for a signature only if it is about that one."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pipeline.errors import TrustError
from pipeline.signers.keyless.log_bodies import Signed, check_body
from tests.unit.keyless.certificates import certificate

PAYLOAD, SIGNED, MADE, ENVELOPE = b"payload", b"DSSEv1 ... payload", b"signature", b'{"payload": "..."}'
CERTIFICATE = certificate()
OTHER_CERTIFICATE = certificate({})
IN_ENVELOPE = Signed(CERTIFICATE, MADE, SIGNED, PAYLOAD, ENVELOPE)
PLAIN = Signed(CERTIFICATE, MADE, SIGNED)

Document = dict[str, Any]


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def hashed(content: bytes) -> Document:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}


def output(content: bytes) -> Document:
    return {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(content).digest())}


def entry(kind: str, version: str, spec: Document) -> Document:
    return {"apiVersion": version, "kind": kind, "spec": spec}


PEM = b64(CERTIFICATE.public_bytes(Encoding.PEM))
OTHER_PEM = b64(OTHER_CERTIFICATE.public_bytes(Encoding.PEM))
DER = b64(CERTIFICATE.public_bytes(Encoding.DER))
BY = {"content": b64(MADE), "verifier": {"x509Certificate": {"rawBytes": DER}, "keyDetails": "any"}}

ENTRIES: dict[str, tuple[Signed, Document]] = {
    "hashedrekord 0.0.1": (
        PLAIN,
        entry(
            "hashedrekord",
            "0.0.1",
            {"data": {"hash": hashed(SIGNED)}, "signature": {"content": b64(MADE), "publicKey": {"content": PEM}}},
        ),
    ),
    "hashedrekord 0.0.2": (
        IN_ENVELOPE,
        entry("hashedrekord", "0.0.2", {"hashedRekordV002": {"data": output(SIGNED), "signature": BY}}),
    ),
    "dsse 0.0.1": (
        IN_ENVELOPE,
        entry(
            "dsse",
            "0.0.1",
            {"payloadHash": hashed(PAYLOAD), "signatures": [{"signature": b64(MADE), "verifier": PEM}]},
        ),
    ),
    "dsse 0.0.2": (
        IN_ENVELOPE,
        entry("dsse", "0.0.2", {"dsseV002": {"payloadHash": output(PAYLOAD), "signatures": [BY]}}),
    ),
    "intoto 0.0.1": (
        IN_ENVELOPE,
        entry("intoto", "0.0.1", {"content": {"hash": hashed(ENVELOPE)}, "publicKey": PEM}),
    ),
    "intoto 0.0.2": (
        IN_ENVELOPE,
        entry(
            "intoto",
            "0.0.2",
            {
                "content": {
                    "payloadHash": hashed(PAYLOAD),
                    "envelope": {"signatures": [{"sig": b64(b64(MADE).encode()), "publicKey": PEM}]},
                }
            },
        ),
    ),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_the_entry_of_the_signature_is_accepted(kind: str) -> None:
    signed, document = ENTRIES[kind]

    check_body(json.dumps(document).encode(), signed)


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_entry_of_another_signature_is_refused(kind: str) -> None:
    signed, document = ENTRIES[kind]
    others = [
        Signed(OTHER_CERTIFICATE, signed.signature, signed.signed, signed.payload, signed.document),
        Signed(
            signed.certificate,
            signed.signature,
            b"other",
            None if signed.payload is None else b"other",
            b"other",
        ),
    ]
    if kind != "intoto 0.0.1":  # it has the signature only in the hash of the envelope
        others.append(Signed(signed.certificate, b"other", signed.signed, signed.payload, signed.document))

    for other in others:
        with pytest.raises(TrustError, match="about another signature or artifact"):
            check_body(json.dumps(document).encode(), other)


@pytest.mark.parametrize("kind", ENTRIES)
def test_whatever_is_missing_from_an_entry_it_is_refused(kind: str) -> None:
    signed, document = ENTRIES[kind]
    for remove in _removals(document):
        changed = json.loads(json.dumps(document))
        remove(changed)
        with pytest.raises(TrustError):
            check_body(json.dumps(changed).encode(), signed)


@pytest.mark.parametrize(
    "document",
    [
        entry("rekord", "0.0.1", {}),
        entry("hashedrekord", "9.9.9", {}),
        entry("dsse", "0.0.1", {}) | {"kind": "\x1b[31m" * 50},
    ],
)
def test_a_kind_that_does_not_say_what_it_is_about_is_refused(document: Document) -> None:
    with pytest.raises(TrustError, match="does not say what it is about") as refused:
        check_body(json.dumps(document).encode(), IN_ENVELOPE)

    assert "\x1b" not in refused.value.message


def test_an_entry_over_a_payload_does_not_vouch_for_an_envelope_nor_the_other_way_round() -> None:
    with pytest.raises(TrustError, match="does not say"):
        check_body(json.dumps(ENTRIES["hashedrekord 0.0.1"][1]).encode(), IN_ENVELOPE)
    with pytest.raises(TrustError, match="does not say"):
        check_body(json.dumps(ENTRIES["dsse 0.0.1"][1]).encode(), PLAIN)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", b'{"kind": 1, "apiVersion": 2}', b"[" * 100_000])
def test_nonsense_is_a_trust_error(body: bytes) -> None:
    with pytest.raises(TrustError):
        check_body(body, IN_ENVELOPE)


def _removals(document: Document, path: tuple[str | int, ...] = ()) -> list[Callable[[Document], None]]:
    found: list[Callable[[Document], None]] = []
    inner: Any = document
    for step in path:
        inner = inner[step]
    keys: list[str | int] = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
    for key in keys:
        if key == "keyDetails":
            continue  # nothing depends on it

        def remove(changed: Document, key: str | int = key) -> None:
            parent: Any = changed
            for step in path:
                parent = parent[step]
            del parent[key]

        found.append(remove)
        if isinstance(inner[key], dict | list):
            found.extend(_removals(document, (*path, key)))
    return found
