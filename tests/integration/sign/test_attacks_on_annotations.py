"""Attacks on what cosign 2 keeps in annotations beside a signature without a key: certificate, log entry, timestamp."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pipeline.model.artifact.manifest import parse_manifest
from pipeline.model.trust.storage import SIGNATURE_ANNOTATION, signature_tag
from tests.integration.sign.attacks import Attack, Scene, check, ids, payload_for

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

CERTIFICATE = "dev.sigstore.cosign/certificate"
LOG_ENTRY = "dev.sigstore.cosign/bundle"
Annotations = dict[str, str]


def signed(scene: Scene, *options: str, **claims: object) -> tuple[bytes, Annotations]:
    """Let cosign 2 sign the artifact, and give the payload and its annotations."""
    scene.keyless.sign(2, scene.artifact, *options, token=scene.keyless.deployment.token(**claims))  # type: ignore[arg-type]
    tag = scene.store.resolve(signature_tag(scene.artifact.digest))
    layer = parse_manifest(scene.store.read_manifest(tag.digest)).layers[-1]
    return b"".join(scene.store.read_blob(layer)), dict(layer.annotations)


def exchanged(name: str) -> Callable[[Scene], None]:
    """One annotation is that of another signature, by the same identity, of another artifact."""

    def done(scene: Scene) -> None:
        payload, annotations = signed(scene)
        _, others = signed(scene.another())
        scene.attach_simple((payload, annotations | {name: others[name]}))

    return done


def replaced(name: str, change: Callable[[str], str]) -> Callable[[Scene], None]:
    def done(scene: Scene) -> None:
        payload, annotations = signed(scene)
        scene.attach_simple((payload, annotations | {name: change(annotations[name])}))

    return done


def left_out(name: str) -> Callable[[Scene], None]:
    def done(scene: Scene) -> None:
        payload, annotations = signed(scene)
        del annotations[name]
        scene.attach_simple((payload, annotations))

    return done


def moved_from_another_artifact(scene: Scene) -> None:
    scene.attach_simple(signed(scene.another()))


def payload_exchanged_after_signing(scene: Scene) -> None:
    _, annotations = signed(scene.another())
    scene.attach_simple((payload_for(scene.artifact.digest), annotations))


def by_somebody_else_with_the_certificate_of_the_trusted_one(scene: Scene) -> None:
    _, trusted = signed(scene)
    payload, annotations = signed(scene, subject="https://github.com/mallory/shop")
    scene.attach_simple((payload, annotations | {CERTIFICATE: trusted[CERTIFICATE]}))


def a_second_later(text: str) -> str:
    entry = json.loads(text)
    entry["Payload"]["integratedTime"] += 1
    return json.dumps(entry)


TABLE = [
    Attack(
        name="signature moved from another artifact",
        done=moved_from_another_artifact,
        refused="the signed payload is about another digest",
    ),
    Attack(
        name="payload exchanged after signing",
        done=payload_exchanged_after_signing,
        refused="it was not made by its certificate's key",
    ),
    Attack(
        name="signature of another payload",
        done=exchanged(SIGNATURE_ANNOTATION),
        refused="it was not made by its certificate's key",
    ),
    Attack(
        name="certificate of another signature",
        done=exchanged(CERTIFICATE),
        refused="it was not made by its certificate's key",
    ),
    Attack(
        name="certificate of the trusted one, key of somebody else",
        done=by_somebody_else_with_the_certificate_of_the_trusted_one,
        refused="it was not made by its certificate's key",
    ),
    Attack(
        name="log entry of another signature",
        done=exchanged(LOG_ENTRY),
        refused="its log entry is about another signature or artifact",
    ),
    Attack(
        name="log entry left out",
        done=left_out(LOG_ENTRY),
        refused="it is in no transparency log",
    ),
    Attack(
        name="log entry with another time",
        done=replaced(LOG_ENTRY, a_second_later),
        refused="the log's promise .SET. does not hold for it",
    ),
    Attack(
        name="log entry that is no JSON",
        done=replaced(LOG_ENTRY, lambda text: text[:-10]),
        refused="its log entry is not valid JSON",
    ),
    Attack(
        name="certificate that is no PEM",
        done=replaced(CERTIFICATE, lambda text: text.replace("BEGIN", "BEGONE")),
        refused="the certificate in its annotations cannot be read",
    ),
    Attack(
        name="certificate left out",
        done=left_out(CERTIFICATE),
        refused="no key is trusted",
    ),
]


@pytest.mark.parametrize("attack", TABLE, ids=ids(TABLE))
def test_annotations_that_do_not_belong_together_are_refused(scene: Scene, attack: Attack) -> None:
    check(attack, scene)
