"""Good bundles with one thing altered, exchanged or left out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

from tests.integration.sign.attacks import Scene
from tests.integration.sign.forging import Document, Forger

V2 = "rekor-v2"


def altered(change: Callable[[Document], object], variant: str = "") -> Callable[[Scene], None]:
    """A good bundle, but for a change of what vouches for it."""

    def done(scene: Scene) -> None:
        bundle = scene.forger(variant).sign_digest(scene.artifact.digest)
        change(bundle["verificationMaterial"])
        scene.attach(bundle)

    return done


def altered_entry(change: Callable[[Document], object], variant: str = "") -> Callable[[Scene], None]:
    return altered(lambda material: change(material["tlogEntries"][0]), variant)


def with_the_entry_of(make: Callable[[Scene], Document], variant: str = "") -> Callable[[Scene], None]:
    """A good bundle, but for its log entry, which is that of the bundle that ``make`` gives."""

    def done(scene: Scene) -> None:
        bundle = scene.forger(variant).sign_digest(scene.artifact.digest)
        bundle["verificationMaterial"]["tlogEntries"] = make(scene)["verificationMaterial"]["tlogEntries"]
        scene.attach(bundle)

    return done


def signed_by_another(scene: Scene) -> Document:
    return scene.forger(subject="https://github.com/mallory/shop").sign_digest(scene.another().artifact.digest)


def entry_of_the_same_signer_for_another_artifact(scene: Scene) -> None:
    forger = scene.forger()
    bundle, other = forger.sign_digest(scene.artifact.digest), forger.sign_digest(scene.another().artifact.digest)
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    scene.attach(bundle)


def entry_of_the_same_statement_signed_again(scene: Scene) -> None:
    forger = scene.forger()
    bundle, other = forger.sign_digest(scene.artifact.digest), forger.sign_digest(scene.artifact.digest)
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    scene.attach(bundle)


def timestamp_of_another_signature(variant: str) -> Callable[[Scene], None]:
    def done(scene: Scene) -> None:
        forger = scene.forger(variant)
        bundle = forger.sign_digest(scene.artifact.digest)
        stamps = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
        stamps[:] = [{"signedTimestamp": forger.time(b"another signature")}]
        scene.attach(bundle)

    return done


def flip(text: str) -> str:
    """The same base64 with one bit in the middle of the content flipped."""
    content = bytearray(base64.b64decode(text))
    content[len(content) // 2] ^= 1
    return base64.b64encode(content).decode()


def flip_in(field: str) -> Callable[[Document], object]:
    return lambda parent: parent.__setitem__(field, flip(parent[field]))


def entry_of(material: Document) -> Document:
    entry: Document = material["tlogEntries"][0]
    return entry


def unstamp(material: Document) -> None:
    del material["timestampVerificationData"]


def expired_without_a_log(scene: Scene) -> Forger:
    """A certificate of yesterday, and a deployment to time it that has no log."""
    return replace(scene.forger("certificate-of-yesterday"), deployment=scene.keyless.variant("no-log").deployment)


def good(scene: Scene, variant: str = "") -> None:
    scene.attach(scene.forger(variant).sign_digest(scene.artifact.digest))


NOBODYS_CHECKPOINT = "a\n1\nAAAA\n\n\u2014 a AAAAAAAA\n"
