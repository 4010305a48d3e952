"""Custom resources that make no sense: each gets a condition that says what is wrong, and none stops the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.puller.conftest import IS_FLUX, Ground, only_ours
from tests.reconciling import OWNER, World, condition, config_map, is_busy, manifest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.registry,
    pytest.mark.tool,
    pytest.mark.xdist_group("puller"),
]


@dataclass(frozen=True)
class Bad:
    """One mistake: the spec, the reason and a part of the message that it is answered with."""

    spec: dict[str, Any]
    says: str
    reason: str = ""
    stalled: bool = False
    files: dict[str, str] = field(default_factory=dict)
    silent_in_flux: bool = False


KUSTOMIZATIONS = {
    "no-source": Bad(
        {"sourceRef": {"kind": "OCIRepository", "name": "nowhere"}}, "nowhere", "ArtifactFailed", silent_in_flux=True
    ),
    "other-kind": Bad({"sourceRef": {"kind": "Bucket", "name": "app"}}, "Bucket"),
    "no-path": Bad({"path": "./no/such"}, "no/such", "ArtifactFailed"),
    "outside": Bad({"path": "../../../etc"}, ""),
    "dependency": Bad({"dependsOn": [{"name": "nowhere"}]}, "nowhere", "DependencyNotReady"),
    "itself": Bad({"dependsOn": [{"name": "itself"}]}, "itself", "DependencyNotReady"),
    "ready-expr": Bad(
        {"dependsOn": [{"name": "right", "readyExpr": "dep.("}]}, "", "InvalidCELExpression", stalled=True
    ),
    "health-expr": Bad(
        {"wait": True, "healthCheckExprs": [{"apiVersion": "a.b/v1", "kind": "C", "current": "status.("}]},
        "",
        "InvalidCELExpression",
        stalled=True,
    ),
    "no-account": Bad({"serviceAccountName": "nobody"}, "nobody"),
    "no-kubeconfig": Bad({"kubeConfig": {"secretRef": {"name": "nowhere"}}}, "nowhere"),
    "no-variables": Bad({"postBuild": {"substituteFrom": [{"kind": "Secret", "name": "nowhere"}]}}, "nowhere"),
    "variable-name": Bad({"postBuild": {"substitute": {"not-a-name": "1"}}}, "not-a-name", "BuildFailed"),
    "no-keys": Bad({"decryption": {"provider": "sops", "secretRef": {"name": "nowhere"}}}, "nowhere"),
    "patch": Bad({"patches": [{"patch": "no: [patch"}]}, "", "BuildFailed"),
    "patch-target": Bad(
        {"patches": [{"patch": "- {op: replace, path: /data/none/x, value: 1}", "target": {"kind": "ConfigMap"}}]},
        "",
        "BuildFailed",
    ),
    "no-component": Bad({"components": ["../none"]}, "none", "BuildFailed"),
    "namespace": Bad({"targetNamespace": "not-there"}, "not-there", "ReconciliationFailed"),
    "yaml": Bad({}, "", "BuildFailed", files={"a.yaml": "a: [\n"}),
    "no-kind": Bad({}, "", "BuildFailed", files={"a.yaml": "metadata: {name: a}\n"}),
    "unknown-kind": Bad(
        {}, "Nothing", files={"a.yaml": "apiVersion: none.test/v1\nkind: Nothing\nmetadata: {name: a}\n"}
    ),
    "invalid": Bad(
        {}, "a", "ReconciliationFailed", files={"a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: A_b}\n"}
    ),
    "no-resource": Bad({}, "gone.yaml", "BuildFailed", files={"kustomization.yaml": "resources: [gone.yaml]\n"}),
    "twice": Bad({}, "settings", "BuildFailed", files={"a.yaml": config_map(), "b.yaml": config_map()}),
    "encrypted": Bad(
        {},
        "",
        files={
            "a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: 'ENC[AES256_GCM,data:x]'}\n"
            "sops: {mac: 'ENC[AES256_GCM,data:x]', version: 3.9.0}\n"
        },
        silent_in_flux=True,
    ),
}

SOURCES = {
    "tag-in-url": Bad({"url": "oci://127.0.0.1:1/app:v1"}, "", "URLInvalid", stalled=True),
    "no-registry": Bad({"url": "oci://127.0.0.1:1/app"}, "127.0.0.1:1"),
    "no-tag": Bad({"ref": {"tag": "missing"}}, "missing", "OCIArtifactPullFailed"),
    "range": Bad({"ref": {"semver": "not a range"}}, ""),
    "no-match": Bad({"ref": {"semver": ">=99"}}, "99"),
    "no-secret": Bad({"secretRef": {"name": "nowhere"}}, "nowhere", "AuthenticationFailed"),
    "no-certificates": Bad({"certSecretRef": {"name": "nowhere"}}, "nowhere"),
    "no-proxy": Bad({"proxySecretRef": {"name": "nowhere"}}, "nowhere"),
    "no-account": Bad({"serviceAccountName": "nobody"}, "nobody"),
    "no-keys": Bad({"verify": {"provider": "cosign", "secretRef": {"name": "nowhere"}}}, "nowhere"),
}


@pytest.fixture(scope="module")
def crowd(ground: Ground) -> World:
    """All of them at once, beside two that are right."""
    world = ground.world()
    world.publish({"a.yaml": config_map()})
    world.source()
    for name, bad in KUSTOMIZATIONS.items():
        if bad.files:
            world.publish(bad.files, name=name)
            world.source(name)
        world.kustomization(name, **{"source": name if bad.files else "app", "retryInterval": "1h", **bad.spec})
    for name, bad in SOURCES.items():
        world.source(f"source-{name}", **{"url": f"oci://{world.registry}/{world.namespace}/app", **bad.spec})
    world.kustomization("right", nameSuffix="-right")
    return world


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_a_bad_kustomization_says_what_is_wrong(crowd: World, name: str) -> None:
    bad = KUSTOMIZATIONS[name]
    if IS_FLUX and bad.silent_in_flux:
        pytest.skip("Flux says nothing of it")

    body = crowd.failed("Kustomization", name, bad.reason)

    ready = condition(body, "Ready")
    assert ready["message"]
    assert bad.says in ready["message"]
    assert "Traceback" not in ready["message"]
    if bad.stalled:
        assert condition(body, "Stalled")["status"] == "True"


@pytest.mark.parametrize("name", SOURCES)
def test_a_bad_source_says_what_is_wrong(crowd: World, name: str) -> None:
    bad = SOURCES[name]

    body = crowd.failed("OCIRepository", f"source-{name}", bad.reason)

    ready = condition(body, "Ready")
    assert ready["message"]
    assert bad.says in ready["message"]
    assert "artifact" not in body["status"]
    if bad.stalled:
        assert condition(body, "Stalled")["status"] == "True"
        assert not is_busy(body)


def test_none_of_them_stops_the_others(crowd: World) -> None:
    crowd.ready("Kustomization", "right")
    assert crowd.get("ConfigMap", "settings-right") is not None

    crowd.deliver({"a.yaml": config_map("later")}, "later")


def test_a_corrected_one_becomes_ready(world: World) -> None:
    world.publish({"a.yaml": config_map()})
    world.source(url=f"oci://{world.registry}/{world.namespace}/app:v1")
    stalled = world.failed("OCIRepository", reason="URLInvalid")
    assert condition(stalled, "Stalled")["status"] == "True"

    world.source()
    world.kustomization(path="./missing")
    world.failed("Kustomization", reason="ArtifactFailed")
    world.kustomization()

    body = world.ready("Kustomization")
    assert condition(world.ready("OCIRepository"), "Stalled") == {}
    assert condition(body, "Stalled") == {}


@only_ours
def test_messages_stay_bounded(world: World) -> None:
    long = "x" * 200
    many = "".join(
        f"---\napiVersion: none.test/v1\nkind: K{number}{long}\nmetadata: {{name: a}}\n" for number in range(500)
    )
    world.publish({"a.yaml": many})
    world.source()
    world.kustomization()

    body = world.failed("Kustomization")

    assert len(condition(body, "Ready")["message"]) <= 20000
    assert OWNER not in condition(body, "Ready")["message"]


@only_ours
def test_secrets_are_never_told(world: World) -> None:
    secret = "do-not-tell-this"
    bad = manifest("Secret", "s", stringData={"a": secret}, data={"b": f"{secret}!"})
    world.publish({"a.yaml": bad})
    world.source()
    world.kustomization()

    body = world.failed("Kustomization")

    assert secret not in str(body)
    assert secret not in str(world.list("Event"))
    assert secret not in world.logs()
