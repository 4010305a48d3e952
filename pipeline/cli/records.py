"""Where a cluster's deploy records are: by option, by the settings file, or beside an artifact."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.terminal import Terminal
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Repository, is_reference, parse_reference
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordReading

if TYPE_CHECKING:
    from pipeline.model.settings.values import Settings
    from pipeline.ports import Registry


def open_records(
    records: RecordReading,
    name: DeployedName,
    options: RegistryOptions,
    terminal: Terminal,
    *,
    at: str = "",
    beside: str = "",
) -> Registry:
    """The repository with the cluster's records: ``at`` this very one, or ``beside`` an artifact if nothing says where.

    Raises:
        UsageError: nothing says where they are.
        ConfigurationError: the settings file is wrong.
    """
    from pipeline import wiring

    if at:
        beside = at
        records = replace(records, repository=str(parse_reference(at).repository))
    neighbour = parse_reference(beside).repository if is_reference(beside) else None
    settings = None if records.repository else settings_of(records)
    said = [records.repository, settings.records_of(name.cluster) if settings else "", str(neighbour or "")]
    found = next(filter(None, [*said, settings.artifact.repository if settings else ""]), "")
    repository = parse_reference(found).repository if found else None
    if repository is None:
        raise UsageError(
            f"nothing says where the deploy records of {name.cluster} are",
            hint="name their repository: --record-repository oci://…, or records.repository in gitless.yaml",
        )
    return wiring.record_registry(
        repository,
        options,
        records.registry_config,
        os.environ,
        terminal.reporter,
        is_beside=repository == neighbour,
    )


def open_recorded(
    repository: Repository, options: RegistryOptions, terminal: Terminal, *, named: Iterable[str]
) -> Registry:
    """A repository that a record names; ``named`` are those that the user did.

    A login that was given is shown to the registries of these alone: whoever may deploy to a cluster decides what its
    records name.
    """
    from pipeline import wiring

    hosts = {parse_reference(name).repository.host for name in named if is_reference(name)}
    options = options if repository.host in hosts else options.without_login()
    return wiring.registry(repository, options, os.environ, terminal.reporter)


def settings_of(records: RecordReading) -> Settings | None:
    """The settings file, if there is one.

    Raises:
        ConfigurationError: it is wrong.
    """
    if not Path(records.settings).is_file():
        return None
    from pipeline.config import load_settings

    return load_settings(Path(records.settings))


def open_every_records(
    records: RecordReading, options: RegistryOptions, terminal: Terminal, *, beside: Registry
) -> list[Registry]:
    """Every repository that may have records about a repository's artifacts: the very one, and those that are named.

    Raises:
        ConfigurationError: the settings file is wrong.
    """
    from pipeline import wiring

    settings = settings_of(records)
    targets = settings.targets.values() if settings else ()
    named = [records.repository, settings.records_repository if settings else ""]
    named += [target.deploy_record.repository for target in targets]
    found = [parse_reference(name).repository for name in dict.fromkeys(filter(None, named))]
    return [
        beside,
        *(
            wiring.record_registry(
                repository, options, records.registry_config, os.environ, terminal.reporter, is_beside=False
            )
            for repository in found
            if repository != beside.repository
        ),
    ]
