"""Reconciling sources against real registries: with the referrers API and without, each way of logging in, and TLS."""

from __future__ import annotations

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.artifact_cache import ArtifactCache
from pipeline.model.flux.options import PullerOptions
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.ports import Registry
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.sign import sign
from tests.contract.registry.servers import Kind, open_registry, server
from tests.integration.puller.source_places import FILES, Place, kinds, make_place, push, ready, source
from tests.platform.registries import DebianRegistry
from tests.unit.sign.support import private_key, public_pem, signer

pytestmark = pytest.mark.registry
KINDS: tuple[Kind, ...] = ("referrers", "none", "basic", "token", "tls")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path / "cache")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def opened(kind: Kind, name: str = "app") -> Registry:
    """A repository that is this test's alone, by whoever may write to it."""
    return open_registry(server(kind), f"sources/{uuid.uuid4().hex[:10]}/{name}")


def reached(kind: Kind, place: Place) -> dict[str, Any]:
    """What a source must say to reach this kind of registry; the Secrets are made."""
    running = server(kind)
    spec: dict[str, Any] = {}
    if isinstance(running, DebianRegistry) and running.username:
        place.login("login", running.address, running.username, running.password)
        spec["secretRef"] = {"name": "login"}
    if isinstance(running, DebianRegistry) and running.ca_file:
        place.secret("tls", {"ca.crt": running.ca_file.read_bytes()})
        spec["certSecretRef"] = {"name": "tls"}
    return spec


@pytest.mark.parametrize("kind", KINDS)
def test_an_artifact_arrives_from_every_kind_of_registry(kind: Kind, place: Place) -> None:
    registry = opened(kind)
    artifact = push(registry)
    body = source(registry, **reached(kind, place))
    outcome = place.reconcile(body)
    revision = f"latest@{artifact.digest}"
    assert ready(body) == ("True", "Succeeded", f"stored artifact for digest '{revision}'")
    assert kinds(body) == {"Ready", "ArtifactInStorage"}
    assert place.files(body) == FILES
    assert body["status"]["artifact"]["metadata"]["org.opencontainers.image.revision"] == "main@sha1:abc"
    assert [event.reason for event in outcome.events] == ["NewArtifact"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_new_costs_one_exchange_with_every_kind_of_registry(kind: Kind, place: Place) -> None:
    registry = opened(kind)
    push(registry)
    body = source(registry, **reached(kind, place))
    place.reconcile(body)
    before = body["status"]
    place.exchanges()
    assert place.reconcile(body, force=True).succeeded
    assert place.exchanges() == [("HEAD", 200)]
    assert body["status"] == before


@pytest.mark.parametrize("kind", ["referrers", "token"])
def test_a_digest_costs_no_exchange(kind: Kind, place: Place) -> None:
    registry = opened(kind)
    artifact = push(registry)
    body = source(registry, ref={"digest": artifact.digest}, **reached(kind, place))
    place.reconcile(body)
    assert body["status"]["artifact"]["revision"] == artifact.digest
    place.exchanges()
    assert place.reconcile(body, force=True).succeeded
    assert place.exchanges() == []


def test_a_tag_that_moved_is_followed_and_a_lost_cache_is_filled_again(place: Place) -> None:
    registry = opened("none")
    push(registry)
    body = source(registry)
    place.reconcile(body)
    moved = push(registry, {"other.yaml": b"kind: Other\n"})
    place.reconcile(body)
    assert body["status"]["artifact"]["revision"] == f"latest@{moved.digest}"
    before = body["status"]
    for file in place.cache.directory.iterdir():
        file.unlink()
    place.deps = replace(place.deps, cache=ArtifactCache(place.cache.directory, 10**9))
    place.cache = place.deps.cache
    place.exchanges()
    place.reconcile(body)
    assert place.exchanges() == [("HEAD", 200), ("GET", 200), ("GET", 200)]
    assert place.files(body) == {"other.yaml": b"kind: Other\n"}
    assert body["status"] == before


@pytest.mark.parametrize("kind", ["referrers", "token"])
def test_versions_are_chosen_among_the_tags_there_are(kind: Kind, place: Place) -> None:
    registry = opened(kind)
    pushed = {tag: push(registry, {"a.yaml": tag.encode()}, tag) for tag in ("1.0.0", "1.1.0", "1.2.0-rc.1", "2.0.0")}
    access = reached(kind, place)
    for reference, tag in (
        ({"semver": "1.x"}, "1.1.0"),
        ({"semver": ">=1.0.0-0", "semverFilter": r"-rc\.\d+$"}, "1.2.0-rc.1"),
    ):
        body = source(registry, ref=reference, **access)
        place.reconcile(body)
        assert body["status"]["artifact"]["revision"] == f"{tag}@{pushed[tag].digest}"


@pytest.mark.parametrize("kind", ["referrers", "basic"])
@pytest.mark.parametrize("signature_format", list(SignatureFormat))
def test_signatures_are_found_and_judged(kind: Kind, signature_format: SignatureFormat, place: Place) -> None:
    registry = opened(kind)
    artifact = push(registry)
    place.secret("keys", {"ours.pub": public_pem(private_key("ours")).encode()})
    verify = {"provider": "cosign", "secretRef": {"name": "keys"}}
    body = source(registry, verify=verify, **reached(kind, place))
    place.reconcile(body)
    assert ready(body)[:2] == ("False", "VerificationError")
    assert ready(body)[2].endswith("is not signed")
    sign(artifact, registry, signer("theirs", signature_format), CosignVerifier())
    place.reconcile(body)
    assert "has no signature by ours.pub of secret 'apps/keys'" in ready(body)[2]
    assert "artifact" not in body["status"]
    sign(artifact, registry, signer("ours", signature_format), CosignVerifier(), allow_shadowing=True)
    assert place.reconcile(body).succeeded
    assert kinds(body) == {"Ready", "ArtifactInStorage", "SourceVerified"}
    evil = push(registry, {"evil.yaml": b"evil"})
    place.reconcile(body)
    assert ready(body)[2].endswith(f"{evil.digest_url} is not signed")
    assert place.files(body) == FILES


@pytest.mark.parametrize("kind", ["referrers", "basic"])
def test_a_verified_digest_costs_no_more_than_its_tag_until_the_policy_changes(kind: Kind, place: Place) -> None:
    registry = opened(kind)
    artifact = push(registry)
    sign(artifact, registry, signer("ours"), CosignVerifier())
    place.policy("trust", **{"ours.pub": public_pem(private_key("ours"))})
    body = source(registry, **reached(kind, place))
    body["metadata"]["annotations"] = {"gitless.dev/trust-policy": "trust"}
    assert place.reconcile(body).succeeded
    place.exchanges()
    for _ in range(3):
        assert place.reconcile(body).succeeded
    assert place.exchanges() == [("HEAD", 200)] * 3
    place.policy("trust", **{"ours.pub": public_pem(private_key("ours")), "more.pub": public_pem(private_key("more"))})
    assert place.reconcile(body).succeeded
    assert len(place.exchanges()) > 1
    place.reconcile(body)
    assert place.exchanges() == [("HEAD", 200)]


def test_a_rotated_password_counts_at_the_next_reconciliation(place: Place) -> None:
    running = server("basic")
    assert isinstance(running, DebianRegistry)
    registry = opened("basic")
    push(registry)
    spec = reached("basic", place)
    body = source(registry, **spec)
    assert place.reconcile(body).succeeded
    place.login("login", running.address, running.username, "rotated-away")
    assert not place.reconcile(body).succeeded
    assert ready(body)[1] == "OCIArtifactPullFailed"
    assert "401" in ready(body)[2]
    assert "rotated-away" not in str(body["status"])
    place.login("login", running.address, running.username, running.password)
    assert place.reconcile(body).succeeded
    assert kinds(body) == {"Ready", "ArtifactInStorage"}


def test_a_login_is_never_used_for_another_source(place: Place) -> None:
    registry = opened("basic")
    push(registry)
    assert place.reconcile(source(registry, **reached("basic", place))).succeeded
    without = source(registry)
    assert not place.reconcile(without).succeeded
    assert "401" in ready(without)[2]


def test_tls_needs_the_authority_or_insecure(place: Place) -> None:
    registry = opened("tls")
    push(registry)
    spec = reached("tls", place)
    login = {"secretRef": spec["secretRef"]}
    body = source(registry, insecure=True, **login)
    assert place.reconcile(body).succeeded
    from tests.platform.certificates import Authority

    other = Authority.create(place.cache.directory.parent / "other", name="another")
    place.secret("other", {"ca.crt": other.certificate_file.read_bytes()})
    for chosen in ({"insecure": True}, {}):
        body = source(registry, certSecretRef={"name": "other"}, **chosen, **login)
        assert not place.reconcile(body).succeeded
        assert "the registry's certificate is not trusted" in ready(body)[2]
    place.secret("other", {"ca.crt": b"nonsense"})
    assert not place.reconcile(body).succeeded
    assert "expected certificate authorities in PEM format" in ready(body)[2]


def test_insecure_reaches_what_has_no_tls(place: Place) -> None:
    registry = opened("none")
    push(registry)
    assert place.reconcile(source(registry, insecure=True)).succeeded


def test_a_layer_over_the_limits_is_refused_and_the_last_good_one_stays(tmp_path: Path) -> None:
    place = make_place(tmp_path, PullerOptions(artifact_max_size=1_000_000))
    registry = opened("none")
    push(registry)
    body = source(registry)
    place.reconcile(body)
    for content in (os.urandom(2_000_000), bytes(2_000_000)):
        push(registry, {"large.yaml": content})
        outcome = place.reconcile(body)
        assert ready(body)[:2] == ("False", "OCIArtifactLayerOperationFailed")
        assert outcome.requeue_after is not None
        assert place.files(body) == FILES


def test_two_hundred_sources_at_once_share_connections_and_layers(place: Place) -> None:
    registries = [opened("none", f"app-{number}") for number in range(200)]
    for registry in registries:
        push(registry)
    bodies = [source(registry) for registry in registries]
    before = descriptors()
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(place.reconcile, bodies))
    assert all(outcome.succeeded for outcome in outcomes)
    assert descriptors() - before <= 20
    assert len(list(place.cache.directory.iterdir())) == 1
    place.exchanges()
    with ThreadPoolExecutor(10) as pool:
        assert all(outcome.succeeded for outcome in pool.map(place.reconcile, bodies))
    assert place.exchanges() == [("HEAD", 200)] * 200
