"""Bundles by somebody who follows no rules: signed with a certificate, logged and timed, whatever they say.

Written by hand and not with the code under test, nor with a client that would refuse to sign nonsense.
"""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.platform.sigstore.deployment import SigstoreDeployment
from tests.unit.sign.support import statement

SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
Document = dict[str, Any]


@dataclass(frozen=True)
class Forger:
    """One ephemeral key and its certificate, for as many bundles as wanted."""

    deployment: SigstoreDeployment
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def enrolled(cls, deployment: SigstoreDeployment, token: str = "") -> Forger:
        """With a certificate of the deployment's Fulcio."""
        key = ec.generate_private_key(ec.SECP256R1())
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        pem = request.public_bytes(serialization.Encoding.PEM)
        answer = _post(
            f"{deployment.fulcio_url}/api/v2/signingCert",
            json.dumps({"certificateSigningRequest": _base64(pem)}).encode(),
            Authorization=f"Bearer {token or deployment.token()}",
        )
        chain = json.loads(answer)["signedCertificateEmbeddedSct"]["chain"]["certificates"]
        return cls(deployment, x509.load_pem_x509_certificate(chain[0].encode()), key)

    def sign(self, payload: bytes, *, payload_type: str = IN_TOTO) -> Document:
        """A whole bundle: envelope, certificate, and an entry or a timestamp of every service of the deployment."""
        envelope = self.envelope(payload, payload_type)
        signature = base64.b64decode(envelope["signatures"][0]["sig"])
        material: Document = {"certificate": {"rawBytes": _base64(self.certificate_der)}}
        if self.deployment.rekor_url:
            material["tlogEntries"] = [self.log(envelope)]
        if self.deployment.tsa_url:
            material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": self.time(signature)}]}
        return {"mediaType": SIGSTORE_BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope}

    def sign_digest(self, digest: str, **changes: object) -> Document:
        """The bundle that ``cosign sign`` would make, but for these changes of its statement."""
        return self.sign(json.dumps(statement(digest, **changes)).encode())

    def envelope(self, payload: bytes, payload_type: str = IN_TOTO) -> Document:
        signed = f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode() + payload
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return {
            "payload": _base64(payload),
            "payloadType": payload_type,
            "signatures": [{"sig": _base64(signature)}],
        }

    def log(self, envelope: Document) -> Document:
        """An entry of the deployment's log for the envelope, in the words of a bundle."""
        if self.deployment.rekor_version == 1:
            return self._log_1(envelope)
        payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
        signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        verifier = {
            "x509Certificate": {"rawBytes": _base64(self.certificate_der)},
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        }
        request = {
            "digest": _base64(hashlib.sha256(signed).digest()),
            "signature": {"content": envelope["signatures"][0]["sig"], "verifier": verifier},
        }
        body = json.dumps({"hashedRekordRequestV002": request}).encode()
        entry: Document = json.loads(_post(f"{self.deployment.rekor_url}/api/v2/log/entries", body))
        return entry

    def _log_1(self, envelope: Document) -> Document:
        pem = self.certificate.public_bytes(serialization.Encoding.PEM)
        content = {"envelope": json.dumps(envelope), "verifiers": [_base64(pem)]}
        proposed = {"apiVersion": "0.0.1", "kind": "dsse", "spec": {"proposedContent": content}}
        answer = _post(f"{self.deployment.rekor_url}/api/v1/log/entries", json.dumps(proposed).encode())
        (entry,) = json.loads(answer).values()
        proof = entry["verification"]["inclusionProof"]
        return {
            "logIndex": str(entry["logIndex"]),
            "logId": {"keyId": _hex_to_base64(entry["logID"])},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(entry["integratedTime"]),
            "inclusionPromise": {"signedEntryTimestamp": entry["verification"]["signedEntryTimestamp"]},
            "inclusionProof": {
                "logIndex": str(proof["logIndex"]),
                "rootHash": _hex_to_base64(proof["rootHash"]),
                "treeSize": str(proof["treeSize"]),
                "hashes": [_hex_to_base64(one) for one in proof["hashes"]],
                "checkpoint": {"envelope": proof["checkpoint"]},
            },
            "canonicalizedBody": entry["body"],
        }

    def time(self, signature: bytes) -> str:
        """A timestamp for the signature, as base64 of its DER."""
        from rfc3161_client import TimestampRequestBuilder

        request = TimestampRequestBuilder().data(signature).nonce(nonce=True).build()
        return _base64(_post(self.deployment.tsa_url, request.as_bytes()))

    @property
    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def self_certified(forger: Forger) -> Forger:
    """The same claims, certified by nobody but oneself."""
    key = ec.generate_private_key(ec.SECP256R1())
    old = forger.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return Forger(forger.deployment, builder.sign(key, hashes.SHA256()), key)


def encoded(document: Document) -> bytes:
    return json.dumps(document).encode()


def fingerprint_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _post(url: str, body: bytes, **headers: str) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def _hex_to_base64(text: str) -> str:
    return _base64(bytes.fromhex(text))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
