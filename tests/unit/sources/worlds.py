"""A registry in memory, an API server that holds Secrets, and one OCIRepository that is reconciled again and again."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline import wiring
from pipeline.artifact_cache import ArtifactCache
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.manifest import OCI_EMPTY, OCI_MANIFEST, Blob, Descriptor, parse_manifest
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.flux.api import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS
from pipeline.model.flux.conditions import Condition, Conditions
from pipeline.model.flux.options import PullerOptions
from pipeline.model.flux.outcome import Outcome
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Environment, Registry
from pipeline.puller.sources import PrivateFiles, SourceDependencies, reconcile_source
from pipeline.reports.console import JsonLog
from pipeline.signers.cosign import CosignVerifier
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock
from pipeline.testing.registry import MemoryRegistry, MemoryStore
from tests.trusting import trusting

FLUX_CONTENT = "application/vnd.cncf.flux.content.v1.tar+gzip"
NAMESPACE = "apps"
REPOSITORY = Repository("registry.test", "team/app")
URL = "oci://registry.test/team/app"
DEPLOYMENT = {"deployment.yaml": b"kind: Deployment\n", "service.yaml": b"kind: Service\n"}


def source(**spec: Any) -> dict[str, Any]:  # noqa: ANN401 - a spec's fields are of any type
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "app", "namespace": NAMESPACE, "generation": 1},
        "spec": {"url": URL, "interval": "10m"} | spec,
        "status": {"observedGeneration": -1},
    }


@dataclass
class World:
    registry: MemoryRegistry
    api: MemoryApiServer
    deps: SourceDependencies
    clock: MemoryClock
    cache: ArtifactCache
    connected: list[tuple[Repository, RegistryOptions, Mapping[str, str]]] = field(default_factory=list)
    outcome: Outcome | None = None

    def push(
        self,
        files: Mapping[str, bytes] | None = None,
        tag: str = "latest",
        *,
        annotations: Mapping[str, str] | None = None,
        layers: tuple[Blob, ...] | None = None,
    ) -> PinnedReference:
        layers = layers or (Blob(FLUX_CONTENT, pack((files or DEPLOYMENT).items()).content),)
        config = Blob(OCI_EMPTY, b"{}")
        for blob in (config, *layers):
            self.registry.write_blob(blob.descriptor, lambda blob=blob: (blob.content,))  # type: ignore[misc]
        body = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": described(config.descriptor),
            "layers": [described(layer.descriptor) for layer in layers],
        } | ({"annotations": annotations} if annotations else {})
        digest = self.registry.write_manifest(Blob(OCI_MANIFEST, json.dumps(body).encode()), tag).digest
        return PinnedReference(self.registry.repository, digest, tag)

    def secret(self, name: str, data: Mapping[str, bytes | str]) -> None:
        texts = {key: value if isinstance(value, bytes) else value.encode() for key, value in data.items()}
        encoded = {key: base64.b64encode(value).decode() for key, value in texts.items()}
        metadata = {"name": name, "namespace": NAMESPACE}
        self.api.delete(SECRETS, ObjectId("", "Secret", NAMESPACE, name))
        self.api.create(
            SECRETS, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}, manager="t"
        )

    def config_map(self, name: str, data: Mapping[str, str] | None, *, namespace: str = NAMESPACE) -> None:
        """Put it there as it is now; ``None`` takes it away."""
        self.api.delete(CONFIG_MAPS, ObjectId("", "ConfigMap", namespace, name))
        if data is not None:
            metadata = {"name": name, "namespace": namespace}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}
            self.api.create(CONFIG_MAPS, body, manager="t")

    def service_account(self, name: str, *pull_secrets: str) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "imagePullSecrets": [{"name": secret} for secret in pull_secrets],
        }
        self.api.create(SERVICE_ACCOUNTS, body, manager="t")

    def reconcile(self, body: dict[str, Any], *, force: bool = False) -> Outcome:
        """Once, keeping the new status in the body."""
        before = deepcopy(body)
        outcome = reconcile_source(body, self.deps, force=force)
        assert body == before, "what is reconciled is not changed"
        body["status"] = deepcopy(dict(outcome.status))
        self.outcome = outcome
        return outcome

    def calls(self) -> list[str]:
        """What the registry was asked since the last time."""
        asked = [method for method, _ in self.registry.calls]
        self.registry.calls.clear()
        return asked

    def has_fetched(self, digest: str) -> bool:
        """Whether a layer of that artifact was read since the last time."""
        manifest = parse_manifest(self.registry.read_manifest(digest))
        layers = {layer.digest for layer in manifest.layers}
        read = [subject for method, subject in self.registry.calls if method == "read_blob"]
        self.registry.calls.clear()
        return not layers.isdisjoint(read)

    def files(self, body: Body) -> dict[str, bytes]:
        """What a Kustomization would see."""
        return self.cache.read(body["status"]["artifact"]["digest"])


def described(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def condition(body: Body, kind: str) -> Condition | None:
    return Conditions.of(body).get(kind)


def told(body: Body, kind: str) -> tuple[str, str, str] | None:
    """Status, reason and message of one condition."""
    found = condition(body, kind)
    return None if found is None else (found.status, found.reason, found.message)


def kinds(body: Body) -> set[str]:
    return {item.type for item in Conditions.of(body)}


def make_world(folder: Path, *, options: PullerOptions | None = None, environment: Environment | None = None) -> World:
    options = replace(options or PullerOptions(), cache_dir=str(folder))
    registry = MemoryRegistry(REPOSITORY, MemoryStore())
    clock = MemoryClock()
    cache = ArtifactCache(folder / "artifacts", options.cache_max_size)
    connected: list[tuple[Repository, RegistryOptions, Mapping[str, str]]] = []

    def connect(repository: Repository, options: RegistryOptions, environment: Environment) -> Registry:
        connected.append((repository, options, environment))
        if repository == registry.repository:
            return registry
        return MemoryRegistry(repository, registry.store)

    api = MemoryApiServer(namespaces=(NAMESPACE, options.namespace))
    deps = SourceDependencies(
        api=api,
        cache=cache,
        options=options,
        environment=environment or {},
        reporter=JsonLog(io.StringIO(), verbose=False),
        clock=clock,
        connect=connect,
        trust=trusting(CosignVerifier()),
        check_policy=wiring.check_trust_policy,
        notation=wiring.notation_verifier(environment or {}),
        matching=wiring.matching_tags,
        files=PrivateFiles(folder / "private"),
        random=lambda: 0.5,
    )
    return World(registry, api, deps, clock, cache, connected)
