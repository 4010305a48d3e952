"""The engines that are held to the contract: the one in memory, and the real dockerd."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.artifact.reference import Repository
from pipeline.model.images.engine import RegistryLogin
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import ImageEngine, Registry
from pipeline.reports.console import JsonLog
from pipeline.testing.image_engine import MemoryImageEngine
from pipeline.testing.registry import MemoryRegistry, MemoryStore
from tests.platform.engine import Engine
from tests.platform.registries import DebianRegistry


@dataclass
class Subject:
    """An engine, two registries that it can push to, and what it said."""

    engine: ImageEngine
    host: str
    guarded_host: str
    login: RegistryLogin
    open: Callable[[Repository], Registry]
    talk: io.StringIO


@pytest.fixture(scope="module")
def memory() -> Subject:
    talk = io.StringIO()
    login, store = RegistryLogin("gitless", "throw-away"), MemoryStore()

    def opened(repository: Repository) -> Registry:
        return MemoryRegistry(repository, store)

    engine = MemoryImageEngine(JsonLog(talk, verbose=True), opened, {"guarded.test": login})
    return Subject(engine, "memory.test", "guarded.test", login, opened, talk)


@pytest.fixture(scope="module")
def dockerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    talk = io.StringIO()
    folder = tmp_path_factory.mktemp("engine")
    reporter = JsonLog(talk, verbose=True)
    with (
        Engine.start(folder / "e") as engine,
        DebianRegistry.start(folder / "free") as free,
        DebianRegistry.start(folder / "guarded", auth="basic") as guarded,
    ):
        login = RegistryLogin(guarded.username, guarded.password)

        def opened(repository: Repository) -> Registry:
            options = RegistryOptions(username=guarded.username, password=guarded.password)
            return wiring.registry(repository, options, {}, reporter)

        subject = wiring.image_engine(engine.url, {}, reporter)
        yield Subject(subject, free.address, guarded.address, login, opened, talk)


@pytest.fixture(params=["memory", "dockerd"])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    found.talk.truncate(0)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A context with one file and the simplest Containerfile."""
    (tmp_path / "hello").write_text("hello\n")
    (tmp_path / "Containerfile").write_text("FROM scratch AS whole\nCOPY hello /hello\nLABEL made=here\n")
    return tmp_path
