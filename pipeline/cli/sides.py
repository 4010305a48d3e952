"""The sides of a comparison: a folder or file that is built, an artifact that is read, or what a cluster has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.terminal import Terminal
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Repository, is_reference, parse_reference
from pipeline.model.deployments.naming import is_deployed, parse_deployed
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.diff import Side
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordReading
from pipeline.ports import Registry, TreeBuilder

if TYPE_CHECKING:
    from pipeline.stages.fetch import Part


def read_side(
    name: str,
    options: RegistryOptions,
    terminal: Terminal,
    records: RecordReading | None = None,
    *,
    other: str = "",
    part: Part | None = None,
) -> tuple[Manifests, Side]:
    """Read an artifact (nothing is verified: it is only looked at), or build a folder or file, images pinned.

    ``deployed:CLUSTER[/INVENTORY]`` is the artifact that the cluster's deploy records name, which are verified as
    ``records`` says. ``other`` is the other side: where nothing says where the records are, they are beside that one.
    ``part``: of an artifact only that is read.

    Raises:
        PipelineError: it does not exist or cannot be read, whatever it is.
    """
    from pipeline import wiring

    if is_deployed(name):
        return _deployed(name, options, terminal, records or RecordReading(), other)
    if is_reference(name):
        from pipeline.stages.fetch import read_artifact

        reference = parse_reference(name)
        registry = wiring.registry(reference.repository, options, os.environ, terminal.reporter)
        manifests, facts = read_artifact(reference, registry, part=part)
        return manifests, Side(name=name, artifact=facts.artifact, source=facts.source, revision=facts.revision)
    from pipeline.image_pinning import PinningOptions, pin_build
    from pipeline.model.settings.sources import Source
    from pipeline.stages.build import build

    if name != "-" and not Path(name).exists():
        hint = "a side is a folder or file, oci://HOST/REPOSITORY:TAG, oci-layout:FOLDER:TAG, live, or deployed:CLUSTER"
        raise UsageError(f"'{name}' does not exist", hint=hint)
    built = build([Source(Path(name))], wiring.renderers(os.environ, terminal.reporter))
    return pin_build(built, PinningOptions(), options, os.environ, terminal.reporter).manifests, Side(name=name)


def _deployed(
    name: str, options: RegistryOptions, terminal: Terminal, records: RecordReading, other: str
) -> tuple[Manifests, Side]:
    from pipeline import wiring
    from pipeline.cli.records import open_recorded, open_records, settings_of
    from pipeline.stages.deployed_side import read_deployed

    wanted = parse_deployed(name)
    registry = open_records(records, wanted, options, terminal, beside=other)
    trust = wiring.record_trust(records, os.environ, terminal.reporter)

    def open_registry(repository: Repository) -> Registry:
        settings = settings_of(records)
        return open_recorded(
            repository, options, terminal, named=(other, settings.artifact.repository if settings else "")
        )

    return read_deployed(wanted, registry, trust, open_registry, _trees())


def part_of(side: Side) -> Part | None:
    """What the other side, an artifact, has to be compared with: of a Kustomization's only the folder that it takes."""
    from pipeline.stages.fetch import Part

    path = side.deployed.path if side.deployed is not None else None
    return None if path is None else Part(path, _trees())


def read_sides(
    before: str,
    after: str,
    read: Callable[[str, str, Part | None], tuple[Manifests, Side]],
    read_after: Callable[[str, str, Part | None], tuple[Manifests, Side]] | None = None,
) -> tuple[tuple[Manifests, Side], tuple[Manifests, Side]]:
    """Both sides of a comparison, the deployed one first, which says what part of an artifact the other one is.

    ``read`` takes a side, the other side, and the part; ``read_after`` is for ``after`` where that is read otherwise.
    """
    from pipeline.model.documents.rereading import sharing_documents

    read_after = read_after or read
    with sharing_documents():
        if is_deployed(after) and not is_deployed(before):
            new = read_after(after, before, None)
            return read(before, after, part_of(new[1])), new
        old = read(before, after, None)
        return old, read_after(after, before, part_of(old[1]))


def _trees() -> TreeBuilder:
    from pipeline import wiring

    return wiring.tree_builder(os.environ, allow_remote_bases=False)
