from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.clusters.kubernetes import connect
from pipeline.clusters.kubernetes.cluster import KubernetesCluster
from pipeline.model.settings.connections import ClusterOptions
from tests.platform.control_plane import Cluster

Document = dict[str, Any]


class Talk:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.details: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self.details.append(message)

    def detail(self, message: str, **fields: object) -> None:
        self.details.append(message)

    def warn(self, message: str, **fields: object) -> None:
        self.warnings.append(message)

    def progress(self, label: str, done: int, total: int) -> None:
        del label, done, total


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def admin(control_plane: Cluster) -> Document:
    """The administrator's kubeconfig, to be changed and written by ``write``."""
    document: Document = json.loads(control_plane.kubeconfig.read_text())
    return document


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes a kubeconfig and returns its name."""

    def write(document: Document | str, name: str = "config") -> str:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(file)

    return write


@pytest.fixture
def connected(talk: Talk) -> Callable[..., KubernetesCluster]:
    """Connects with these options; ``environment`` stands for the process's own."""

    def connected(
        environment: Mapping[str, str] | None = None,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        namespace: str | None = None,
        timeout: float = 30.0,
    ) -> KubernetesCluster:
        variables = os.environ if environment is None else environment
        return connect(ClusterOptions(kubeconfig, context, namespace, timeout), variables, talk)

    return connected
