"""Attacks on who has signed: certificates, identities, and whom the trusted root names."""

from __future__ import annotations

import base64

import pytest

from pipeline.errors import TrustError
from pipeline.model.trust.policy import Identity, TrustPolicy
from tests.integration.sign.attacks import Attack, Cosign, Scene, ask_cosign, check, ids, signed_by_key
from tests.integration.sign.forging import self_certified
from tests.platform.sigstore.deployment import ISSUER, SUBJECT
from tests.unit.sign.support import OTHER_DIGEST

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]


def signed_with_the_certificate_of_another(scene: Scene) -> None:
    bundle = scene.forger(subject="https://github.com/mallory/shop").sign_digest(scene.artifact.digest)
    trusted = scene.forger().certificate_der
    bundle["verificationMaterial"]["certificate"] = {"rawBytes": base64.b64encode(trusted).decode()}
    scene.attach(bundle)


def signed_with_a_certificate_of_ones_own(scene: Scene) -> None:
    scene.attach(self_certified(scene.forger()).sign_digest(scene.artifact.digest))


def certificate_where_a_key_is_claimed(scene: Scene) -> None:
    bundle = scene.forger().sign_digest(scene.artifact.digest)
    bundle["verificationMaterial"] = {"publicKey": {"hint": "x"}}
    scene.attach(bundle)


def by_somebody(scene: Scene, variant: str = "", **claims: object) -> None:
    scene.attach(scene.forger(variant, **claims).sign_digest(scene.artifact.digest))


IDENTITY = [
    Attack(
        name="wrong subject",
        done=lambda scene: by_somebody(scene, subject="https://github.com/mallory/shop"),
        refused=r"is by https://github.com/mallory/shop \(issuer",
    ),
    Attack(
        name="wrong issuer",
        done=lambda scene: by_somebody(scene, issuer="https://accounts.mallory.example"),
        refused=rf"is by {SUBJECT} \(issuer https://accounts.mallory.example",
    ),
    Attack(
        name="subject that begins with the wanted one",
        done=lambda scene: by_somebody(scene, subject=f"{SUBJECT}.mallory"),
        refused=rf"is by {SUBJECT}\.mallory \(issuer",
    ),
    Attack(
        name="subject that ends with the wanted one",
        done=lambda scene: by_somebody(scene, subject=f"https://mallory.example/?{SUBJECT}"),
        refused="is by https://mallory.example/",
    ),
    Attack(
        name="issuer that begins with the wanted one",
        done=lambda scene: by_somebody(scene, issuer=f"{ISSUER}.mallory.example"),
        refused=rf"is by {SUBJECT} \(issuer {ISSUER}\.mallory\.example",
    ),
    Attack(
        name="subject and issuer exchanged",
        done=lambda scene: by_somebody(scene, subject=ISSUER, issuer=SUBJECT),
        refused=rf"is by {ISSUER} \(issuer {SUBJECT}",
    ),
    Attack(
        name="subject in capitals",
        done=lambda scene: by_somebody(scene, subject=SUBJECT.upper()),
        refused=rf"is by {SUBJECT.upper()} \(issuer",
    ),
    Attack(
        name="key's signature where an identity is wanted",
        done=lambda scene: scene.attach(signed_by_key(scene.artifact.digest)),
        refused="no key is trusted",
    ),
    Attack(
        name="identity's signature where a key is wanted",
        done=by_somebody,
        refused="it was made without a key",
        by_key=True,
    ),
    Attack(
        name="key claimed for a certificate's signature",
        done=certificate_where_a_key_is_claimed,
        refused="no key is trusted",
    ),
]

CERTIFICATES = [
    Attack(
        name="expired certificate",
        done=lambda scene: by_somebody(scene, "certificate-of-yesterday"),
        refused="its certificate had expired when it was signed",
    ),
    Attack(
        name="certificate that is not valid yet",
        done=lambda scene: by_somebody(scene, "certificate-of-tomorrow"),
        refused="its certificate was not yet valid when it was signed",
    ),
    Attack(
        name="certificate of oneself",
        done=signed_with_a_certificate_of_ones_own,
        refused="its certificate is not from an authority that trusted_root.json names",
    ),
    Attack(
        name="certificate of another authority",
        done=lambda scene: by_somebody(scene, "certificate-of-other"),
        refused="its certificate is not from an authority that trusted_root.json names",
    ),
    Attack(
        name="another deployment altogether",
        done=lambda scene: by_somebody(scene, "other"),
        refused="its log entry is from a transparency log that trusted_root.json does not name",
    ),
    Attack(
        name="certificate of somebody trusted, key of somebody else",
        done=signed_with_the_certificate_of_another,
        refused="it was not made by its certificate's key",
    ),
    Attack(
        name="certificate in no certificate log",
        done=lambda scene: by_somebody(scene, "certificate-without-ct"),
        refused="lacks the proof that it is in a certificate transparency log",
    ),
    Attack(
        name="certificate in another certificate log",
        done=by_somebody,
        refused="certificate transparency log .SCT. does not hold",
        root="root-with-other-ct",
    ),
    Attack(
        name="no certificate log is trusted",
        done=by_somebody,
        refused="names no certificate transparency log",
        root="root-without-ct",
    ),
    Attack(
        name="authority that is no longer trusted",
        done=by_somebody,
        refused="trusted_root.json names no certificate authority for",
        root="root-with-ended-fulcio",
    ),
]

KEYLESS_CONTENT = [
    Attack(
        name="other digest in the payload",
        done=lambda scene: scene.attach(scene.forger().sign_digest(OTHER_DIGEST)),
        refused="the signed statement is about another digest",
    ),
    Attack(
        name="signature moved from another artifact",
        done=lambda scene: scene.attach(scene.forger().sign_digest(scene.another().artifact.digest)),
        refused="the signed statement is about another digest",
    ),
    Attack(
        name="another payload type",
        done=lambda scene: scene.attach(scene.forger().sign(b"{}", payload_type="application/json")),
        refused="the envelope's payload type is 'application/json'",
    ),
    Attack(
        name="attestation as signature, which cosign accepts",
        done=lambda scene: scene.attach(
            scene.forger().sign_digest(scene.artifact.digest, predicateType="https://slsa.dev/provenance/v1")
        ),
        refused="it is an attestation of type 'https://slsa.dev/provenance/v1', not a signature",
        cosign=Cosign.ACCEPTS,
    ),
]

TABLE = [*IDENTITY, *CERTIFICATES, *KEYLESS_CONTENT]


@pytest.mark.parametrize("attack", TABLE, ids=ids(TABLE))
def test_who_is_not_trusted_is_refused(scene: Scene, attack: Attack) -> None:
    check(attack, scene)


def test_who_is_trusted_is_accepted_among_all_of_them(scene: Scene) -> None:
    for attack in TABLE:
        if not (attack.root or attack.by_key):  # These are good signatures, wrongly believed.
            attack.done(scene)
    good = scene.attach(scene.forger().sign_digest(scene.artifact.digest))

    assert [one.found_in for one in scene.require(scene.keyless.policy()).signatures] == [good.digest]
    ask_cosign(scene)


def test_a_pattern_without_anchors_accepts_what_only_contains_it_as_it_does_in_cosign(scene: Scene) -> None:
    by_somebody(scene, subject=f"https://mallory.example/?{SUBJECT}")
    policy = scene.keyless.policy()
    loose = Identity(subject_regexp="https://github.com/acme/shop/.*", issuer_regexp="githubusercontent")
    strict = Identity(subject_regexp="^https://github.com/acme/shop/.*$", issuer=ISSUER)

    assert scene.require(TrustPolicy(identities=(loose,), trusted_root=policy.trusted_root)).signatures
    with pytest.raises(TrustError, match="mallory"):
        scene.require(TrustPolicy(identities=(strict,), trusted_root=policy.trusted_root))
    for pattern, accepted in (("https://github.com/acme/shop/.*", True), ("^https://github.com/acme/shop/.*$", False)):
        options = (f"--certificate-identity-regexp={pattern}",)
        scene.keyless.verify(3, scene.artifact, *options, subject="", accepted=accepted)


def test_two_trusted_signers_are_both_found(scene: Scene) -> None:
    scene.attach(scene.forger().sign_digest(scene.artifact.digest))
    scene.attach(
        scene.forger(subject="jane@example.org", issuer="https://accounts.example.org").sign_digest(
            scene.artifact.digest
        )
    )

    for subject, issuer in ((SUBJECT, ISSUER), ("jane@example.org", "https://accounts.example.org")):
        (signature,) = scene.require(scene.keyless.policy(subject, issuer)).signatures
        assert signature.identity is not None
        assert signature.identity.subject == subject
        scene.keyless.verify(3, scene.artifact, subject=subject, issuer=issuer)


def test_what_is_in_a_certificate_besides_is_known_by_its_name(scene: Scene) -> None:
    claims = {"repository": "acme/shop", "ref": "refs/heads/main", "event_name": "push", "sha": "0" * 40}
    by_somebody(scene, **claims)

    (signature,) = scene.require(scene.keyless.policy()).signatures

    assert signature.identity is not None
    assert signature.identity.claims["sourceRepositoryURI"] == "https://github.com/acme/shop"
    assert signature.identity.claims["sourceRepositoryRef"] == "refs/heads/main"
    assert signature.identity.claims["buildTrigger"] == "push"
