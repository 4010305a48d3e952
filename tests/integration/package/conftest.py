from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.registries import ReferrersRegistry


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry on loopback."""
    with ReferrersRegistry.start(tmp_path_factory.mktemp("registry")) as registry:
        yield registry.address


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    """A folder with names that are not easy."""
    folder = tmp_path / "deploy"
    files = {"a.yaml": "a: 1\n", "base/b.yaml": "b: 2\n", "base.yaml": "c: 3\n", "ü/文.yaml": "d: 4\n"}
    files["/".join(["long" * 10] * 6) + "/e.yaml"] = "e: 5\n"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
