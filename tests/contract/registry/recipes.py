"""How the suite gets at each kind of registry: add an entry to ``RECIPES`` and the whole suite runs on it.

A recipe takes a folder of its own and yields a function from repository name to a registry; all the repositories it
makes are in one store. What it yields from is torn down after each test, so slow servers belong into a cache of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.artifact.reference import Repository
from pipeline.ports import Registry
from tests.contract.registry.servers import Kind, fresh

Open = Callable[[str], Registry]
Corrupt = Callable[[Registry, str], None]


@dataclass(frozen=True)
class Recipe:
    """One member of the family; ``marks`` such as ``pytest.mark.registry`` where it needs something real.

    ``mounts``: whether blobs can be taken over from another repository of the same store.
    ``corrupt``: changes stored bytes of a digest behind the registry's back; ``None`` where a test cannot.
    """

    name: str
    start: Callable[[Path], Any]
    mounts: bool = True
    corrupt: Corrupt | None = None
    marks: Sequence[pytest.MarkDecorator] = field(default=())


@contextmanager
def memory(folder: Path) -> Iterator[Open]:
    from pipeline.testing.registry import MemoryRegistry, MemoryStore

    store = MemoryStore()
    yield lambda name: MemoryRegistry(Repository("memory.test", name), store)


def corrupt_memory(registry: Registry, digest: str) -> None:
    from pipeline.testing.registry import MemoryRegistry

    assert isinstance(registry, MemoryRegistry)
    registry.faults.altered[digest] = b"something else"


@contextmanager
def layout(folder: Path) -> Iterator[Open]:
    from pipeline.registries.layout import LayoutRegistry

    yield lambda name: LayoutRegistry(Repository("", str(folder / name)))


def corrupt_layout(registry: Registry, digest: str) -> None:
    file = Path(registry.repository.path, "blobs", "sha256", digest.removeprefix("sha256:"))
    assert file.exists()
    file.write_bytes(b"something else")


def real(kind: Kind, *, mounts: bool = True) -> Recipe:
    return Recipe(f"oci-{kind}", lambda folder: fresh(kind), mounts=mounts, marks=(pytest.mark.registry,))


RECIPES = (
    Recipe("memory", memory, corrupt=corrupt_memory),
    Recipe("layout", layout, mounts=False, corrupt=corrupt_layout),
    # One with the referrers API; Debian's without it, for each way of logging in, and once under TLS.
    real("referrers", mounts=False),
    real("none"),
    real("basic"),
    real("token"),
    real("tls"),
)
