"""Attacks on what a signature is about, where it is kept and what kind of statement it is."""

from __future__ import annotations

import base64
import json

import pytest

from tests.integration.sign.attacks import (
    KEY,
    Attack,
    Cosign,
    Scene,
    ask_cosign,
    check,
    ids,
    key_policy,
    payload_for,
    signed_by_key,
    simple_signature,
)
from tests.unit.sign.support import OTHER_DIGEST, bundle_document, private_key, raw_signature, statement

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

PROVENANCE = "https://slsa.dev/provenance/v1"
ANOTHER_TYPE = "application/vnd.in-toto.provenance+json"


def simple_signature_moved_from_another_artifact(scene: Scene) -> None:
    payload = payload_for(scene.another().artifact.digest)
    scene.attach_simple((payload, simple_signature(payload)))


def simple_signature_with_the_annotation_of_another(scene: Scene) -> None:
    other = payload_for(scene.another().artifact.digest)
    scene.attach_simple((payload_for(scene.artifact.digest), simple_signature(other)))


def simple_signature_of_a_stranger_between_swapped_ones(scene: Scene) -> None:
    ours, other = payload_for(scene.artifact.digest), payload_for(OTHER_DIGEST)
    scene.attach_simple((ours, simple_signature(ours, "stranger")), (ours, simple_signature(other)))


def attestation_that_an_annotation_calls_a_signature(scene: Scene) -> None:
    called = {"dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1"}
    scene.attach(signed_by_key(scene.artifact.digest, predicateType=PROVENANCE), called)


def payload_exchanged_after_signing(scene: Scene) -> None:
    bundle = signed_by_key(OTHER_DIGEST)
    payload = json.dumps(statement(scene.artifact.digest)).encode()
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    scene.attach(bundle)


def signed_as_another_payload_type(scene: Scene) -> None:
    payload = json.dumps(statement(scene.artifact.digest)).encode()
    scene.attach(bundle_document(payload, key=private_key(KEY), payload_type=ANOTHER_TYPE))


def payload_type_exchanged_after_signing(scene: Scene) -> None:
    payload = json.dumps(statement(scene.artifact.digest)).encode()
    bundle = bundle_document(payload, key=private_key(KEY), payload_type=ANOTHER_TYPE)
    bundle["dsseEnvelope"]["payloadType"] = "application/vnd.in-toto+json"
    scene.attach(bundle)


def simple_payload_as_statement(scene: Scene) -> None:
    scene.attach(bundle_document(payload_for(scene.artifact.digest), key=private_key(KEY)))


def bare_signature_of_the_manifest(scene: Scene) -> None:
    content = scene.store.read_manifest(scene.artifact.digest).content
    bundle = signed_by_key(scene.artifact.digest)
    del bundle["dsseEnvelope"]
    bundle["messageSignature"] = {
        "messageDigest": {
            "algorithm": "SHA2_256",
            "digest": base64.b64encode(bytes.fromhex(scene.artifact.digest.removeprefix("sha256:"))).decode(),
        },
        "signature": base64.b64encode(raw_signature(private_key(KEY), content)).decode(),
    }
    scene.attach(bundle)


def second_signature_in_the_envelope(scene: Scene) -> None:
    bundle = signed_by_key(scene.artifact.digest)
    stranger = bundle_document(json.dumps(statement(scene.artifact.digest)).encode(), key=private_key("stranger"))
    bundle["dsseEnvelope"]["signatures"] += stranger["dsseEnvelope"]["signatures"]
    scene.attach(bundle)


def bundle_of_an_older_version(scene: Scene) -> None:
    bundle = signed_by_key(scene.artifact.digest)
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    scene.attach(bundle)


# name, what is done, our answer, cosign's
BY_KEY = [
    Attack(
        name="other digest in the payload",
        done=lambda scene: scene.attach(signed_by_key(OTHER_DIGEST)),
        refused="the signed statement is about another digest",
        by_key=True,
    ),
    Attack(
        name="signature moved from another artifact",
        done=lambda scene: scene.attach(signed_by_key(scene.another().artifact.digest)),
        refused="the signed statement is about another digest",
        by_key=True,
    ),
    Attack(
        name="simple signature moved from another artifact",
        done=simple_signature_moved_from_another_artifact,
        refused="the signed payload is about another digest",
        by_key=True,
    ),
    Attack(
        name="signature of a stranger",
        done=lambda scene: scene.attach(
            bundle_document(json.dumps(statement(scene.artifact.digest)).encode(), key=private_key("stranger"))
        ),
        refused="it was not made by a trusted key",
        by_key=True,
    ),
    Attack(
        name="swapped annotation of a simple signature",
        done=simple_signature_with_the_annotation_of_another,
        refused="it was not made by a trusted key",
        by_key=True,
    ),
    Attack(
        name="simple signatures that are each half right",
        done=simple_signature_of_a_stranger_between_swapped_ones,
        refused="it was not made by a trusted key",
        by_key=True,
    ),
    Attack(
        name="payload exchanged after signing",
        done=payload_exchanged_after_signing,
        refused="it was not made by a trusted key, or what it signs was changed",
        by_key=True,
    ),
    Attack(
        name="another payload type",
        done=signed_as_another_payload_type,
        refused=rf"the envelope's payload type is '{ANOTHER_TYPE.replace('+', '[+]')}'",
        by_key=True,
    ),
    Attack(
        name="payload type exchanged after signing",
        done=payload_type_exchanged_after_signing,
        refused="it was not made by a trusted key, or what it signs was changed",
        by_key=True,
    ),
    Attack(
        name="simple-signing payload as statement",
        done=simple_payload_as_statement,
        refused="the signed statement's type is None",
        by_key=True,
    ),
    Attack(
        name="bare message signature",
        done=bare_signature_of_the_manifest,
        refused="the bundle holds a bare message signature",
        by_key=True,
    ),
    Attack(
        name="second signature in one envelope",
        done=second_signature_in_the_envelope,
        refused="must have exactly one signature",
        by_key=True,
    ),
    Attack(
        name="bundle of an older version",
        done=bundle_of_an_older_version,
        refused="expected version 0.3",
        by_key=True,
    ),
    # cosign and Flux take any statement about the digest for a signature.
    Attack(
        name="attestation as signature, which cosign accepts",
        done=lambda scene: scene.attach(signed_by_key(scene.artifact.digest, predicateType=PROVENANCE)),
        refused=f"it is an attestation of type '{PROVENANCE}', not a signature",
        cosign=Cosign.ACCEPTS,
        by_key=True,
    ),
    Attack(
        name="attestation that an annotation calls a signature, which cosign accepts",
        done=attestation_that_an_annotation_calls_a_signature,
        refused=f"it is an attestation of type '{PROVENANCE}', not a signature",
        cosign=Cosign.ACCEPTS,
        by_key=True,
    ),
]


@pytest.mark.parametrize("attack", BY_KEY, ids=ids(BY_KEY))
def test_what_the_key_did_not_say_of_this_artifact_is_refused(scene: Scene, attack: Attack) -> None:
    check(attack, scene)


@pytest.mark.parametrize("attack", BY_KEY, ids=ids(BY_KEY))
def test_no_attack_keeps_a_good_signature_by_the_key_from_counting(scene: Scene, attack: Attack) -> None:
    attack.done(scene)
    good = scene.attach(signed_by_key(scene.artifact.digest))

    assert [one.found_in for one in scene.require(key_policy()).signatures] == [good.digest]
    ask_cosign(scene, by_key=True)
