"""Bundles that whoever may push could leave beside an artifact; each is refused by the check that it fails."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from pipeline.errors import TrustError
from pipeline.model.trust.bundle import MAX_BUNDLE_BYTES
from pipeline.model.trust.evidence import Signature, SignatureFormat, TimeSource
from pipeline.signers.verifier import SignatureVerifier
from tests.integration.keyless.conftest import ARTIFACT, Change, Document, changed, encoded, policy_of
from tests.platform.sigstore.deployment import SigstoreDeployment
from tests.trusting import signature_of


def entry_of(document: Document) -> Document:
    found: Document = document["verificationMaterial"]["tlogEntries"][0]
    return found


def set_in(*path: str | int, value: object) -> Change:
    def change(document: Document) -> None:
        parent: Any = document
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = value

    return change


def flip(*path: str | int) -> Change:
    """Change one bit of a base64 value."""

    def change(document: Document) -> None:
        parent: Any = document
        for key in path[:-1]:
            parent = parent[key]
        content = bytearray(base64.b64decode(parent[path[-1]]))
        content[len(content) // 2] ^= 1
        parent[path[-1]] = encoded(bytes(content))

    return change


def without(*path: str | int) -> Change:
    def change(document: Document) -> None:
        parent: Any = document
        for key in path[:-1]:
            parent = parent[key]
        del parent[path[-1]]

    return change


def twice(document: Document) -> None:
    entries = document["verificationMaterial"]["tlogEntries"]
    entries.append(entries[0])


def only_proof(document: Document) -> None:
    del entry_of(document)["inclusionPromise"]
    del document["verificationMaterial"]["timestampVerificationData"]


def chained(media_type: str) -> Change:
    """Put the certificate where older bundles have it."""

    def change(document: Document) -> None:
        document["mediaType"] = media_type
        material = document["verificationMaterial"]
        material["x509CertificateChain"] = {"certificates": [material.pop("certificate")]}

    return change


def neither(document: Document) -> None:
    chained(f"{OLD}0.1")(document)
    del entry_of(document)["inclusionPromise"]
    del entry_of(document)["inclusionProof"]


OLD = "application/vnd.dev.sigstore.bundle+json;version="
ENTRY = ("verificationMaterial", "tlogEntries", 0)

TABLE: list[tuple[str, Change, str]] = [
    ("payload changed", flip("dsseEnvelope", "payload"), "not made by its certificate's key, or what it signs was"),
    ("signature changed", flip("dsseEnvelope", "signatures", 0, "sig"), "not made by its certificate's key"),
    ("payload type", set_in("dsseEnvelope", "payloadType", value="text/plain"), "payload type is 'text/plain'"),
    ("two signatures", set_in("dsseEnvelope", "signatures", value=[{"sig": ""}] * 2), "exactly one signature"),
    ("no signature", set_in("dsseEnvelope", "signatures", value=[]), "exactly one signature"),
    ("message signature", set_in("messageSignature", value={}), "bare message signature"),
    ("media type", set_in("mediaType", value="application/vnd.dev.sigstore.bundle.v0.9+json"), "media type"),
    ("two log entries", twice, "holds 2 log entries, expected one"),
    ("log entries no list", set_in("verificationMaterial", "tlogEntries", value={"a": 1}), "log entries are malformed"),
    ("promise changed", flip(*ENTRY, "inclusionPromise", "signedEntryTimestamp"), r"promise \(SET\) does not hold"),
    ("index changed", set_in(*ENTRY, "logIndex", value="7"), r"promise \(SET\) does not hold"),
    ("time changed", set_in(*ENTRY, "integratedTime", value="1700000000"), r"promise \(SET\) does not hold"),
    ("body changed", flip(*ENTRY, "canonicalizedBody"), "the proof that it is in the log does not hold"),
    ("another log", flip(*ENTRY, "logId", "keyId"), "from a transparency log that the tests' trusted root does not"),
    ("proof changed", flip(*ENTRY, "inclusionProof", "rootHash"), "the proof that it is in the log does not hold"),
    (
        "checkpoint changed",
        set_in(*ENTRY, "inclusionProof", "checkpoint", value={"envelope": "log\n1\nAAAA\n\n— log AAAAAAAAAA==\n"}),
        "was not signed by the log",
    ),
    ("no proof", without(*ENTRY, "inclusionProof"), "lacks the proof that it is in the log"),
    ("old and neither proof nor promise", neither, "neither a proof nor a promise"),
    (
        "chain in a new bundle",
        chained("application/vnd.dev.sigstore.bundle.v0.3+json"),
        "lacks the signer's certificate",
    ),
    ("no time but the signer's", only_proof, "nobody vouches for when it was signed"),
    ("index negative", set_in(*ENTRY, "logIndex", value="-1"), "its log entry is malformed"),
    ("time not a number", set_in(*ENTRY, "integratedTime", value="soon"), "its log entry is malformed"),
    ("certificate is none", set_in("verificationMaterial", "certificate", "rawBytes", value="AAAA"), "cannot be read"),
    ("certificate not base64", set_in("verificationMaterial", "certificate", "rawBytes", value="é"), "is not base64"),
    ("timestamp is none", set_in("verificationMaterial", "timestampVerificationData", value=[]), "timestamps are"),
    (
        "timestamp unreadable",
        set_in(
            "verificationMaterial",
            "timestampVerificationData",
            "rfc3161Timestamps",
            value=[{"signedTimestamp": "AAAA"}],
        ),
        "one of its timestamps cannot be read",
    ),
    (
        "many timestamps",
        set_in(
            "verificationMaterial",
            "timestampVerificationData",
            "rfc3161Timestamps",
            value=[{"signedTimestamp": "AAAA"}] * 33,
        ),
        "holds 33 timestamps",
    ),
]


@pytest.mark.parametrize(("change", "message"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_changed_bundle_is_refused_with_the_check_that_it_fails(
    sigstore_deployment: SigstoreDeployment,
    verifier: SignatureVerifier,
    signature: Signature,
    change: Change,
    message: str,
) -> None:
    with pytest.raises(TrustError, match=message):
        verifier.verify(ARTIFACT.digest, changed(signature, change), policy_of(sigstore_deployment))


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_older_bundles_are_read(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature, version: str
) -> None:
    old = changed(signature, chained(f"{OLD}{version}"))

    assert signature_of(verifier.verify(ARTIFACT.digest, old, policy_of(sigstore_deployment))).log


def test_the_oldest_bundles_may_have_a_promise_alone(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature
) -> None:
    def change(document: Document) -> None:
        chained(f"{OLD}0.1")(document)
        del entry_of(document)["inclusionProof"]

    verified = verifier.verify(ARTIFACT.digest, changed(signature, change), policy_of(sigstore_deployment))

    assert signature_of(verified).time_source is TimeSource.LOG


def test_the_log_entry_of_another_artifact_does_not_count(
    sigstore_deployment: SigstoreDeployment,
    verifier: SignatureVerifier,
    signature: Signature,
    signature_of_another_artifact: Signature,
) -> None:
    theirs = entry_of(json.loads(signature_of_another_artifact.content))

    with pytest.raises(TrustError, match="its log entry is about another signature or artifact"):
        verifier.verify(
            ARTIFACT.digest, changed(signature, set_in(*ENTRY, value=theirs)), policy_of(sigstore_deployment)
        )


def test_the_timestamp_of_another_signature_does_not_count(
    sigstore_deployment: SigstoreDeployment,
    verifier: SignatureVerifier,
    signature: Signature,
    signature_of_another_artifact: Signature,
) -> None:
    theirs = json.loads(signature_of_another_artifact.content)["verificationMaterial"]["timestampVerificationData"]

    def change(document: Document) -> None:
        document["verificationMaterial"]["timestampVerificationData"] = theirs
        del document["verificationMaterial"]["tlogEntries"]

    with pytest.raises(TrustError, match="its timestamp is about another signature"):
        verifier.verify(ARTIFACT.digest, changed(signature, change), policy_of(sigstore_deployment, requires_log=False))


def test_the_certificate_of_somebody_else_does_not_count(
    sigstore_deployment: SigstoreDeployment,
    verifier: SignatureVerifier,
    signature: Signature,
    signature_of_another_artifact: Signature,
) -> None:
    theirs = json.loads(signature_of_another_artifact.content)["verificationMaterial"]["certificate"]
    change = set_in("verificationMaterial", "certificate", value=theirs)

    with pytest.raises(TrustError, match="not made by its certificate's key"):
        verifier.verify(ARTIFACT.digest, changed(signature, change), policy_of(sigstore_deployment))


def test_an_oversized_bundle_is_not_read(sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier) -> None:
    large = Signature(SignatureFormat.BUNDLE, b'{"verificationMaterial":{"certificate":' + b" " * MAX_BUNDLE_BYTES)

    with pytest.raises(TrustError, match="larger than"):
        verifier.verify(ARTIFACT.digest, large, policy_of(sigstore_deployment))


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 100_000, b'{"verificationMaterial":{"certificate":1}}'],
)
def test_nonsense_is_a_trust_error(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, content: bytes
) -> None:
    with pytest.raises(TrustError):
        verifier.verify(ARTIFACT.digest, Signature(SignatureFormat.BUNDLE, content), policy_of(sigstore_deployment))


_NONSENSE: list[object] = [None, 0, -1, 1.5, "", "AAAA", "é", [], {}, [[]], {"": None}, True, "9" * 5000, 10**400]


def test_nothing_but_our_own_error_comes_out_whatever_is_put_anywhere(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature
) -> None:
    dice = random.Random(20261125)
    policy = policy_of(sigstore_deployment)
    accepted = 0
    for _ in range(400):
        document = json.loads(signature.content)
        paths = list(_paths(document))
        parent, key = dice.choice(paths)
        parent[key] = dice.choice(_NONSENSE)
        try:
            verifier.verify(ARTIFACT.digest, Signature(SignatureFormat.BUNDLE, json.dumps(document).encode()), policy)
        except TrustError:
            continue
        accepted += 1
    # Only what nobody signed and nobody needs may be anything, such as an empty list of timestamps.
    assert accepted < 40


def test_nothing_but_our_own_error_comes_out_whatever_bit_is_turned(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature
) -> None:
    dice = random.Random(20261125)
    policy = policy_of(sigstore_deployment)
    for path in (
        ("verificationMaterial", "certificate", "rawBytes"),
        ("verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", 0, "signedTimestamp"),
        (*ENTRY, "canonicalizedBody"),
        ("dsseEnvelope", "payload"),
    ):
        for _ in range(60):
            document = json.loads(signature.content)
            parent: Any = document
            for step in path[:-1]:
                parent = parent[step]
            content = bytearray(base64.b64decode(parent[path[-1]]))
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
            parent[path[-1]] = encoded(bytes(content))
            try:
                verifier.verify(
                    ARTIFACT.digest, Signature(SignatureFormat.BUNDLE, json.dumps(document).encode()), policy
                )
            except TrustError:
                continue
            # A timestamp that does not hold is passed over where the log says the time.
            assert path[-1] == "signedTimestamp"


def _paths(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, Any]] = []
    for key, inner in pairs:
        found.append((value, key))
        if isinstance(inner, dict | list):
            found.extend(_paths(inner))
    return found
