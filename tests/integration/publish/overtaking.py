"""Somebody else, who publishes to the same tag."""

from __future__ import annotations

import io

from pipeline import wiring
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.reports.console import JsonLog
from pipeline.stages.package import package
from tests.unit.publishing.worlds import make


def push(repository: str, text: str, tag: str) -> None:
    """Publish an artifact."""
    log = JsonLog(io.StringIO(), verbose=False)
    registry = wiring.registry(parse_reference(repository).repository, RegistryOptions(), {}, log)
    package(make(text), registry, tags=(tag,), reporter=log)
