"""Objects and artifacts to attest something of."""

from __future__ import annotations

from typing import Any

from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.attestation.materials import Material, MaterialKind
from pipeline.model.manifests import Manifests, Origin, Resource

DIGEST = "sha256:" + "ab" * 32
PIN = "sha256:" + "12" * 32
ARTIFACT = PinnedReference(Repository("ghcr.io", "acme/shop"), DIGEST, "1.0")
CHART = Material(MaterialKind.CHART, "redis", "1.2.3", PIN, "https://charts.test")
BASE = Material(MaterialKind.BASE, "https://github.com/acme/base//deploy", "v1.0")
LOCK = Material(MaterialKind.FILE, "shop/Chart.lock", digest=PIN)


def resource(kind: str = "Deployment", api_version: str = "apps/v1", name: str = "web", **body: object) -> Resource:
    metadata = {"name": name, "namespace": "shop"}
    return Resource.from_body(
        {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}, Origin("deploy/web.yaml", 3)
    )


def pod(*images: str, key: str = "containers") -> dict[str, Any]:
    return {key: [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]}


def deployment(*images: str, name: str = "web") -> Resource:
    return resource(name=name, spec={"template": {"spec": pod(*images)}})


def manifests(*images: str) -> Manifests:
    return Manifests.of([deployment(*images), resource("ConfigMap", "v1", "settings", data={"image": "no:image"})])
