from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import TrustError
from pipeline.model.trust.evidence import Signature, TimeSource, VerifiedAttestation
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.policy import TrustedRoot, TrustPolicy
from pipeline.signers.keyless import roots
from pipeline.signers.keyless.opened_root import OpenedRoot, open_root
from pipeline.signers.keyless.signer import SigningServiceError
from pipeline.signers.verifier import SignatureVerifier
from tests.contract.registry.servers import Silent
from tests.integration.keyless.conftest import (
    ARTIFACT,
    OTHER_DIGEST,
    Document,
    changed,
    material_of,
    policy_of,
    signed_carelessly,
    signer_of,
)
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment
from tests.trusting import signature_of


@pytest.mark.parametrize(
    ("name", "source", "is_logged"),
    [
        ("", TimeSource.LOG, True),
        ("no-tsa", TimeSource.LOG, True),
        ("rekor-v2", TimeSource.AUTHORITY, True),
        ("no-log", TimeSource.AUTHORITY, False),
        ("root-without-ct", TimeSource.LOG, True),
    ],
)
def test_what_we_sign_we_verify_with_everything_that_is_known_of_it(
    sigstore_deployment: SigstoreDeployment,
    verifier: SignatureVerifier,
    name: str,
    source: TimeSource,
    is_logged: bool,  # noqa: FBT001 - a column of the table
) -> None:
    signer = signer_of(sigstore_deployment.variant(name) if name else sigstore_deployment, ref="refs/heads/main")

    signature = signer.sign(ARTIFACT)
    verified = signature_of(verifier.verify(ARTIFACT.digest, signature, signer.own_policy()))

    assert verified.identity is not None
    assert (verified.identity.subject, verified.identity.issuer) == (SUBJECT, ISSUER)
    assert verified.identity.claims["sourceRepositoryRef"] == "refs/heads/main"
    assert (verified.digest, verified.time_source) == (ARTIFACT.digest, source)
    assert verified.signed_at is not None
    assert verified.log.startswith("127.0.0.1:") is is_logged
    assert (verified.key, verified.fingerprint) == (None, "")
    assert verified.signer == f"{SUBJECT} (issuer {ISSUER})"


def test_it_is_a_bundle_of_version_3_over_the_statement_that_cosign_makes(signature: Signature) -> None:
    document = json.loads(signature.content)

    assert document["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert document["dsseEnvelope"]["payloadType"] == "application/vnd.in-toto+json"
    assert set(material_of(signature)) == {"certificate", "tlogEntries", "timestampVerificationData"}


def test_an_attestation_is_never_a_signature(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier
) -> None:
    signer = signer_of(sigstore_deployment)
    statement = write_statement(ARTIFACT.digest, "team/app", "https://slsa.dev/provenance/v1", {"buildDefinition": {}})

    verified = verifier.verify(ARTIFACT.digest, signer.attest(statement), signer.own_policy())

    assert isinstance(verified, VerifiedAttestation)
    assert verified.predicate_type == "https://slsa.dev/provenance/v1"
    assert verified.predicate == {"buildDefinition": {}}
    assert verified.signature.identity is not None


def test_a_bundle_without_log_entry_counts_only_where_no_log_is_required(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature, reporter: Silent
) -> None:
    unlogged = changed(signature, lambda document: document["verificationMaterial"].pop("tlogEntries"))

    with pytest.raises(TrustError, match="it is in no transparency log"):
        verifier.verify(ARTIFACT.digest, unlogged, policy_of(sigstore_deployment))
    assert reporter.warnings == []

    relaxed = policy_of(sigstore_deployment, requires_log=False)
    first = signature_of(verifier.verify(ARTIFACT.digest, unlogged, relaxed))
    verifier.verify(ARTIFACT.digest, unlogged, relaxed)

    assert (first.time_source, first.log) == (TimeSource.AUTHORITY, "")
    assert len(reporter.warnings) == 1
    assert "no transparency log" in reporter.warnings[0]


def test_without_log_and_timestamp_nobody_vouches_for_the_time(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature
) -> None:
    def strip(document: dict[str, dict[str, object]]) -> None:
        document["verificationMaterial"].pop("tlogEntries")
        document["verificationMaterial"].pop("timestampVerificationData")

    with pytest.raises(TrustError, match="nobody vouches for when it was signed"):
        verifier.verify(ARTIFACT.digest, changed(signature, strip), policy_of(sigstore_deployment, requires_log=False))


def test_no_identity_in_the_policy_refuses_it_before_anything_is_read(
    verifier: SignatureVerifier, signature: Signature
) -> None:
    with pytest.raises(TrustError, match=r"made without a key \(keyless\), and no identity is trusted"):
        verifier.verify(ARTIFACT.digest, signature, TrustPolicy())


def test_another_digest_is_refused(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature
) -> None:
    with pytest.raises(TrustError, match="about another digest"):
        verifier.verify(OTHER_DIGEST, signature, policy_of(sigstore_deployment))


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("certificate-of-yesterday", "its certificate had expired when it was signed"),
        ("certificate-of-tomorrow", "its certificate was not yet valid when it was signed"),
        ("certificate-without-ct", r"lacks the proof that it is in a certificate transparency log \(SCT\)"),
        ("certificate-of-other", "its certificate is not from an authority that the tests' trusted root names"),
        ("logged-by-other", "from a transparency log that the tests' trusted root does not name"),
    ],
)
def test_what_others_vouch_for_is_refused(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, variant: str, message: str
) -> None:
    signature = signed_carelessly(sigstore_deployment.variant(variant))

    with pytest.raises(TrustError, match=message):
        verifier.verify(ARTIFACT.digest, signature, policy_of(sigstore_deployment))


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("root-with-other-ct", r"\(SCT\) does not hold, or is not from a log that the tests' trusted root names"),
        ("root-without-ct", "the tests' trusted root names no certificate transparency log"),
        ("root-with-other-log", "from a transparency log that the tests' trusted root does not name"),
        ("root-with-ended-fulcio", "names no certificate authority for 20"),
        ("other", "from a transparency log that"),
    ],
)
def test_a_root_that_names_others_refuses_what_is_good_elsewhere(
    sigstore_deployment: SigstoreDeployment,
    verifier: SignatureVerifier,
    signature: Signature,
    variant: str,
    message: str,
) -> None:
    with pytest.raises(TrustError, match=message):
        verifier.verify(ARTIFACT.digest, signature, policy_of(sigstore_deployment.variant(variant)))


def test_a_root_without_certificate_log_does_where_no_log_is_required(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature
) -> None:
    policy = policy_of(sigstore_deployment.variant("root-without-ct"), requires_log=False)
    unlogged = changed(signature, lambda document: document["verificationMaterial"].pop("tlogEntries"))

    for form in (signature, unlogged):
        assert signature_of(verifier.verify(ARTIFACT.digest, form, policy)).digest == ARTIFACT.digest


@pytest.mark.parametrize("variant", ["root-with-other-tsa", "root-with-ended-tsa"])
def test_a_timestamp_counts_only_by_an_authority_that_was_in_use(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature, variant: str
) -> None:
    unlogged = changed(signature, lambda document: document["verificationMaterial"].pop("tlogEntries"))
    policy = policy_of(sigstore_deployment.variant(variant), requires_log=False)

    with pytest.raises(TrustError, match="its timestamp is about another signature, was changed, or is not by"):
        verifier.verify(ARTIFACT.digest, unlogged, policy)


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("certificate-without-ct", "does not contain a signed certificate timestamp"),
        ("certificate-of-other", "SCT verify failed"),
        ("certificate-of-yesterday", "the certificate expired before everything was signed"),
    ],
)
def test_we_do_not_sign_with_a_certificate_that_nobody_would_accept(
    sigstore_deployment: SigstoreDeployment, variant: str, message: str
) -> None:
    with pytest.raises(SigningServiceError, match=message):
        signer_of(sigstore_deployment.variant(variant)).sign(ARTIFACT)


def test_a_timestamp_that_the_root_knows_nothing_about_takes_nothing_from_the_logs_time(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, signature: Signature
) -> None:
    for variant in ("no-tsa", "root-with-other-tsa"):
        root = json.loads(sigstore_deployment.variant(variant).trusted_root.read_text())
        usual = json.loads(sigstore_deployment.trusted_root.read_text())
        policy = policy_of(sigstore_deployment)
        content = json.dumps(usual | {"timestampAuthorities": root["timestampAuthorities"]})
        trusted = replace(policy, trusted_root=TrustedRoot("another root", content=content))

        assert signature_of(verifier.verify(ARTIFACT.digest, signature, trusted)).time_source is TimeSource.LOG


@pytest.mark.parametrize("view", ["", "rekor-v2"])
def test_a_log_counts_only_while_the_root_vouches_for_it(
    sigstore_deployment: SigstoreDeployment, verifier: SignatureVerifier, view: str
) -> None:
    chosen = sigstore_deployment.variant(view) if view else sigstore_deployment
    root = json.loads(chosen.trusted_root.read_text())
    for log in root["tlogs"]:
        log["publicKey"]["validFor"]["end"] = "2026-01-01T00:00:00Z"
    trusted = replace(policy_of(chosen), trusted_root=TrustedRoot("an older root", content=json.dumps(root)))

    with pytest.raises(TrustError, match="a time at which an older root does not vouch for the log"):
        verifier.verify(ARTIFACT.digest, signer_of(chosen).sign(ARTIFACT), trusted)


def test_verifiers_of_one_process_share_the_roots_that_they_have_opened(
    sigstore_deployment: SigstoreDeployment, signature: Signature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def counting(content: bytes, source: str) -> OpenedRoot:
        opened.append(source)
        return open_root(content, source)

    monkeypatch.setattr(roots, "open_root", counting)
    for _ in range(3):
        verifier = SignatureVerifier({}, Silent(), str(tmp_path))
        verifier.verify(ARTIFACT.digest, signature, policy_of(sigstore_deployment))

    assert opened == ["the tests' trusted root"]


def test_the_first_entry_of_a_log_counts_without_its_index_which_go_leaves_out(
    tmp_path: Path, verifier: SignatureVerifier
) -> None:
    def as_go_writes_it(document: Document) -> None:
        (entry,) = document["verificationMaterial"]["tlogEntries"]
        assert entry["inclusionProof"].pop("logIndex") == "0"

    with SigstoreDeployment.start(tmp_path / "sigstore") as deployment:
        view = deployment.variant("empty-log")
        signature = changed(signer_of(view).sign(ARTIFACT), as_go_writes_it)

    assert signature_of(verifier.verify(ARTIFACT.digest, signature, policy_of(view))).time_source is TimeSource.LOG
