"""OCIRepositories against real registries, with Secrets in a memory API server and nothing else made up."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import wiring
from pipeline.artifact_cache import ArtifactCache
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.flux.api import CONFIG_MAPS, SECRETS
from pipeline.model.flux.conditions import Conditions
from pipeline.model.flux.options import PullerOptions
from pipeline.model.flux.outcome import Outcome
from pipeline.model.manifests import ObjectId
from pipeline.ports import Registry
from pipeline.puller.sources import SourceDependencies, reconcile_source, source_dependencies
from pipeline.testing.api_server import MemoryApiServer
from tests.contract.registry.servers import Silent

NAMESPACE = "apps"
FILES = {"deployment.yaml": b"kind: Deployment\n", "service.yaml": b"kind: Service\n"}


@dataclass
class Place:
    api: MemoryApiServer
    cache: ArtifactCache
    deps: SourceDependencies
    seen: list[tuple[str, int]] = field(default_factory=list)
    """Method and status of every exchange with a registry."""

    def secret(self, name: str, data: Mapping[str, bytes]) -> None:
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}}
        self.api.delete(SECRETS, ObjectId("", "Secret", NAMESPACE, name))
        self.api.create(SECRETS, body | {"data": encoded}, manager="test")

    def policy(self, name: str, **keys: str) -> None:
        """A trust policy that trusts these keys, by their file names."""
        head = "apiVersion: gitless.dev/v1\nkind: TrustPolicy\n"
        data = {"policy.yaml": f"{head}spec: {{keys: [{', '.join(keys)}]}}\n", **keys}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}}
        self.api.delete(CONFIG_MAPS, ObjectId("", "ConfigMap", NAMESPACE, name))
        self.api.create(CONFIG_MAPS, body | {"data": data}, manager="test")

    def login(self, name: str, host: str, user: str, password: str) -> None:
        entry = {"username": user, "password": password}
        self.secret(name, {".dockerconfigjson": json.dumps({"auths": {host: entry}}).encode()})

    def reconcile(self, body: dict[str, Any], *, force: bool = False) -> Outcome:
        outcome = reconcile_source(body, self.deps, force=force)
        body["status"] = deepcopy(dict(outcome.status))
        return outcome

    def exchanges(self) -> list[tuple[str, int]]:
        """Since the last time."""
        seen = list(self.seen)
        self.seen.clear()
        return seen

    def files(self, body: dict[str, Any]) -> dict[str, bytes]:
        return self.cache.read(body["status"]["artifact"]["digest"])


def make_place(folder: Path, options: PullerOptions | None = None) -> Place:
    from dataclasses import replace

    options = replace(options or PullerOptions(), cache_dir=str(folder))
    api = MemoryApiServer(namespaces=(NAMESPACE,))
    cache = wiring.artifact_cache(options)
    seen: list[tuple[str, int]] = []
    deps = source_dependencies(
        api, cache, options, {}, Silent(), observe=lambda method, status, _: seen.append((method, status))
    )
    return Place(api, cache, deps, seen)


def source(registry: Registry, **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - a spec's fields are of any type
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "app", "namespace": NAMESPACE, "generation": 1},
        "spec": {"url": str(registry.repository), "interval": "10m", "timeout": "10s"} | spec,
        "status": {"observedGeneration": -1},
    }


def push(registry: Registry, files: Mapping[str, bytes] | None = None, tag: str = "latest") -> PinnedReference:
    artifact = build_artifact(pack((files or FILES).items()), source="https://git.test/app", revision="main@sha1:abc")
    for blob in (artifact.config, artifact.layer):
        registry.write_blob(blob.descriptor, lambda blob=blob: (blob.content,))  # type: ignore[misc]
    registry.write_manifest(artifact.manifest, tag)
    return PinnedReference(registry.repository, artifact.digest, tag)


def ready(body: dict[str, Any]) -> tuple[str, str, str]:
    found = Conditions.of(body).get("Ready")
    assert found is not None
    return found.status, found.reason, found.message


def kinds(body: dict[str, Any]) -> set[str]:
    return {item.type for item in Conditions.of(body)}
