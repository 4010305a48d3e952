"""Keyless signatures and attestations travel both ways between gitless and cosign."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.evidence import SignatureFormat, TimeSource, VerifiedSignature
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry, Signer
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import require_trust
from pipeline.wiring import signer, trust_ports, verifier
from tests.contract.registry.servers import Silent
from tests.integration.sign.keyless import PREDICATE_TYPE, Keyless
from tests.platform.sigstore.deployment import ISSUER, SUBJECT

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

BUNDLE, SIMPLE = SignatureFormat.BUNDLE, SignatureFormat.SIMPLE
LOG, AUTHORITY = TimeSource.LOG, TimeSource.AUTHORITY


def accepted(artifact: PinnedReference, store: Registry, policy: TrustPolicy) -> VerifiedSignature:
    return require_trust(artifact, store, trust_ports({}, Silent()), policy).signatures[0]


def our_signer(keyless: Keyless, **claims: object) -> Signer:
    token = keyless.deployment.token_file(**claims)  # type: ignore[arg-type]
    options = SigningOptions(
        keyless=True,
        identity_token_file=str(token),
        trusted_root=str(keyless.deployment.trusted_root),
        signing_config=str(keyless.deployment.signing_config),
    )
    return signer(options, {}, Silent(), lambda: b"")


@pytest.mark.parametrize("services", ["", "rekor-v2", "no-tsa"])
def test_we_verify_what_cosign_3_signs(keyless: Keyless, services: str) -> None:
    artifact, store = keyless.workplace.publish()
    view = keyless.variant(services)
    view.sign(3, artifact)

    signature = accepted(artifact, store, view.policy())

    assert signature.identity is not None
    assert (signature.identity.subject, signature.identity.issuer) == (SUBJECT, ISSUER)
    assert signature.signed_at is not None
    assert signature.log != ""
    with pytest.raises(TrustError, match="no signature by"):
        accepted(artifact, store, view.policy(f"{SUBJECT}x"))


def test_we_verify_what_cosign_3_signs_without_a_log_only_where_the_policy_says_so(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    private = keyless.variant("no-log")
    private.sign(3, artifact)

    signature = accepted(artifact, store, private.policy(requires_log=False))
    with pytest.raises(TrustError, match="log"):
        accepted(artifact, store, keyless.policy())

    assert (signature.time_source, signature.log) == (AUTHORITY, "")
    ignoring = ("--insecure-ignore-tlog", "--use-signed-timestamps")
    private.verify(3, artifact, *ignoring)
    private.verify(3, artifact, accepted=False)


@pytest.mark.parametrize("timestamped", [False, True])
def test_we_verify_what_cosign_2_signs(keyless: Keyless, timestamped: bool) -> None:  # noqa: FBT001 - a parameter
    artifact, store = keyless.workplace.publish()
    keyless.sign(2, artifact, *([f"--timestamp-server-url={keyless.deployment.tsa_url}"] if timestamped else []))

    signature = accepted(artifact, store, keyless.policy())

    assert signature.format is SIMPLE
    assert signature.identity is not None
    assert signature.identity.subject == SUBJECT
    with pytest.raises(TrustError, match="no signature by"):
        accepted(artifact, store, keyless.policy(issuer="https://accounts.example.org"))


def test_we_verify_bundles_of_cosign_2(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    keyless.sign(2, artifact, "--new-bundle-format")

    assert accepted(artifact, store, keyless.policy()).format is BUNDLE


@pytest.mark.parametrize("services", ["", "rekor-v2", "no-tsa"])
def test_cosign_3_verifies_what_we_sign(keyless: Keyless, services: str) -> None:
    artifact, store = keyless.workplace.publish()
    view = keyless.variant(services)
    timed = ("--use-signed-timestamps",) if services == "rekor-v2" else ()

    assert sign(artifact, store, our_signer(view), verifier({}, Silent())).signed

    assert artifact.digest in view.verify(3, artifact, *timed)
    view.verify(3, artifact, *timed, subject=f"{SUBJECT}x", accepted=False)
    view.verify(3, artifact, *timed, issuer="https://accounts.example.org", accepted=False)


def test_cosign_2_verifies_what_we_sign_as_bundle(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    sign(artifact, store, our_signer(keyless), verifier({}, Silent()))

    assert artifact.digest in keyless.verify(2, artifact, "--new-bundle-format")


def test_cosign_3_verifies_what_we_sign_without_a_log(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    private = keyless.variant("no-log")
    sign(artifact, store, our_signer(private), verifier({}, Silent()))

    private.verify(3, artifact, "--insecure-ignore-tlog", "--use-signed-timestamps")
    private.verify(3, artifact, accepted=False)


def test_we_read_the_attestations_of_cosign_3(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    keyless.attest(3, artifact)

    judgement = judge_signatures(artifact, store, verifier({}, Silent()), keyless.policy())

    assert [one.predicate_type for one in judgement.attestations] == [PREDICATE_TYPE]
    assert judgement.attestations[0].predicate["buildDefinition"] == {"buildType": "https://example.org/build"}
    assert judgement.attestations[0].signature.identity is not None
    assert judgement.accepted == ()


def test_cosign_3_verifies_what_we_attest(keyless: Keyless) -> None:
    from pipeline.model.artifact.manifest import Blob
    from pipeline.model.trust.storage import bundle_manifest

    artifact, store = keyless.workplace.publish()
    statement = write_statement(artifact.digest, artifact.repository.name, PREDICATE_TYPE, {"builder": "ours"})
    attestation = our_signer(keyless).attest(statement)
    bundle = Blob("application/vnd.dev.sigstore.bundle.v0.3+json", attestation.content)
    store.write_blob(bundle.descriptor, lambda: (bundle.content,))
    stored = store.read_manifest(artifact.digest)
    subject = Blob(stored.media_type, stored.content).descriptor
    store.write_blob(Blob("application/vnd.oci.empty.v1+json", b"{}").descriptor, lambda: (b"{}",))
    store.write_manifest(bundle_manifest(subject, bundle.descriptor, PREDICATE_TYPE))

    keyless.verify_attestation(3, artifact)
    keyless.verify_attestation(3, artifact, subject=f"{SUBJECT}x", accepted=False)


def test_our_second_signature_by_the_same_identity_is_not_needed(keyless: Keyless) -> None:
    artifact, store = keyless.workplace.publish()
    keyless.sign(3, artifact)

    assert not sign(artifact, store, our_signer(keyless), verifier({}, Silent())).signed


def test_an_identity_token_reaches_neither_output_nor_files(
    keyless: Keyless, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artifact, store = keyless.workplace.publish()
    token = keyless.deployment.token()
    path = tmp_path / "token"
    path.write_text(token)
    options = SigningOptions(
        keyless=True,
        identity_token_file=str(path),
        trusted_root=str(keyless.deployment.trusted_root),
        signing_config=str(keyless.deployment.signing_config),
    )
    made = signer(options, {}, Silent(), lambda: b"")

    sign(artifact, store, made, verifier({}, Silent()))

    written = capsys.readouterr()
    assert token not in written.out + written.err + repr(made)
