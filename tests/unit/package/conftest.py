from __future__ import annotations

import pytest

from pipeline.model.artifact.reference import Repository
from pipeline.testing.registry import MemoryRegistry, MemoryStore


class Listener:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.infos: list[str] = []
        self.warnings: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self.infos.append(message)

    def detail(self, message: str, **fields: object) -> None: ...

    def warn(self, message: str, **fields: object) -> None:
        self.warnings.append(message)

    def progress(self, label: str, done: int, total: int) -> None: ...


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def registry(store: MemoryStore) -> MemoryRegistry:
    return MemoryRegistry(Repository("memory.test", "team/app"), store)
