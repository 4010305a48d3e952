"""Signatures travel both ways between gitless and cosign, with and without the referrers API."""

from __future__ import annotations

import pytest

from pipeline.errors import RefusedError, TrustError
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.signers.cosign import CosignVerifier, describe_key
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import require_trust
from tests.integration.sign.cosign import PASSWORD, Major, Workplace
from tests.trusting import trusting
from tests.unit.sign.support import private_key

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

BUNDLE, SIMPLE = SignatureFormat.BUNDLE, SignatureFormat.SIMPLE
MAJORS: tuple[Major, ...] = (2, 3)


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("signature_format", [BUNDLE, SIMPLE])
def test_cosign_verifies_what_we_sign(workplace: Workplace, major: Major, signature_format: SignatureFormat) -> None:
    artifact, store = workplace.publish()
    workplace.sign(artifact, store, "ours", signature_format)

    assert artifact.digest in workplace.cosign_verify(major, artifact, "ours")
    workplace.cosign_verify(major, artifact, "cosign3", accepted=False)


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("signature_format", [BUNDLE, SIMPLE])
def test_we_verify_what_cosign_signs(workplace: Workplace, major: Major, signature_format: SignatureFormat) -> None:
    artifact, store = workplace.publish()
    workplace.cosign_sign(major, artifact, f"cosign{major}", signature_format)
    verifier, theirs = CosignVerifier(), workplace.policy(f"cosign{major}")

    assert require_trust(artifact, store, trusting(verifier), theirs).signatures[0].format is signature_format
    with pytest.raises(TrustError, match="not made by a trusted key"):
        require_trust(artifact, store, trusting(verifier), workplace.policy("ours"))


@pytest.mark.parametrize("kind", ["P-384", "P-521", "RSA 2048", "Ed25519"])
def test_cosign_verifies_what_we_sign_with_other_keys_that_it_imported(workplace: Workplace, kind: str) -> None:
    artifact, store = workplace.publish()
    name = f"imported-{kind.lower().replace(' ', '-')}"
    workplace.import_key(name, private_key("imported", kind))
    for signature_format in (BUNDLE, SIMPLE):
        workplace.sign(artifact, store, name, signature_format)

    workplace.cosign_verify(3, artifact, name)


@pytest.mark.parametrize("major", MAJORS)
def test_both_formats_by_one_key_suit_every_verifier(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    for signature_format in (BUNDLE, SIMPLE):
        workplace.sign(artifact, store, "ours", signature_format)

    workplace.cosign_verify(major, artifact, "ours")


@pytest.mark.parametrize("major", MAJORS)
def test_keys_of_cosign_sign_here_and_its_signature_is_known_again(workplace: Workplace, major: Major) -> None:
    artifact, store = workplace.publish()
    signer = workplace.signer(f"cosign{major}", BUNDLE)

    ours = sign(artifact, store, signer, CosignVerifier())
    workplace.cosign_verify(3, artifact, f"cosign{major}")
    described = describe_key(workplace.key(f"cosign{major}"), PASSWORD.encode)

    assert ours.key_fingerprint == described.fingerprint
    assert not sign(artifact, store, signer, CosignVerifier()).signed


def test_keys_of_ours_sign_with_cosign(workplace: Workplace) -> None:
    artifact, store = workplace.publish()
    workplace.cosign_sign(3, artifact, "ours", BUNDLE)

    assert not sign(artifact, store, workplace.signer("ours", BUNDLE), CosignVerifier()).signed


@pytest.mark.parametrize("ours_first", [True, False])
def test_simple_signatures_of_cosign_and_ours_live_in_one_image(workplace: Workplace, ours_first: bool) -> None:  # noqa: FBT001 - a parameter
    artifact, store = workplace.publish()
    for ours in (ours_first, not ours_first):
        if ours:
            workplace.sign(artifact, store, "ours", SIMPLE)
        else:
            workplace.cosign_sign(2, artifact, "cosign2", SIMPLE)

    for name in ("ours", "cosign2"):
        workplace.cosign_verify(2, artifact, name)
        require_trust(artifact, store, trusting(CosignVerifier()), workplace.policy(name))


def test_cosign_overlooks_simple_signatures_beside_a_bundle_so_we_refuse_to_hide_one(workplace: Workplace) -> None:
    artifact, store = workplace.publish()
    workplace.cosign_sign(2, artifact, "cosign2", SIMPLE)
    ours = workplace.signer("ours", BUNDLE)

    with pytest.raises(RefusedError):
        sign(artifact, store, ours, CosignVerifier())
    workplace.cosign_verify(3, artifact, "cosign2")

    sign(artifact, store, ours, CosignVerifier(), allow_shadowing=True)
    workplace.cosign_verify(3, artifact, "cosign2", accepted=False)


def test_an_attestation_of_cosign_by_an_accepted_key_is_no_signature(workplace: Workplace) -> None:
    artifact, store = workplace.publish()
    predicate = workplace.folder / "predicate.json"
    predicate.write_text('{"builder": "test"}')
    name = f"{artifact.repository.name}@{artifact.digest}"
    workplace.cosign(
        3,
        "attest",
        "--key=cosign3.key",
        f"--predicate={predicate}",
        "--type=https://slsa.dev/provenance/v1",
        "--allow-http-registry",
        "--use-signing-config=false",
        "--tlog-upload=false",
        "-y",
        name,
    )

    with pytest.raises(TrustError, match="attestation of type"):
        require_trust(artifact, store, trusting(CosignVerifier()), workplace.policy("cosign3"))

    workplace.sign(artifact, store, "ours", BUNDLE)
    judgement = judge_signatures(artifact, store, CosignVerifier(), workplace.policy("ours", "cosign3"))
    assert [one.format for one in judgement.accepted] == [BUNDLE]
    assert (len(judgement.attestations), judgement.rejected) == (1, ())
