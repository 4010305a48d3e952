"""Keys, certificates, bundles and a policy that the seeds are made of; everything is made anew for each run."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.policy import (
    AllOf,
    AnyOf,
    Attested,
    FromRegistry,
    Identity,
    Provenance,
    PublicKey,
    Rule,
    SignedBy,
    Signers,
    TrustedRoot,
    TrustPolicy,
)
from tests.unit.sign.support import DIGEST, bundle_document, private_key, public_pem, statement

SUBJECT = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
SLSA = "https://slsa.dev/provenance/v1"
CYCLONEDX = "https://cyclonedx.org/bom"
SPDX = "https://spdx.dev/Document"

PROVENANCE = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {
                "ref": "refs/heads/main",
                "repository": "https://github.com/acme/shop",
                "path": ".github/r.yml",
            }
        },
        "resolvedDependencies": [
            {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"gitCommit": "ab" * 20}},
            {"uri": "pkg:docker/nginx@1.29?digest=sha256:" + "ef" * 32, "digest": {"sha256": "ef" * 32}},
        ],
    },
    "runDetails": {
        "builder": {"id": "https://github.com/actions/runner/github-hosted"},
        "metadata": {
            "invocationId": "https://github.com/acme/shop/actions/runs/1",
            "startedOn": "2026-01-01T00:00:00Z",
        },
    },
}
OLD_PROVENANCE = {
    "builder": {"id": "https://tekton.dev/chains/v2"},
    "buildType": "tekton.dev/v1/TaskRun",
    "invocation": {"configSource": {"uri": "git+https://github.com/acme/shop", "digest": {"sha1": "ab" * 20}}},
    "materials": [{"uri": "git+https://github.com/acme/shop.git", "digest": {"sha1": "ab" * 20}}],
}
BILL = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"timestamp": "2026-01-01T00:00:00Z", "component": {"type": "application", "name": "shop"}},
    "components": [
        {"type": "container", "name": "nginx", "purl": "pkg:oci/nginx@sha256%3Aef?tag=1",
         "components": [{"type": "library", "name": "x"}]},
    ],
}  # fmt: skip
SPDX_BILL = {
    "spdxVersion": "SPDX-2.3",
    "name": "shop",
    "creationInfo": {"created": "2026-01-01T00:00:00Z"},
    "packages": [
        {"name": "nginx", "primaryPackagePurpose": "CONTAINER",
         "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:oci/nginx@sha256:ef?tag=1"}]},
    ],
}  # fmt: skip
_ISSUER_OID = "1.3.6.1.4.1.57264.1.8"
"""Fulcio's extension for the identity provider."""
PREDICATES: tuple[tuple[str, dict[str, Any]], ...] = (
    (SLSA, PROVENANCE),
    ("https://slsa.dev/provenance/v0.2", OLD_PROVENANCE),
    (CYCLONEDX, BILL),
    (SPDX, SPDX_BILL),
    ("https://in-toto.io/attestation/test-result/v0.1", {"result": "PASSED", "configuration": []}),
)


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def der_of(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@cache
def authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate(key, "authority", key, "authority", is_authority=True)


@cache
def leaf() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate(key, "", authority()[0], "authority", is_authority=False)


def _certificate(
    key: ec.EllipticCurvePrivateKey, name: str, by: ec.EllipticCurvePrivateKey, issuer: str, *, is_authority: bool
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)] if name else []))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    made = made.add_extension(_usage(is_authority=is_authority), critical=True)
    if is_authority:
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    else:
        text = ISSUER.encode()
        said = x509.UnrecognizedExtension(x509.ObjectIdentifier(_ISSUER_OID), b"\x0c" + bytes([len(text)]) + text)
        named = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SUBJECT)])
        signing = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CODE_SIGNING])
        made = made.add_extension(named, critical=True).add_extension(said, critical=False)
        made = made.add_extension(signing, critical=False)
    return made.sign(by, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def trusted_root() -> str:
    key, certificate = authority()
    log_key = der_of(key.public_key())
    log = {
        "baseUrl": "https://log.test", "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": encoded(log_key), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                      "validFor": {"start": "2020-01-01T00:00:00Z"}},
        "logId": {"keyId": encoded(hashlib.sha256(log_key).digest())},
    }  # fmt: skip
    chain = {"certificates": [{"rawBytes": encoded(certificate.public_bytes(serialization.Encoding.DER))}]}
    entry = {
        "subject": {"organization": "test", "commonName": "test"}, "uri": "https://ca.test", "certChain": chain,
        "validFor": {"start": "2020-01-01T00:00:00Z"},
    }  # fmt: skip
    return json.dumps({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [log], "ctlogs": [],
        "certificateAuthorities": [entry], "timestampAuthorities": [entry],
    })  # fmt: skip


def _signed(content: bytes) -> bytes:
    return authority()[0].sign(content, ec.ECDSA(hashes.SHA256()))


def keyless_document(payload: bytes, *, stamped: bool = False) -> dict[str, Any]:
    """A bundle with a certificate and a log entry; with ``stamped`` also a timestamp that is none."""
    key, certificate = leaf()
    document = bundle_document(payload, key=key)
    log_key = der_of(authority()[0].public_key())
    envelope = document["dsseEnvelope"]
    body = {"apiVersion": "0.0.1", "kind": "dsse", "spec": {
        "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
        "envelopeHash": {"algorithm": "sha256", "value": "00" * 32},
        "signatures": [{"signature": envelope["signatures"][0]["sig"],
                        "verifier": encoded(certificate.public_bytes(serialization.Encoding.PEM))}]}}  # fmt: skip
    content = json.dumps(body).encode()
    log_id = hashlib.sha256(log_key)
    leaf_hash = hashlib.sha256(b"\x00" + content).digest()
    root = f"log.test\n1\n{encoded(leaf_hash)}\n"
    note = f"{root}\n\u2014 log.test {encoded(log_id.digest()[:4] + _signed(root.encode()))}\n"
    seconds = int(dt.datetime.now(dt.UTC).timestamp())
    promised = {"body": encoded(content), "integratedTime": seconds, "logID": log_id.hexdigest(), "logIndex": 0}
    promise = _signed(json.dumps(promised, separators=(",", ":"), sort_keys=True).encode())
    document["verificationMaterial"] = {
        "certificate": {"rawBytes": encoded(certificate.public_bytes(serialization.Encoding.DER))},
        "tlogEntries": [{
            "logIndex": "0", "logId": {"keyId": encoded(log_id.digest())},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": encoded(promise)},
            "inclusionProof": {"logIndex": "0", "rootHash": encoded(leaf_hash), "treeSize": "1", "hashes": [],
                               "checkpoint": {"envelope": note}},
            "canonicalizedBody": encoded(content)}],
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": encoded(b"\x30\x03\x02\x01\x00")}]},
    }  # fmt: skip
    if not stamped:
        del document["verificationMaterial"]["timestampVerificationData"]
    return document


def bundles() -> list[bytes]:
    """By a key and without one; signatures and attestations of every kind that is read."""
    payloads = [json.dumps(statement()).encode()]
    payloads += [write_statement(DIGEST, "registry.test/team/app", kind, body) for kind, body in PREDICATES]
    documents = [bundle_document(payload) for payload in payloads]
    documents += [keyless_document(payload) for payload in payloads[:2]]
    documents += [keyless_document(payloads[0], stamped=True)]
    old = keyless_document(payloads[0])
    old["verificationMaterial"]["x509CertificateChain"] = {
        "certificates": [old["verificationMaterial"].pop("certificate")]
    }
    return [json.dumps(document).encode() for document in [*documents, old]]


@cache
def policy(*, requires_log: bool = False) -> TrustPolicy:
    """One that asks for everything that can be asked for."""
    key = PublicKey(public_pem(private_key("ours")), "ours.pub")
    identity = Identity(subject=SUBJECT, issuer=ISSUER)
    signers = Signers((key,), (identity, Identity(subject_regexp="^https://a/.*$", issuer_regexp="^https://b$")))
    return TrustPolicy(
        keys=(key,),
        identities=(identity,),
        rules=(
            Rule("signed", ("**",), SignedBy(signers, 2, 3600.0)),
            Rule(
                "built",
                ("registry.test/*/app",),
                AllOf((
                    Provenance(
                        signers=signers, builder_regexp="^https://github.com/", repository="https://github.com/acme/shop",
                        branch="main", workflow=".github/r.yml",
                        conditions=("predicate.buildDefinition.buildType != ''",), max_age=3600.0,
                    ),
                    AnyOf((
                        Attested("an SBOM", (CYCLONEDX, SPDX), signers, ("size(predicate.components) > 0",)),
                        FromRegistry(("registry.test/**",)),
                    )),
                )),
            ),
        ),
        trusted_root=TrustedRoot("root.json", trusted_root()),
        requires_log=requires_log,
    )  # fmt: skip
