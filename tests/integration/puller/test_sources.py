"""Every field of an OCIRepository, from a real registry to its status and the objects that follow."""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.artifacts import CONTENT, Layer, Publisher, packed
from tests.integration.puller.conftest import Signing, only_ours
from tests.platform.faults import FaultProxy
from tests.platform.registries import DebianRegistry
from tests.reconciling import Body, World, condition, config_map, inventory, is_ready

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]

FILES = {"a.yaml": config_map()}


def revision(body: Body) -> str:
    found: str = body["status"]["artifact"]["revision"]
    return found


def names(world: World, **spec: Any) -> set[str]:  # noqa: ANN401 - any JSON
    """What a Kustomization of that source applies."""
    world.source(**spec)
    world.ready("OCIRepository")
    world.kustomization()
    return {entry.split("_")[1] for entry in inventory(world.ready("Kustomization"))}


def test_status_says_what_was_fetched(world: World) -> None:
    published = world.publish(FILES)
    world.source()

    body = world.ready("OCIRepository")

    status = body["status"]
    assert status["observedGeneration"] == body["metadata"]["generation"]
    artifact = status["artifact"]
    assert artifact["revision"] == published.revision
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", artifact["digest"])
    assert artifact["size"] > 0
    assert artifact["metadata"]["org.opencontainers.image.revision"] == f"main@sha1:{'0' * 40}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", artifact["lastUpdateTime"])
    assert condition(body, "Ready")["reason"] == "Succeeded"
    assert condition(body, "ArtifactInStorage")["status"] == "True"
    assert published.revision in condition(body, "Ready")["message"]


def test_which_artifact(world: World) -> None:
    digests = {
        tag: world.publish({"a.yaml": config_map(tag=tag)}, tag=tag).digest
        for tag in ("latest", "v1", "1.0.0", "1.2.0", "2.0.0-rc.1", "odd")
    }
    cases = [
        (None, f"latest@{digests['latest']}"),
        ({"tag": "odd"}, f"odd@{digests['odd']}"),
        ({"semver": "1.x"}, f"1.2.0@{digests['1.2.0']}"),
        ({"semver": ">=1.0.0-0", "tag": "odd"}, f"2.0.0-rc.1@{digests['2.0.0-rc.1']}"),
        ({"semver": ">=1.0.0-0", "semverFilter": r"^[^-]*\.0\.0$"}, f"1.0.0@{digests['1.0.0']}"),
        ({"digest": digests["v1"], "semver": "1.x", "tag": "odd"}, digests["v1"]),
    ]
    for reference, expected in cases:
        world.source(ref=reference)
        assert revision(world.ready("OCIRepository")) == expected, reference


def test_a_tag_that_moves_is_followed_at_the_interval(world: World) -> None:
    world.publish(FILES)
    world.source(interval="1s")
    world.ready("OCIRepository")

    moved = world.publish({"a.yaml": config_map("other")})

    world.until("OCIRepository", "app", lambda body: is_ready(body) and revision(body) == moved.revision, "the move")


def test_which_layer(world: World) -> None:
    layers = [
        Layer(content=packed({"a.yaml": config_map("first")}), media_type="application/x.first+gzip"),
        Layer(content=packed({"a.yaml": config_map("second")}), media_type="application/x.second+gzip"),
    ]
    Publisher(world.registry).push(f"{world.namespace}/app", layers, tag="v1")

    assert names(world) == {"first"}
    world.delete("Kustomization", "app")
    selector = {"mediaType": "application/x.second+gzip", "operation": "extract"}
    assert names(world, layerSelector=selector) == {"second"}
    world.source(layerSelector={"mediaType": "application/x.third"})
    assert "application/x.third" in condition(world.failed("OCIRepository"), "Ready")["message"]


def test_a_layer_can_be_kept_as_it_is(world: World) -> None:
    content = packed(FILES)
    Publisher(world.registry).push(f"{world.namespace}/app", [Layer(content=content)], tag="v1")

    assert names(world, layerSelector={"mediaType": CONTENT, "operation": "copy"}) == {"settings"}

    body = world.ready("OCIRepository")
    assert body["status"]["artifact"]["size"] == len(content)
    assert body["status"]["observedLayerSelector"]["operation"] == "copy"


def test_ignore_rules_of_spec_and_artifact(world: World) -> None:
    files = {name: config_map(name.partition(".")[0]) for name in ("a.yaml", "b.yaml", "c.yaml")}
    world.publish({**files, ".sourceignore": "b.yaml\nc.yaml\n"})

    assert names(world) == {"a"}
    world.source(ignore="!c.yaml\n")
    world.ready("OCIRepository")
    body = world.reconcile("Kustomization")
    assert {entry.split("_")[1] for entry in inventory(body)} == {"a", "c"}


def test_a_suspended_source_stays_as_it_is(world: World) -> None:
    published = world.publish(FILES)
    world.source()
    world.ready("OCIRepository")
    world.source(suspend=True)

    world.update({"a.yaml": config_map("other")})
    # Whatever is handled after it has been passed over.
    world.publish(FILES, name="after")
    world.source("after")
    world.ready("OCIRepository", "after")

    body = world.get("OCIRepository", "app")
    assert body is not None
    assert revision(body) == published.revision


def test_a_request_is_answered_by_its_token(world: World) -> None:
    world.publish(FILES)
    world.source()
    world.ready("OCIRepository")

    world.reconcile("OCIRepository")


def test_an_artifact_that_is_away_leaves_the_last_one(world: World) -> None:
    published = world.publish(FILES)
    world.source()
    world.ready("OCIRepository")

    world.source(ref={"tag": "missing"})

    body = world.failed("OCIRepository", reason="OCIArtifactPullFailed")
    assert condition(body, "FetchFailed")["status"] == "True"
    assert "missing" in condition(body, "Ready")["message"]
    assert body["status"]["artifact"]["revision"] == published.revision


# Credentials


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRegistry]:
    with DebianRegistry.start(tmp_path_factory.mktemp("locked"), auth="basic") as started:
        yield started


def credentials(registry: DebianRegistry, password: str) -> str:
    token = base64.b64encode(f"{registry.username}:{password}".encode()).decode()
    return json.dumps({"auths": {registry.address: {"auth": token}}})


def push_locked(world: World, registry: DebianRegistry) -> str:
    token = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    Publisher(registry.address, {"Authorization": f"Basic {token}"}).push(f"{world.namespace}/app", FILES, tag="v1")
    return f"oci://{registry.address}/{world.namespace}/app"


def pull_secret(world: World, registry: DebianRegistry, name: str, password: str) -> None:
    content = {".dockerconfigjson": credentials(registry, password)}
    secret = {"kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/dockerconfigjson"}
    world.put({**secret, "stringData": content})


def test_credentials_from_a_secret(world: World, locked: DebianRegistry) -> None:
    url = push_locked(world, locked)
    world.source(url=url)
    world.failed("OCIRepository")
    pull_secret(world, locked, "good", locked.password)
    pull_secret(world, locked, "bad", "wrong-password")

    world.source(url=url, secretRef={"name": "bad"})
    refused = world.failed("OCIRepository")
    world.source(url=url, secretRef={"name": "good"})

    world.ready("OCIRepository")
    assert "wrong-password" not in json.dumps(refused)


def test_credentials_of_a_service_account(world: World, locked: DebianRegistry) -> None:
    url = push_locked(world, locked)
    pull_secret(world, locked, "good", locked.password)
    world.put({"kind": "ServiceAccount", "metadata": {"name": "reader"}, "imagePullSecrets": [{"name": "good"}]})

    world.source(url=url, serviceAccountName="reader")

    world.ready("OCIRepository")


def test_a_secret_that_is_missing_is_named(world: World) -> None:
    world.publish(FILES)

    world.source(secretRef={"name": "nowhere"})

    body = world.failed("OCIRepository", reason="AuthenticationFailed")
    assert "nowhere" in condition(body, "Ready")["message"]


def test_certificates_of_its_own_authority(world: World, tmp_path: Path) -> None:
    with DebianRegistry.start(tmp_path, tls=True) as registry, FaultProxy.before_tls_registry(registry) as plain:
        Publisher(plain.address).push(f"{world.namespace}/app", FILES, tag="v1")
        url = f"oci://{registry.address}/{world.namespace}/app"
        world.source(url=url, insecure=False)
        world.failed("OCIRepository")
        assert registry.ca_file is not None
        content = {"ca.crt": registry.ca_file.read_text()}
        world.put({"kind": "Secret", "metadata": {"name": "trust"}, "stringData": content})

        world.source(url=url, insecure=False, certSecretRef={"name": "trust"})

        world.ready("OCIRepository")


def test_a_proxy_is_gone_through(world: World) -> None:
    world.publish(FILES)
    with FaultProxy.before_registry(world.registry) as proxy:
        content = {"address": proxy.url, "username": "me", "password": "secret-word"}
        world.put({"kind": "Secret", "metadata": {"name": "proxy"}, "stringData": content})
        # Proxies are never asked for what is on loopback, so the registry goes by a name that only the proxy knows.
        url = f"oci://registry.test.invalid:5000/{world.namespace}/app"

        world.source(url=url, proxySecretRef={"name": "proxy"})

        world.ready("OCIRepository")
        assert proxy.count(path="registry.test.invalid") > 0


# Trust


def test_signatures_are_asked_for(world: World, signing: Signing) -> None:
    published = world.publish(FILES)
    signing.keys(world, "cosign")
    verify = {"provider": "cosign", "secretRef": {"name": "cosign"}}
    world.source(verify=verify)
    refused = world.failed("OCIRepository", reason="VerificationError")
    assert condition(refused, "SourceVerified")["status"] == "False"
    assert "artifact" not in refused["status"]

    signing.sign(f"{world.registry}/{world.namespace}/app@{published.digest}")
    world.request("OCIRepository", "app")

    body = world.ready("OCIRepository")
    assert condition(body, "SourceVerified")["status"] == "True"


@only_ours
@pytest.mark.parametrize(
    ("verify", "is_stalled"),
    [
        ({"provider": "notation"}, True),
        ({"provider": "notation", "secretRef": {"name": "missing"}}, False),
        ({"provider": "cosign"}, False),
    ],
)
def test_what_cannot_be_verified_is_never_taken(world: World, verify: Body, *, is_stalled: bool) -> None:
    world.publish(FILES)

    world.source(verify=verify)

    body = world.failed("OCIRepository", reason="VerificationError")
    assert bool(condition(body, "Stalled")) is is_stalled
    assert "artifact" not in body["status"]


# Hostile artifacts


def packed_entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        archive.addfile(entry)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        packed_entry("../outside.yaml"),
        packed_entry("/etc/absolute.yaml"),
        packed_entry("device", tarfile.CHRTYPE),
        b"not a gzip stream",
    ],
    ids=["outside", "absolute", "device", "garbage"],
)
def test_hostile_artifacts_are_refused(world: World, content: bytes) -> None:
    Publisher(world.registry).push(f"{world.namespace}/app", [Layer(content=content)], tag="v1")

    world.source()

    body = world.failed("OCIRepository")
    assert "artifact" not in body["status"]
