from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import RegistryError
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.sign import sign
from tests.unit.sign.support import private_key, public_pem, signer
from tests.unit.sources.worlds import World, kinds, source, told

COSIGN = {"provider": "cosign", "secretRef": {"name": "keys"}}


def signed_push(world: World, name: str = "ours", **content: bytes) -> str:
    artifact = world.push(content or None)
    sign(artifact, world.registry, signer(name), CosignVerifier())
    world.calls()
    return artifact.digest


def trust(world: World, *names: str) -> None:
    world.secret("keys", {f"{name}.pub": public_pem(private_key(name)) for name in names} | {"note.txt": "none"})


@pytest.mark.parametrize("signature_format", list(SignatureFormat))
def test_a_signed_artifact_is_verified_and_said_to_be(world: World, signature_format: SignatureFormat) -> None:
    artifact = world.push()
    sign(artifact, world.registry, signer("ours", signature_format), CosignVerifier())
    trust(world, "theirs", "ours")
    body = source(verify=COSIGN)
    assert world.reconcile(body).succeeded
    assert told(body, "SourceVerified") == (
        "True",
        "Succeeded",
        f"verified signature of revision latest@{artifact.digest}",
    )
    assert kinds(body) == {"Ready", "ArtifactInStorage", "SourceVerified"}


def test_the_same_revision_is_verified_once(world: World) -> None:
    signed_push(world)
    trust(world, "ours")
    body = source(verify=COSIGN)
    world.reconcile(body)
    before = dict(body["status"])
    world.calls()
    world.api.requests.clear()
    world.reconcile(body)
    assert world.calls() == ["resolve"]
    assert world.api.requests == []
    assert body["status"] == before


@pytest.mark.parametrize("force", [False, True])
def test_another_generation_or_a_request_verifies_again(world: World, *, force: bool) -> None:
    signed_push(world)
    trust(world, "ours")
    body = source(verify=COSIGN)
    world.reconcile(body)
    trust(world, "theirs")
    good = body["status"]["artifact"]
    if not force:
        body["metadata"]["generation"] = 2
    assert not world.reconcile(body, force=force).succeeded
    assert body["status"]["artifact"] == good
    verified = told(body, "SourceVerified")
    assert verified is not None
    assert verified[:2] == ("False", "VerificationError")


def test_what_nobody_signed_is_refused_and_the_artifact_stays(world: World) -> None:
    signed_push(world)
    trust(world, "ours")
    body = source(verify=COSIGN)
    world.reconcile(body)
    good = body["status"]["artifact"]
    unsigned = world.push({"evil.yaml": b"evil"})
    world.calls()
    outcome = world.reconcile(body)
    message = f"failed to verify the signature using provider 'cosign': {unsigned.digest_url} is not signed"
    assert told(body, "SourceVerified") == ("False", "VerificationError", message)
    assert told(body, "Ready") == ("False", "VerificationError", message)
    assert told(body, "Reconciling") is not None
    assert told(body, "ArtifactOutdated") is not None
    assert outcome.requeue_after is None
    assert body["status"]["artifact"] == good
    assert "read_blob" not in world.calls()
    sign(unsigned, world.registry, signer("ours"), CosignVerifier())
    assert world.reconcile(body).succeeded
    assert kinds(body) == {"Ready", "ArtifactInStorage", "SourceVerified"}


def test_a_signature_by_somebody_else_is_refused(world: World) -> None:
    signed_push(world, "theirs")
    trust(world, "ours")
    body = source(verify=COSIGN)
    assert not world.reconcile(body).succeeded
    ready = told(body, "Ready")
    assert ready is not None
    assert "has no signature by ours.pub of secret 'apps/keys'" in ready[2]
    assert "artifact" not in body["status"]


def test_a_signature_of_another_digest_is_refused(world: World) -> None:
    signed_push(world)
    trust(world, "ours")
    other = world.push({"evil.yaml": b"evil"}, tag="evil")
    world.registry.faults.moved_tags["latest"] = other.digest
    body = source(verify=COSIGN)
    assert not world.reconcile(body).succeeded
    assert "artifact" not in body["status"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "secret 'apps/keys' not found"),
        ({"cosign.key": "x"}, "secret 'apps/keys' has no public key; expected a key named *.pub"),
        ({"a.pub": "no key"}, "a.pub of secret 'apps/keys' is not a public key in PEM"),
        ({f"{number}.pub": "x" for number in range(65)}, "has 65 public keys; expected at most 64"),
    ],
)
def test_keys_that_cannot_be_had_are_told(world: World, data: dict[str, str] | None, complaint: str) -> None:
    signed_push(world)
    if data is not None:
        world.secret("keys", data)
    body = source(verify=COSIGN)
    outcome = world.reconcile(body)
    ready = told(body, "Ready")
    assert ready is not None
    assert ready[:2] == ("False", "VerificationError")
    assert complaint in ready[2]
    assert outcome.requeue_after is None


@pytest.mark.parametrize(
    ("verify", "complaint"),
    [
        (
            {"provider": "notation", "secretRef": {"name": "keys"}},
            "verification by 'notation' is not possible here: notation is not installed",
        ),
        ({"provider": "notation"}, "verification by 'notation' needs spec.verify.secretRef"),
        ({"provider": "gpg"}, "verification by 'gpg' is not supported; expected spec.verify.provider 'cosign' or"),
    ],
)
def test_what_cannot_be_verified_is_never_taken_unverified(
    world: World, verify: dict[str, Any], complaint: str
) -> None:
    signed_push(world)
    trust(world, "ours")
    body = source()
    world.reconcile(body)
    good = body["status"]["artifact"]
    signed_push(world, new=b"new")
    body["spec"]["verify"] = verify
    body["metadata"]["generation"] = 2
    outcome = world.reconcile(body)
    ready, stalled = told(body, "Ready"), told(body, "Stalled")
    assert ready is not None
    assert stalled is not None
    assert ready[:2] == ("False", "VerificationError")
    assert ready[2].startswith(complaint)
    assert stalled[1:] == ready[1:]
    assert told(body, "SourceVerified") == ready
    assert told(body, "Reconciling") is None
    assert outcome.requeue_after == 600.0
    assert body["status"]["artifact"] == good
    assert body["status"]["observedGeneration"] == 2


def test_verification_that_is_no_longer_asked_for_leaves_no_condition(world: World) -> None:
    signed_push(world)
    trust(world, "ours")
    body = source(verify=COSIGN)
    world.reconcile(body)
    del body["spec"]["verify"]
    world.reconcile(body)
    assert kinds(body) == {"Ready", "ArtifactInStorage"}


def test_verification_that_is_asked_for_later_is_done_for_the_artifact_at_hand(world: World) -> None:
    signed_push(world)
    trust(world, "ours")
    body = source()
    world.reconcile(body)
    body["spec"]["verify"] = COSIGN
    body["metadata"]["generation"] = 2
    world.calls()
    assert world.reconcile(body).succeeded
    assert "referrers" in world.calls()
    assert "SourceVerified" in kinds(body)


def test_a_registry_that_fails_meanwhile_is_no_verification(world: World) -> None:
    signed_push(world)
    trust(world, "ours")
    world.registry.faults.fail("referrers", RegistryError("registry.test: connection reset"))
    body = source(verify=COSIGN)
    assert not world.reconcile(body).succeeded
    assert "artifact" not in body["status"]
    assert world.reconcile(body).succeeded


def test_what_was_accepted_outlives_a_lost_cache_while_what_is_new_is_refused(world: World) -> None:
    signed_push(world)
    trust(world, "ours")
    body = source(verify=COSIGN)
    world.reconcile(body)
    good = body["status"]["artifact"]
    world.push({"evil.yaml": b"evil"})
    world.cache.remove(good["digest"])
    assert not world.reconcile(body).succeeded
    assert body["status"]["artifact"] == good
    assert set(world.files(body)) == {"deployment.yaml", "service.yaml"}
    world.cache.remove(good["digest"])
    world.registry.faults.fail("resolve", RegistryError("down"))
    world.registry.faults.fail("read_manifest", RegistryError("down"))
    assert not world.reconcile(body).succeeded
    assert not world.cache.has(good["digest"])
