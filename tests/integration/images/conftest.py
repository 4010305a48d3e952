"""A registry with images, and a folder with manifests that name them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.ports import Registry
from tests.command_line import Outcome, command_line
from tests.contract.registry.servers import open_registry, server

Gitless = Callable[..., Outcome]


@pytest.fixture
def web() -> Registry:
    """A repository of nobody else's."""
    return open_registry(server("referrers"), f"images-{uuid.uuid4().hex[:8]}/web")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder; no login of the machine's user counts."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "none"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def gitless(capsys: pytest.CaptureFixture[str]) -> Gitless:
    """Runs a command line."""

    return command_line(capsys)


def deployment(*images: str, name: str = "web") -> str:
    """One with a container for each image."""
    containers = "".join(f"      - name: c{at}\n        image: {image}\n" for at, image in enumerate(images))
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n"
        f"  selector:\n    matchLabels: {{app: {name}}}\n"
        f"  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      containers:\n{containers}"
    )
