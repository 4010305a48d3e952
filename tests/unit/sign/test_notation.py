from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ArtifactNotFoundError, PipelineError, RegistryError, ToolError, TrustError
from pipeline.model.artifact.manifest import OCI_MANIFEST, Blob, Descriptor, StoredManifest, sha256_digest
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.trust.notation import NotationAnswer, NotationMaterial, NotationTrust, read_notation_trust
from pipeline.signers.notation import NotationVerifier
from pipeline.stages.notation_signatures import MAX_SIGNATURES, find_notation_signatures
from pipeline.testing.registry import MemoryRegistry, MemoryStore

JWS, COSE = "application/jose+json", "application/cose"
SIGNATURE = "application/vnd.cncf.notary.signature"
WHERE = "secret 'apps/trust'"
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n"


def policy(*stores: str, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    statement = {"name": "all", "trustStores": list(stores), "trustedIdentities": ["*"], **changes}
    return json.dumps({"version": "1.0", "trustPolicies": [statement]}).encode()


# Policies


def test_every_certificate_is_in_every_store() -> None:
    stores = ("ca:acme", "signingAuthority:acme.test", "tsa:clock")
    data = {"trustpolicy.json": policy(*stores), "a.crt": CERTIFICATE, "b.pem": b"B", "note.txt": b"none"}
    trust = read_notation_trust(data, WHERE)
    assert trust.stores == (("ca", "acme"), ("signingAuthority", "acme.test"), ("tsa", "clock"))
    assert trust.certificates == {"a.crt": CERTIFICATE, "b.pem": b"B"}
    assert json.loads(trust.policy) == json.loads(data["trustpolicy.json"])


@pytest.mark.parametrize("store", ["ca:..", "ca:.", "ca:../x", "ca:a/b", "ca:", "x509:a", "ca", "ca:" + "a" * 129])
def test_a_store_that_is_no_name_of_a_folder_is_not_written(store: str) -> None:
    data = {"trustpolicy.json": policy(store, "ca:good"), "a.crt": CERTIFICATE}
    assert read_notation_trust(data, WHERE).stores == (("ca", "good"),)


def test_the_level_skip_needs_no_stores_whatever_is_said() -> None:
    content = policy("ca:acme", signatureVerification={"level": "skip"})
    trust = read_notation_trust({"trustpolicy.json": content, "a.crt": CERTIFICATE}, WHERE)
    (statement,) = json.loads(trust.policy)["trustPolicies"]
    assert (statement["trustStores"], statement["trustedIdentities"], trust.stores) == ([], [], ())


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "has no 'trustpolicy.json'"),
        ({"trustpolicy.json": b""}, "has no 'trustpolicy.json'"),
        ({"trustpolicy.json": b"{"}, "is not valid JSON"),
        ({"trustpolicy.json": b'{"a": 1, "a": 2}'}, "is not valid JSON"),
        ({"trustpolicy.json": b"[" * 100_000}, "is not valid JSON"),
        ({"trustpolicy.json": b"{}"}, "has no list 'trustPolicies'"),
        ({"trustpolicy.json": b'{"trustPolicies": [1]}'}, "has no list 'trustPolicies'"),
        ({"trustpolicy.json": policy("ca:acme"), "a.crt": None}, "has no certificate"),
        (
            {"trustpolicy.json": policy("ca:acme")} | {f"{number}.crt": b"x" for number in range(65)},
            "expected at most 64",
        ),
    ],
)
def test_a_secret_that_makes_no_sense_is_told(data: Mapping[str, bytes | None], complaint: str) -> None:
    given = {name: content for name, content in ({"a.crt": CERTIFICATE} | dict(data)).items() if content is not None}
    with pytest.raises(TrustError, match=complaint):
        read_notation_trust(given, WHERE)


@pytest.mark.parametrize("stores", ["ca:acme", 1, [1, None], {"a": "b"}])
def test_stores_of_another_type_name_nothing(stores: object) -> None:
    content = json.dumps({"trustPolicies": [{"trustStores": stores}]}).encode()
    data = {"trustpolicy.json": content, "a.crt": CERTIFICATE}
    assert read_notation_trust(data, WHERE).stores == ()


# Finding signatures


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry(Repository("registry.test", "team/app"), MemoryStore())


@pytest.fixture
def artifact(registry: MemoryRegistry) -> PinnedReference:
    content = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": []}).encode()
    digest = registry.write_manifest(Blob(OCI_MANIFEST, content), "latest").digest
    return PinnedReference(registry.repository, digest, "latest")


def described(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def attach(
    registry: MemoryRegistry,
    artifact: PinnedReference,
    envelope: bytes = b"{}",
    *,
    media_type: str = JWS,
    kind: str = SIGNATURE,
    **changes: Any,  # noqa: ANN401 - any JSON
) -> str:
    layer, config = Blob(media_type, envelope), Blob(kind, b"{}")
    for blob in (layer, config):
        registry.write_blob(blob.descriptor, lambda blob=blob: (blob.content,))  # type: ignore[misc]
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described(config.descriptor),
        "layers": [described(layer.descriptor)],
        "subject": {"mediaType": OCI_MANIFEST, "digest": artifact.digest, "size": 1},
        **changes,
    }
    return registry.write_manifest(Blob(OCI_MANIFEST, json.dumps(body).encode())).digest


def test_signatures_are_found_beside_whatever_else_there_is(
    registry: MemoryRegistry, artifact: PinnedReference
) -> None:
    wanted = {attach(registry, artifact, b"1"), attach(registry, artifact, b"2", media_type=COSE)}
    attach(registry, artifact, b"sbom", kind="application/spdx+json")
    attach(registry, artifact, b"odd", media_type="text/plain")
    attach(registry, artifact, b"none", layers=[])
    attach(registry, artifact, b"x" * (1024 * 1024 + 1))
    found = find_notation_signatures(artifact, registry)
    assert {manifest.digest for manifest in found.signatures} == wanted
    assert set(found.envelopes) == {b"1", b"2"}
    assert found.subject.digest == artifact.digest


@pytest.mark.parametrize("error", [ArtifactNotFoundError("gone"), TrustError("other bytes than promised")])
def test_a_signature_that_cannot_be_had_hides_no_other(
    registry: MemoryRegistry, artifact: PinnedReference, error: PipelineError
) -> None:
    attach(registry, artifact, b"1")
    attach(registry, artifact, b"2")
    registry.faults.fail("read_blob", error)
    assert len(find_notation_signatures(artifact, registry).signatures) == 1


def test_no_more_is_read_than_anybody_has(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    for number in range(MAX_SIGNATURES + 5):
        attach(registry, artifact, b"%d" % number)
    assert len(find_notation_signatures(artifact, registry).signatures) == MAX_SIGNATURES
    for number in range(200):
        attach(registry, artifact, b"more %d" % number)
    with pytest.raises(TrustError, match="referrers, more than the 256 we read"):
        find_notation_signatures(artifact, registry)


def test_a_registry_in_trouble_is_no_missing_signature(registry: MemoryRegistry, artifact: PinnedReference) -> None:
    attach(registry, artifact)
    registry.faults.fail("read_blob", RegistryError("connection reset"))
    with pytest.raises(RegistryError, match="connection reset"):
        find_notation_signatures(artifact, registry)


# What notation says


ARTIFACT = PinnedReference(Repository("registry.test", "team/app"), "sha256:" + "ab" * 32)
MATERIAL = NotationMaterial(StoredManifest(OCI_MANIFEST, ARTIFACT.digest, b"{}"))
TRUST = NotationTrust(policy("ca:acme"), (("ca", "acme"),), {"a.crt": CERTIFICATE})
Say = Callable[..., NotationVerifier]


@pytest.fixture
def saying(tmp_path: Path) -> Say:
    """A notation that says this; ``$3`` is what it is asked about."""

    def made(script: str) -> NotationVerifier:
        program = tmp_path / "notation"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return NotationVerifier({"GITLESS_NOTATION": str(program), "PATH": "/usr/bin:/bin", "TOKEN": "secret"})

    return made


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ('echo "Successfully verified signature for $3"', NotationAnswer.VERIFIED),
        ('echo "Trust policy is configured to skip signature verification for $3"', NotationAnswer.SKIPPED),
        (
            'echo "Warning: authenticity was set to log and failed" >&2; echo "Successfully verified signature for $3"',
            NotationAnswer.UNAUTHENTIC,
        ),
        (
            'echo "Warning: expiry was set to log and failed" >&2; echo "Successfully verified signature for $3"',
            NotationAnswer.VERIFIED,
        ),
    ],
)
def test_its_answers_are_understood(saying: Say, script: str, answer: NotationAnswer) -> None:
    assert saying(script).verify(ARTIFACT, MATERIAL, TRUST) is answer


@pytest.mark.parametrize(
    "script",
    [
        "true",
        'echo "Successfully verified signature for registry.test/other@sha256:ab"',
        'echo "All is well"; echo "Successfully verified signature for $3"',
        'echo "Successfully verified signature for $3 or not"',
        "printf '\\377\\376'",
    ],
)
def test_what_is_not_understood_is_no_yes(saying: Say, script: str) -> None:
    with pytest.raises(TrustError, match="what we do not understand"):
        saying(script).verify(ARTIFACT, MATERIAL, TRUST)


def test_a_refusal_names_the_artifact_and_not_our_files(saying: Say) -> None:
    verifier = saying('echo "Warning: experimental" >&2; echo "Error: no signature for $3" >&2; exit 1')
    with pytest.raises(TrustError) as caught:
        verifier.verify(ARTIFACT, MATERIAL, TRUST)
    assert caught.value.message == (
        f"{ARTIFACT.digest_url} is refused by notation: no signature for {ARTIFACT.digest_url}"
    )


def test_words_of_strangers_are_cut_and_made_fit_to_be_shown(saying: Say) -> None:
    verifier = saying("printf 'Error: \\033[31m%0500d' 1 >&2; exit 1")
    with pytest.raises(TrustError) as caught:
        verifier.verify(ARTIFACT, MATERIAL, TRUST)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 600


def test_it_is_given_files_of_its_own_that_do_not_stay(saying: Say, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f"""
    (pwd; find . -type f | sort; stat -c %a notation/trustpolicy.json . ; env | grep -c TOKEN; echo "$@") > {seen}
    echo "Successfully verified signature for $3"
    """
    saying(script).verify(ARTIFACT, MATERIAL, TRUST)
    home, *lines = seen.read_text().splitlines()
    blob = sha256_digest(b"{}").removeprefix("sha256:")
    assert lines == [
        f"./layout/blobs/sha256/{blob}",
        "./layout/index.json",
        "./layout/oci-layout",
        "./notation/trustpolicy.json",
        "./notation/truststore/x509/ca/acme/a.crt",
        "600",
        "700",
        "0",
        f"verify --oci-layout {home}/layout@{ARTIFACT.digest} --scope registry.test/team/app",
    ]
    assert not Path(home).exists()


def test_without_notation_nothing_is_verified() -> None:
    verifier = NotationVerifier({"PATH": "/nonexistent"})
    for ask in (verifier.check, lambda: verifier.verify(ARTIFACT, MATERIAL, TRUST)):
        with pytest.raises(ToolError, match="notation is not installed; it verifies Notary Project signatures"):
            ask()


def test_one_that_does_not_end_is_stopped(saying: Say) -> None:
    verifier = saying("sleep 60")
    with pytest.raises(ToolError, match="did not end within"):
        NotationVerifier(verifier._environment, timeout=0.2).verify(ARTIFACT, MATERIAL, TRUST)
