"""Signatures by a real deployment on loopback, and what one can do to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.model.trust.in_toto import sign_statement
from pipeline.model.trust.policy import Identity, TrustedRoot, TrustPolicy
from pipeline.signers.keyless import KeylessSigner, keyless_signer
from pipeline.signers.keyless.signer import _statement
from pipeline.signers.verifier import SignatureVerifier
from tests.contract.registry.servers import Silent
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment

ARTIFACT = PinnedReference(Repository("registry.test", "team/app"), "sha256:" + "12" * 32)
OTHER_DIGEST = "sha256:" + "34" * 32

Document = dict[str, Any]
Change = Callable[[Document], None]


def options_of(
    view: SigstoreDeployment, subject: str = SUBJECT, issuer: str = ISSUER, **claims: object
) -> SigningOptions:
    return SigningOptions(
        keyless=True,
        identity_token_file=str(view.token_file(subject, issuer, **claims)),
        trusted_root=str(view.trusted_root),
        signing_config=str(view.signing_config),
    )


def signer_of(
    view: SigstoreDeployment, subject: str = SUBJECT, issuer: str = ISSUER, **claims: object
) -> KeylessSigner:
    return keyless_signer(options_of(view, subject, issuer, **claims), {}, Silent())


def signed_carelessly(view: SigstoreDeployment) -> Signature:
    """A signature by a client that checks nothing of what the services answer."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from sigstore import dsse
    from sigstore.models import Bundle
    from sigstore.oidc import IdentityToken
    from sigstore.sign import Signer

    context: Any = signer_of(view)._services.context
    token = IdentityToken(view.token())
    signer: Any = Signer(token, context, cache=False)
    key = generate_private_key(SECP256R1())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Signer, "_private_key", key)
        certificate = context._fulcio.signing_cert.post(signer._build_csr(), token).cert
    envelope = dsse._sign(key, _statement(sign_statement(ARTIFACT.digest)))
    entry = context._rekor.create_entry(context._rekor._build_dsse_request(envelope=envelope, certificate=certificate))
    stamps = [client.request_timestamp(envelope.signature) for client in context._tsa_clients]
    content = Bundle._from_parts(certificate, envelope, entry, stamps).to_json()
    return Signature(SignatureFormat.BUNDLE, content.encode())


def policy_of(view: SigstoreDeployment, *, requires_log: bool = True) -> TrustPolicy:
    root = TrustedRoot("the tests' trusted root", content=view.trusted_root.read_text())
    return TrustPolicy(
        identities=(Identity(subject=SUBJECT, issuer=ISSUER),), trusted_root=root, requires_log=requires_log
    )


def changed(signature: Signature, change: Change) -> Signature:
    document = json.loads(signature.content)
    change(document)
    return Signature(SignatureFormat.BUNDLE, json.dumps(document).encode(), found_in=signature.found_in)


def material_of(signature: Signature) -> Document:
    found: Document = json.loads(signature.content)["verificationMaterial"]
    return found


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture
def reporter() -> Silent:
    return Silent()


@pytest.fixture
def verifier(reporter: Silent, tmp_path: Path) -> SignatureVerifier:
    return SignatureVerifier({}, reporter, str(tmp_path))


@pytest.fixture(scope="session")
def signature(sigstore_deployment: SigstoreDeployment) -> Signature:
    """A good one: certificate, log entry with promise and proof, timestamp."""
    return signer_of(sigstore_deployment).sign(ARTIFACT)


@pytest.fixture(scope="session")
def signature_of_another_artifact(sigstore_deployment: SigstoreDeployment) -> Signature:
    return signer_of(sigstore_deployment).sign(PinnedReference(ARTIFACT.repository, OTHER_DIGEST))
