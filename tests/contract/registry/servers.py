"""Real registries on loopback, each started once per test process and stopped when it ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Literal

from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Registry
from tests.platform.registries import DebianRegistry, ReferrersRegistry

Kind = Literal["referrers", "none", "basic", "token", "tls"]
Server = ReferrersRegistry | DebianRegistry

_numbers = count(1)


class Silent:
    """A reporter that keeps the detail lines and says nothing."""

    def __init__(self) -> None:
        self.details: list[str] = []
        self.warnings: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        pass

    def detail(self, message: str, **fields: object) -> None:
        self.details.append(message)

    def warn(self, message: str, **fields: object) -> None:
        self.warnings.append(message)

    def progress(self, label: str, done: int, total: int) -> None:
        pass


@cache
def server(kind: Kind) -> Server:
    """The registry of that kind: with the referrers API, or Debian's with this way of logging in."""
    directory = Path(tempfile.mkdtemp(prefix=f"gitless-registry-{kind}-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    started: Server
    if kind == "referrers":
        started = ReferrersRegistry.start(directory)
    elif kind == "tls":
        started = DebianRegistry.start(directory, auth="basic", tls=True)
    else:
        started = DebianRegistry.start(directory, auth=kind)
    atexit.register(started.stop)
    return started


def options(running: Server) -> RegistryOptions:
    """What a user would have to give for this registry."""
    if isinstance(running, ReferrersRegistry):
        return RegistryOptions()
    ca_file = str(running.ca_file) if running.ca_file else None
    return RegistryOptions(username=running.username or None, password=running.password or None, ca_file=ca_file)


def open_registry(running: Server, name: str, reporter: Silent | None = None) -> Registry:
    """A repository of the registry, by whoever may do everything there."""
    from pipeline.registries.oci import connect

    return connect(Repository(running.address, name), options(running), {}, reporter or Silent())


@contextmanager
def fresh(kind: Kind) -> Iterator[Any]:
    """A function from name to repository; the repositories are nobody else's."""
    running = server(kind)
    prefix = f"run{next(_numbers)}"
    yield lambda name: open_registry(running, f"{prefix}/{name}")
