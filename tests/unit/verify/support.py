"""Everything that runs in memory: a signed artifact, the cluster it was applied to, and time that passes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import PinnedReference, Reference, Repository
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.outcome.verify import VerifyResult
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.model.trust.policy import PublicKey, TrustPolicy, UnsafeSkipVerification
from pipeline.ports import Registry
from pipeline.signers.cosign import CosignSigner, CosignVerifier
from pipeline.stages.apply import apply
from pipeline.stages.fetch import fetch
from pipeline.stages.package import package
from pipeline.stages.sign import sign
from pipeline.stages.verify import Ports, VerifyOptions, verify
from pipeline.testing.clock import MemoryClock
from pipeline.testing.cluster import MemoryCluster
from pipeline.testing.registry import MemoryRegistry, MemoryStore
from tests.trusting import trusting

REPOSITORY = Repository("registry.test", "shop")
READY: Mapping[str, Any] = {
    "observedGeneration": 1,
    "replicas": 2,
    "updatedReplicas": 2,
    "readyReplicas": 2,
    "availableReplicas": 2,
    "conditions": [{"type": "Available", "status": "True"}],
}
WEB = ObjectId("apps", "Deployment", "shop", "web")
NOT_READY: dict[str, Any] = {"readyReplicas": 0, "availableReplicas": 0}
Skip = UnsafeSkipVerification()


class Talk:
    """Implements ``ports.Reporter``; remembers lines and progress."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.shown: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self.lines.append(message)

    detail = warn = info

    def progress(self, label: str, done: int, total: int) -> None:
        self.shown.append(f"{done}/{total} {label}")


def deployment(name: str = "web", replicas: int = 2) -> dict[str, Any]:
    labels = {"app": name}
    containers = [{"name": "web", "image": "shop.example/web:1"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


def config_map(name: str = "settings", **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"key": "value"}}


class World:
    """A cluster, a registry, a key of our own, and what was applied from one to the other."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster(namespaces=("default", "shop", "other"))
        self.clock = MemoryClock()
        self.talk = Talk()
        self.store = MemoryStore()
        self.registry = MemoryRegistry(REPOSITORY, self.store)
        self.key = ec.generate_private_key(ec.SECP256R1())
        pem = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.policy = TrustPolicy((PublicKey(pem.decode(), "ours.pub"),))
        self.opened: list[Repository] = []

    def publish(self, *bodies: Body, signed: bool = True) -> PinnedReference:
        files = [("all.yaml", yaml.safe_dump_all(bodies).encode())]
        result = package(build_artifact(pack(files)), self.registry, tags=("v1",), reporter=self.talk)
        if signed:
            sign(
                result.artifact,
                self.registry,
                CosignSigner(self.key, "ours.pub", SignatureFormat.BUNDLE),
                CosignVerifier(),
            )
        return result.artifact

    def deploy(self, *bodies: Body, signed: bool = True) -> PinnedReference:
        """Publish, apply, and let every Deployment become ready."""
        artifact = self.publish(*bodies, signed=signed)
        reference = Reference(artifact.repository, None, artifact.digest)
        trusted = fetch(reference, self.registry, trusting(CosignVerifier()), self.policy if signed else Skip)
        settings = ApplyOptions(inventory="shop", namespace="shop", concurrency=1)
        apply(trusted, self.cluster, settings, reporter=self.talk, clock=self.clock)
        for object_id in self.cluster.bodies():
            if object_id.kind == "Deployment":
                self.ready(object_id)
        self.cluster.requests.clear()
        return artifact

    def ready(self, object_id: ObjectId = WEB, **changes: Any) -> None:  # noqa: ANN401 - whatever the field holds
        self.cluster.set_status(object_id, {**READY, **changes})

    def inventory(self) -> Inventory:
        saved = self.cluster.load_inventory("shop", "shop")
        assert saved is not None
        return saved

    def edit_inventory(self, **changes: Any) -> None:  # noqa: ANN401 - whatever the field holds
        self.cluster.save_inventory(replace(self.inventory(), **changes))

    def open_registry(self, repository: Repository) -> Registry:
        self.opened.append(repository)
        return MemoryRegistry(repository, self.store)

    def verify(self, policy: TrustPolicy | UnsafeSkipVerification | None = None, **options: object) -> VerifyResult:
        settings = {"inventory": "shop", "namespace": "shop", "timeout": 60.0, "concurrency": 1, **options}
        ports = Ports(
            cluster=self.cluster,
            open_registry=self.open_registry,
            trust=trusting(CosignVerifier()),
            clock=self.clock,
            reporter=self.talk,
        )
        return verify(policy or self.policy, VerifyOptions(**settings), ports)  # type: ignore[arg-type] # tests know their options

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Let something happen once the clock has come so far."""
        due = self.clock.now() + seconds
        sleep, done = self.clock.sleep, [False]

        def sleeping(time: float) -> None:
            sleep(time)
            if self.clock.now() >= due and not done[0]:
                done[0] = True
                act()

        self.clock.sleep = sleeping  # type: ignore[method-assign,assignment] # time passes nowhere else
