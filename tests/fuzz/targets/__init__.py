"""What is fuzzed: each module has ``seeds()``, inputs to begin with, and ``consume(data)``, which reads one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

NAMES = (
    "archives",
    "bundles",
    "json_documents",
    "key_files",
    "manifests",
    "policy_documents",
    "predicates",
    "simple_payloads",
    "statements",
    "whole_stack",
)


class Target(Protocol):
    """A module of this package."""

    def seeds(self) -> Iterator[bytes]:
        """Inputs that reach deep."""
        ...

    def consume(self, data: bytes) -> None:
        """Read one input; nothing may be raised."""
        ...


def load(name: str) -> Target:
    """The target of that name."""
    return cast(Target, import_module(f"{__name__}.{name}"))
