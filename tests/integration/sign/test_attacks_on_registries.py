"""Attacks by whoever runs the registry, or may push to it: what is taken away, moved, or there in masses."""

from __future__ import annotations

import json
import time
import tracemalloc
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import ManifestError, TrustError
from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, Blob
from pipeline.model.artifact.reference import PinnedReference, Reference, Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.bundle import MAX_BUNDLE_BYTES
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import Registry
from pipeline.stages.fetch import fetch
from pipeline.wiring import registry, trust_ports
from tests.contract.registry.servers import Silent
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
from tests.integration.sign.forging import encoded
from tests.platform.faults import Fault, FaultProxy

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

MANY = 1000
MEBIBYTE = 1 << 20


def sign_well(scene: Scene) -> None:
    scene.attach(signed_by_key(scene.artifact.digest))


def strip_what_refers_to_it(scene: Scene) -> None:
    """Delete the good signature, wherever this registry keeps what refers to an artifact."""
    sign_well(scene)
    for referrer in scene.store.referrers(scene.artifact.digest):
        send(scene, "DELETE", referrer.digest)
    send(scene, "PUT", fallback_tag(scene), index_of([]).content, OCI_INDEX)


def larger_than_a_bundle_may_be(scene: Scene) -> None:
    """A good one with many blanks behind it."""
    scene.attach(encoded(signed_by_key(scene.artifact.digest)) + b" " * MAX_BUNDLE_BYTES)


def larger_than_its_descriptor_says(scene: Scene) -> None:
    scene.attach(encoded(signed_by_key(scene.artifact.digest)) + b" " * MEBIBYTE, size=100)


def simple_signatures_in_masses(scene: Scene) -> None:
    payload = payload_for(scene.artifact.digest)
    signature = (payload, simple_signature(payload, "stranger"))
    scene.attach_simple(*[signature] * MANY)


def flood(scene: Scene) -> None:
    """A thousand referrers that say nothing, pushed past our client to be quick about it."""
    config = scene.put(OCI_EMPTY, b"{}").descriptor
    manifests = [
        manifest_of(
            config={"mediaType": config.media_type, "digest": config.digest, "size": config.size},
            layers=[],
            subject={"mediaType": OCI_MANIFEST, "digest": scene.artifact.digest, "size": 1},
            annotations={"number": str(number)},
        )
        for number in range(MANY)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: send(scene, "PUT", one.descriptor.digest, one.content), manifests))
    signed = [scene.store.read_manifest(one.digest) for one in scene.store.referrers(scene.artifact.digest)]
    known = [Blob(one.media_type, one.content) for one in signed]
    # Where there is no referrers API, this is what keeps them.
    listed = {one.descriptor.digest: one for one in (*known, *manifests)}
    send(scene, "PUT", fallback_tag(scene), index_of(list(listed.values())).content, OCI_INDEX)


def index_of(manifests: list[Blob]) -> Blob:
    listed = [
        {"mediaType": OCI_MANIFEST, "digest": one.descriptor.digest, "size": len(one.content)} for one in manifests
    ]
    return Blob(OCI_INDEX, json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}).encode())


def manifest_of(**parts: object) -> Blob:
    return Blob(OCI_MANIFEST, json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, **parts}).encode())


def fallback_tag(scene: Scene) -> str:
    return scene.artifact.digest.replace(":", "-")


def send(scene: Scene, method: str, name: str, content: bytes | None = None, media_type: str = OCI_MANIFEST) -> None:
    repository = scene.artifact.repository
    url = f"http://{repository.host}/v2/{repository.path}/manifests/{name}"
    request = urllib.request.Request(url, content, {"Content-Type": media_type}, method=method)
    with urllib.request.urlopen(request, timeout=30):
        pass


def fetched(store: Registry, tag: str = "v1") -> TrustedManifests:
    return fetch(Reference(store.repository, tag), store, trust_ports({}, Silent()), key_policy())


TABLE = [
    Attack(
        name="stripped referrers",
        done=strip_what_refers_to_it,
        refused="is not signed",
        by_key=True,
    ),
    Attack(
        name="size that is not the bundle's",
        done=larger_than_its_descriptor_says,
        refused="the registry gave other content for blob .*: more than 100 bytes",
        by_key=True,
    ),
    # cosign reads up to 128 MiB of each.
    Attack(
        name="oversized bundle, which cosign reads",
        done=larger_than_a_bundle_may_be,
        refused=f"larger than {MAX_BUNDLE_BYTES} bytes",
        cosign=Cosign.ACCEPTS,
        by_key=True,
    ),
    # cosign checks them all, for about a minute, before it refuses as well.
    Attack(
        name="a thousand simple signatures",
        done=simple_signatures_in_masses,
        refused="there are 1000 signatures, more than the 256 we read",
        cosign=Cosign.UNASKED,
        by_key=True,
    ),
]


@pytest.mark.parametrize("attack", TABLE, ids=ids(TABLE))
def test_what_a_registry_takes_away_or_puffs_up_is_refused(scene_anywhere: Scene, attack: Attack) -> None:
    check(attack, scene_anywhere)


def test_a_thousand_referrers_are_refused_at_once_and_in_little_memory(scene_anywhere: Scene) -> None:
    scene = scene_anywhere
    sign_well(scene)
    flood(scene)
    tracemalloc.start()
    started = time.monotonic()

    with pytest.raises(TrustError, match=r"has 1001 referrers, more than the 256 we read") as refused:
        scene.require(key_policy())

    took, (_, peak) = time.monotonic() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.exit_code == 4
    assert took < 2
    assert peak < 16 * MEBIBYTE
    # cosign reads them one after another: a stranger decides for how long.
    ask_cosign(scene, by_key=True)


def test_a_tag_that_is_moved_while_the_signature_is_checked_changes_nothing(scene_anywhere: Scene) -> None:
    scene = scene_anywhere
    sign_well(scene)
    evil = scene.put(OCI_EMPTY, b"{}").descriptor
    moved = manifest_of(config={"mediaType": OCI_EMPTY, "digest": evil.digest, "size": evil.size}, layers=[])
    with FaultProxy.before_registry(scene.artifact.repository.host) as proxy:
        there = Repository(proxy.address, scene.artifact.repository.path)
        store = registry(there, RegistryOptions(), {}, Silent())
        signature = f"/referrers/|/manifests/{fallback_tag(scene)}$"
        proxy.inject(Fault(call=lambda: send(scene, "PUT", "v1", moved.content)), path=signature, times=1)

        taken = fetched(store)

        assert scene.store.resolve("v1").digest == moved.descriptor.digest
        assert taken.reference == PinnedReference(there, scene.artifact.digest, "v1")
        assert [one.id.kind for one in taken.manifests] == ["ConfigMap"]
        with pytest.raises(TrustError, match="is not signed"):
            fetched(store)
    scene.keyless.workplace.cosign_verify(3, _at(scene, moved), KEY, accepted=False)


def test_an_index_of_the_signed_artifact_is_not_signed_by_that(scene_anywhere: Scene) -> None:
    scene = scene_anywhere
    sign_well(scene)
    ask_cosign(scene, by_key=True)
    stored = scene.store.read_manifest(scene.artifact.digest)
    index = index_of([Blob(stored.media_type, stored.content)])
    scene.store.write_manifest(index, "v1")

    with pytest.raises(TrustError, match="is not signed") as refused:
        fetched(scene.store)

    assert refused.value.exit_code == 4
    scene.keyless.workplace.cosign_verify(3, _at(scene, index), KEY, accepted=False)


def test_a_signed_index_is_believed_and_still_no_artifact_unlike_cosign_which_does_not_ask(scene: Scene) -> None:
    stored = scene.store.read_manifest(scene.artifact.digest)
    index = index_of([Blob(stored.media_type, stored.content)])
    scene.store.write_manifest(index, "v1")
    signed = Scene(scene.keyless, _at(scene, index), scene.store)
    sign_well(signed)

    with pytest.raises(ManifestError, match="is an index of 1 manifests, not an artifact"):
        fetched(scene.store)

    ask_cosign(signed, by_key=True)


def test_a_registry_that_serves_another_manifest_for_a_digest_is_caught(scene: Scene) -> None:
    sign_well(scene)
    with FaultProxy.before_registry(scene.artifact.repository.host) as proxy:
        store = registry(Repository(proxy.address, scene.artifact.repository.path), RegistryOptions(), {}, Silent())
        proxy.inject(Fault(flip=True), method="GET", path=f"/manifests/{scene.artifact.digest}$")

        with pytest.raises(TrustError, match="the registry gave other content for manifest"):
            fetched(store)


def _at(scene: Scene, manifest: Blob) -> PinnedReference:
    return PinnedReference(scene.artifact.repository, manifest.descriptor.digest, "v1")
