"""Attacks with what cannot be read: JSON, base64, DER and PEM that are broken in one place."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.model.trust.storage import SIGNATURE_ANNOTATION
from tests.integration.sign.attacks import (
    Attack,
    Cosign,
    Scene,
    ask_cosign,
    check,
    ids,
    key_policy,
    payload_for,
    signed_by_key,
)
from tests.integration.sign.forging import Document, encoded

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

ENVELOPE = ("dsseEnvelope",)
ENTRY = ("verificationMaterial", "tlogEntries", 0)
CERTIFICATE = ("verificationMaterial", "certificate")


def as_bytes(change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
    """The bytes of a bundle that the key's holder has made, changed."""
    return lambda scene: void(scene.attach(change(encoded(signed_by_key(scene.artifact.digest)))))


def with_key(*path: str | int, value: object) -> Callable[[Scene], None]:
    """A bundle that the key's holder has made, with this value in one place."""
    return lambda scene: void(scene.attach(replaced(signed_by_key(scene.artifact.digest), path, value)))


def by_identity(*path: str | int, value: object) -> Callable[[Scene], None]:
    """A bundle that the trusted identity has made, with this value, or what it makes of the old one, in one place."""
    return lambda scene: void(scene.attach(replaced(scene.forger().sign_digest(scene.artifact.digest), path, value)))


def replaced(document: Document, path: tuple[str | int, ...], value: object) -> Document:
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value(parent[path[-1]]) if callable(value) else value
    return document


def truncated(text: str) -> str:
    content = base64.b64decode(text)
    return base64.b64encode(content[: len(content) // 2]).decode()


def lengthened(text: str) -> str:
    return base64.b64encode(base64.b64decode(text) + b"\0\0").decode()


def simple_signature_that_is(text: str) -> Callable[[Scene], None]:
    return lambda scene: void(scene.attach_simple((payload_for(scene.artifact.digest), {SIGNATURE_ANNOTATION: text})))


def void(done: object) -> None:
    """What an attack has stored is of no interest."""


def row(name: str, done: Callable[[Scene], None], refused: str, cosign: Cosign = Cosign.REFUSES) -> Attack:
    return Attack(name=name, done=done, refused=refused, cosign=cosign, by_key=True)


def half_a_timestamp(scene: Scene) -> None:
    bundle = scene.forger("rekor-v2").sign_digest(scene.artifact.digest)
    (stamp,) = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    stamp["signedTimestamp"] = truncated(stamp["signedTimestamp"])
    scene.attach(bundle)


JSON = [
    row("nothing at all", as_bytes(lambda _: b""), "the bundle is not valid JSON"),
    row("no JSON", as_bytes(lambda _: b"\x00\xff\xfe"), "the bundle is not valid JSON"),
    row("half of it", as_bytes(lambda content: content[: len(content) // 2]), "the bundle is not valid JSON"),
    row("two documents", as_bytes(lambda content: content * 2), "the bundle is not valid JSON"),
    row("a list", as_bytes(lambda content: b"[" + content + b"]"), "the bundle is not a JSON object"),
    row("UTF-16", as_bytes(lambda content: content.decode().encode("utf-16")), "the bundle is not valid JSON"),
    row("nested without end", as_bytes(lambda _: b'{"a":' * 100_000), "the bundle is not valid JSON"),
    row(
        "a key given twice",
        as_bytes(lambda content: content.replace(b"{", b'{"dsseEnvelope": {}, ', 1)),
        "the bundle is not valid JSON",
    ),
    row("media type that is a number", with_key("mediaType", value=3), "the bundle lacks 'mediaType'"),
    row("no envelope", with_key("dsseEnvelope", value=None), "the bundle lacks 'dsseEnvelope'"),
    row("envelope that is a list", with_key("dsseEnvelope", value=[]), "the bundle lacks 'dsseEnvelope'"),
    row("no signatures", with_key(*ENVELOPE, "signatures", value=[]), "must have exactly one signature"),
    row(
        "signature that is a text", with_key(*ENVELOPE, "signatures", value=["AAAA"]), "must have exactly one signature"
    ),
    row("no material", with_key("verificationMaterial", value={}), "the bundle was made with a certificate"),
]

BASE64 = [
    row("payload", with_key(*ENVELOPE, "payload", value="%%%"), "the envelope's payload is not"),
    row(
        "payload with a line break, over which Go's base64 passes",
        with_key(*ENVELOPE, "payload", value=lambda text: text + "\n"),
        "the envelope's payload is not",
        Cosign.ACCEPTS,
    ),
    row("signature", with_key(*ENVELOPE, "signatures", 0, "sig", value="="), "the envelope's signature is not"),
    row(
        "half a signature",
        with_key(*ENVELOPE, "signatures", 0, "sig", value=truncated),
        "it was not made by a trusted key",
    ),
    row(
        "longer signature",
        with_key(*ENVELOPE, "signatures", 0, "sig", value=lengthened),
        "it was not made by a trusted key",
    ),
    row("no signature", with_key(*ENVELOPE, "signatures", 0, "sig", value=""), "it was not made by a trusted key"),
    row("simple signature", simple_signature_that_is("%%%"), "the signature is not"),
    row("simple signature of no length", simple_signature_that_is(""), "it was not made by a trusted key"),
]

DER = [
    Attack(
        name="certificate that is no base64",
        done=by_identity(*CERTIFICATE, "rawBytes", value="%%%"),
        refused="the bundle's certificate is not base64",
    ),
    Attack(
        name="certificate that is text",
        done=by_identity(*CERTIFICATE, "rawBytes", value=base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()),
        refused="its certificate cannot be read",
    ),
    Attack(
        name="half a certificate",
        done=by_identity(*CERTIFICATE, "rawBytes", value=truncated),
        refused="its certificate cannot be read",
    ),
    Attack(
        name="longer certificate",
        done=by_identity(*CERTIFICATE, "rawBytes", value=lengthened),
        refused="its certificate cannot be read",
    ),
    Attack(
        name="no certificate",
        done=by_identity(*CERTIFICATE, "rawBytes", value=""),
        refused="its certificate cannot be read",
    ),
    Attack(
        name="log entry whose body is no base64",
        done=by_identity(*ENTRY, "canonicalizedBody", value="%%%"),
        refused="its log entry is not base64",
    ),
    Attack(
        name="log entry whose body is no JSON",
        done=by_identity(*ENTRY, "canonicalizedBody", value=base64.b64encode(b"{").decode()),
        refused="the proof that it is in the log does not hold",
    ),
    Attack(
        name="log entry that is a text",
        done=by_identity(*ENTRY, value="entry"),
        refused="the bundle's log entries are malformed",
    ),
    Attack(
        name="log entry of no log",
        done=by_identity(*ENTRY, "logId", value={}),
        refused="its log entry lacks 'keyId'",
    ),
    Attack(
        name="log entry with a time that is a word",
        done=by_identity(*ENTRY, "integratedTime", value="yesterday"),
        refused="its log entry is malformed",
    ),
    Attack(
        name="log entry with a time before time",
        done=by_identity(*ENTRY, "integratedTime", value="-1"),
        refused="its log entry is malformed",
    ),
    Attack(
        name="promise that is half of DER",
        done=by_identity(*ENTRY, "inclusionPromise", "signedEntryTimestamp", value=truncated),
        refused="the log's promise .SET. does not hold for it",
    ),
    Attack(
        name="checkpoint of one line",
        done=by_identity(*ENTRY, "inclusionProof", "checkpoint", "envelope", value="x"),
        refused="was not signed by the log .note must contain one blank line",
    ),
    Attack(
        name="certificate that is a chain of nothing",
        done=by_identity("verificationMaterial", value={"x509CertificateChain": {"certificates": []}}),
        refused=r"the bundle lacks .*certificate",
    ),
    Attack(
        name="timestamp that is half of DER, and no time of a log",
        done=half_a_timestamp,
        refused="one of its timestamps cannot be read",
    ),
]


TABLE = [*JSON, *BASE64, *DER]


@pytest.mark.parametrize("attack", TABLE, ids=ids(TABLE))
def test_what_cannot_be_read_is_refused(scene: Scene, attack: Attack) -> None:
    check(attack, scene)


def test_what_cannot_be_read_keeps_no_good_signature_from_counting(scene: Scene) -> None:
    for attack in TABLE:
        attack.done(scene)
    good = scene.attach(signed_by_key(scene.artifact.digest))

    assert [one.found_in for one in scene.require(key_policy()).signatures] == [good.digest]


@pytest.mark.parametrize("attack", [JSON[1], BASE64[0], DER[2]], ids=ids([JSON[1], BASE64[0], DER[2]]))
def test_cosign_overlooks_it_beside_a_good_signature_as_well(scene: Scene, attack: Attack) -> None:
    attack.done(scene)
    scene.attach(signed_by_key(scene.artifact.digest))

    ask_cosign(scene, by_key=True)
    assert scene.require(key_policy()).signatures
