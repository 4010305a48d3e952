"""What somebody may do who can push to the registry but is not trusted, and how it is tried on gitless and cosign."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from pipeline.errors import PipelineError, TrustError
from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_IMAGE_CONFIG, OCI_MANIFEST, SIMPLE_SIGNING, Blob, Descriptor
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.decision import Verdict
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.model.trust.storage import SIGNATURE_ANNOTATION, signature_tag
from pipeline.ports import Registry
from pipeline.stages.trust import require_trust
from pipeline.wiring import trust_ports
from tests.contract.registry.servers import Silent
from tests.integration.sign.forging import SIGSTORE_BUNDLE, Document, Forger, encoded
from tests.integration.sign.keyless import Keyless
from tests.unit.sign.support import bundle_document, private_key, public_pem, raw_signature, simple_payload, statement

KEY = "guarded"


class Cosign(Enum):
    """What the real cosign 3 makes of the same artifact, asked for the same signer."""

    REFUSES = "refuses"
    ACCEPTS = "accepts"
    """It knowingly lets this pass, and we do not."""
    UNASKED = "unasked"
    """It has no way to ask for what we refuse here."""


@dataclass(frozen=True)
class Scene:
    """An artifact on a real registry, and everybody who may sign it or pretend to."""

    keyless: Keyless
    artifact: PinnedReference
    store: Registry

    @classmethod
    def set_up(cls, keyless: Keyless) -> Scene:
        return cls(keyless, *keyless.workplace.publish())

    def another(self) -> Scene:
        """Another artifact, in another repository of the same registry."""
        return Scene.set_up(self.keyless)

    def forger(self, variant: str = "", **claims: object) -> Forger:
        """Somebody with a certificate, for the trusted subject unless the claims say otherwise."""
        deployment = self.keyless.variant(variant).deployment
        return Forger.enrolled(deployment, deployment.token(**claims))  # type: ignore[arg-type]

    def put(self, media_type: str, content: bytes, annotations: Mapping[str, str] | None = None) -> Blob:
        blob = Blob(media_type, content, annotations or {})
        self.store.write_blob(blob.descriptor, lambda: (content,))
        return blob

    def attach(
        self, bundle: Document | bytes, annotations: Mapping[str, str] | None = None, *, size: int | None = None
    ) -> Descriptor:
        """Hang a bundle on the artifact, as anybody can who may push; ``size`` is what to say of it instead."""
        content = bundle if isinstance(bundle, bytes) else encoded(bundle)
        stored = self.store.read_manifest(self.artifact.digest)
        layer = _described(self.put(SIGSTORE_BUNDLE, content)) | ({} if size is None else {"size": size})
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": SIGSTORE_BUNDLE,
            "config": _described(self.put(OCI_EMPTY, b"{}")),
            "layers": [layer],
            "subject": {"mediaType": OCI_MANIFEST, "digest": self.artifact.digest, "size": len(stored.content)},
            "annotations": {"dev.sigstore.bundle.content": "dsse-envelope", **(annotations or {})},
        }
        return self.store.write_manifest(Blob(OCI_MANIFEST, json.dumps(manifest).encode()))

    def attach_simple(self, *signatures: tuple[bytes, Mapping[str, str]]) -> Descriptor:
        """Put simple-signing payloads with these annotations behind the artifact's tag for signatures."""
        blobs = [Blob(SIMPLE_SIGNING, payload, notes) for payload, notes in signatures]
        for content in {blob.content for blob in blobs}:
            self.put(SIMPLE_SIGNING, content)
        layers = [_described(blob) for blob in blobs]
        config = _described(self.put(OCI_IMAGE_CONFIG, b"{}"))
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers}
        blob = Blob(OCI_MANIFEST, json.dumps(manifest).encode())
        return self.store.write_manifest(blob, signature_tag(self.artifact.digest))

    def require(self, policy: TrustPolicy) -> Verdict:
        return require_trust(self.artifact, self.store, trust_ports({}, Silent()), policy)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One row: what is done, what we answer, and whether cosign agrees."""

    name: str
    done: Callable[[Scene], object]
    refused: str
    """A part of the message, as a regular expression."""
    cosign: Cosign = Cosign.REFUSES
    by_key: bool = False
    """Whether the trusted signer is a key rather than an identity."""
    requires_log: bool = True
    """Whether the policy asks for a transparency log."""
    root: str = ""
    """The variant of the deployment whose trusted root is believed."""
    options: Sequence[str] = field(default=())
    """What cosign is told beside that."""

    def __str__(self) -> str:
        return self.name


def check(attack: Attack, scene: Scene) -> None:
    """Try it on both."""
    attack.done(scene)
    with pytest.raises(PipelineError, match=attack.refused) as refused:
        scene.require(_policy(attack, scene))
    assert isinstance(refused.value, TrustError)
    assert refused.value.exit_code == 4
    if attack.cosign is not Cosign.UNASKED:
        ask_cosign(
            scene,
            by_key=attack.by_key,
            root=attack.root,
            options=attack.options,
            accepted=attack.cosign is Cosign.ACCEPTS,
        )


def ask_cosign(
    scene: Scene, *, by_key: bool = False, root: str = "", options: Sequence[str] = (), accepted: bool = True
) -> None:
    """Ask the real cosign 3 about the artifact."""
    if not by_key:
        scene.keyless.variant(root).verify(3, scene.artifact, *options, accepted=accepted)
        return
    (scene.keyless.workplace.folder / f"{KEY}.pub").write_text(public_pem(private_key(KEY)))
    scene.keyless.workplace.cosign_verify(3, scene.artifact, KEY, accepted=accepted)


def _policy(attack: Attack, scene: Scene) -> TrustPolicy:
    if attack.by_key:
        return key_policy()
    return scene.keyless.variant(attack.root).policy(requires_log=attack.requires_log)


def key_policy() -> TrustPolicy:
    """Trust in the guarded key alone."""
    return TrustPolicy((PublicKey(public_pem(private_key(KEY)), f"{KEY}.pub"),))


def signed_by_key(digest: str, **changes: object) -> Document:
    """The bundle that the guarded key's holder would make, but for these changes of its statement."""
    return bundle_document(json.dumps(statement(digest, **changes)).encode(), key=private_key(KEY))


def payload_for(digest: str) -> bytes:
    """What a simple signature signs."""
    return json.dumps(simple_payload(digest)).encode()


def simple_signature(payload: bytes, name: str = KEY) -> dict[str, str]:
    """The annotation that carries the signature over such a payload."""
    return {SIGNATURE_ANNOTATION: base64.b64encode(raw_signature(private_key(name), payload)).decode()}


def ids(attacks: Sequence[Attack]) -> list[str]:
    return [attack.name for attack in attacks]


def _described(blob: Blob) -> dict[str, Any]:
    described: dict[str, Any] = {
        "mediaType": blob.media_type,
        "digest": blob.descriptor.digest,
        "size": len(blob.content),
    }
    return described | ({"annotations": dict(blob.annotations)} if blob.annotations else {})
