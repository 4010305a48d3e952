"""N applications as Flux's custom resources, and the artifacts behind them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from pipeline import wiring
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.reports.console import JsonLog
from pipeline.stages.package import package
from tests.bench.inputs import application

Variant = Literal["suffix", "substitution"]
VARIANTS: tuple[Variant, ...] = ("suffix", "substitution")
TAG = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The applications of one measurement, all in one namespace.

    Attributes:
        count: how many.
        registry: ``host:port`` of a registry without TLS.
        variant: how an application's objects get names of their own.
        shared: whether all applications are made from one artifact, or each has its own.
    """

    count: int
    registry: str
    variant: Variant
    shared: bool
    namespace: str = "bench"

    def names(self) -> list[str]:
        """The applications' names."""
        return [f"app-{number:05d}" for number in range(self.count)]

    def repository(self, name: str) -> str:
        """Where an application's artifact is, without ``oci://``."""
        return f"{self.registry}/{self.variant}/{'application' if self.shared else name}"

    def publish(self) -> None:
        """Push all artifacts."""
        for name in self.names()[: 1 if self.shared else None]:
            self.push(name, "1.0.0")

    def push(self, name: str, version: str) -> str:
        """Push what the application is to become; returns the manifest's digest."""
        artifact = build_artifact(
            pack(files_of(self.variant, version)), source="https://bench.example", revision=version
        )
        repository = parse_reference(f"oci://{self.repository(name)}").repository
        reporter = JsonLog(io.StringIO(), verbose=False)
        registry = wiring.registry(repository, RegistryOptions(plain_http=True), {}, reporter)
        package(artifact, registry, tags=[TAG], reporter=reporter)
        return artifact.digest

    def sources(self) -> Iterator[dict[str, Any]]:
        """The OCIRepositories."""
        for name in self.names():
            yield {
                "apiVersion": "source.toolkit.fluxcd.io/v1",
                "kind": "OCIRepository",
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": {
                    "url": f"oci://{self.repository(name)}",
                    "ref": {"tag": TAG},
                    "interval": "60m",
                    "insecure": True,
                },
            }

    def kustomizations(self) -> Iterator[dict[str, Any]]:
        """The Kustomizations."""
        for name in self.names():
            own: dict[str, Any] = (
                {"nameSuffix": name.removeprefix("app")}
                if self.variant == "suffix"
                else {"postBuild": {"substitute": {"app": name}}}
            )
            yield {
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
                "kind": "Kustomization",
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": {
                    "sourceRef": {"kind": "OCIRepository", "name": name},
                    "interval": "60m",
                    "timeout": "5m",
                    "targetNamespace": self.namespace,
                    "prune": True,
                    "wait": True,
                    **own,
                },
            }


def files_of(variant: Variant, version: str) -> list[tuple[str, bytes]]:
    """What the artifact holds."""
    text = application("web", version) if variant == "suffix" else _with_variable(version)
    return [("application.yaml", text.encode())]


def _with_variable(version: str) -> str:
    """In block style, for a variable's braces end a flow mapping."""
    stand_in = "application-name"
    documents = yaml.safe_load_all(application(stand_in, version))
    return yaml.safe_dump_all(documents, sort_keys=False).replace(stand_in, "${app}")
