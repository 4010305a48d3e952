"""``gitless history``."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.record_options import record_reading_options, warn_unverified_records
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import PipelineError, UsageError
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.deployments.naming import parse_deployed
from pipeline.model.manifests import ObjectId
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordReading

if TYPE_CHECKING:
    from pipeline.model.outcome.history import HistoryResult

_MOST_REPOSITORIES = 5


@click.command()
@argument("repository", envvar="repository", required=False, shell_complete=completing.artifacts)
@option("--cluster", required=True, metavar="CLUSTER[/INVENTORY]",
        help="The cluster, and one of its inventories if not all are wanted.")  # fmt: skip
@option("--object", "name", metavar="KIND/[NAMESPACE/]NAME", help="Show what became of this object.")
@option("--tags", "with_tags", is_flag=True,
        help="Also show which tags are where now, which are locked, and what was rolled back.")  # fmt: skip
@option("--limit", type=click.IntRange(1), metavar="N", help="Show the newest N records.")
@record_reading_options
@registry_options
@talking()
def command(
    *, repository: str | None, cluster: str, name: str | None, with_tags: bool, limit: int | None,
    records: RecordReading, registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Show what a cluster was given and when, newest first, by its signed deploy records in the registry.

    REPOSITORY has the records; otherwise --record-repository or gitless.yaml says where they are. No access to the
    cluster is needed. Records by anybody else than the cluster are refused.

    \b
    gitless history oci://ghcr.io/acme/shop-deployments --cluster production --record-key cluster.pub
    gitless history --cluster production --object Deployment/shop/web -o json
    gitless history --cluster production --tags
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.cli.records import open_records
    from pipeline.model.deployments.history import counted, history_of
    from pipeline.model.outcome.history import Deployment, HistoryResult
    from pipeline.stages.deployed import read_history

    wanted = parse_deployed(cluster)
    pattern = _object(name) if name is not None else None
    warn_unverified_records(records, terminal)
    registry = open_records(records, wanted, registry_options, terminal, at=repository or "")
    trust = wiring.record_trust(records, os.environ, terminal.reporter)
    history = read_history(wanted, registry, trust)
    by_record = {id(item.record): item for item in history.records}
    deployments = [
        Deployment(
            record=record,
            record_digest=by_record[id(record)].listed.descriptor.digest,
            signer=by_record[id(record)].signer,
            counts=counts,
        )
        for record, counts in counted([item.record for item in history.records])
    ]
    objects = None
    if pattern is not None:
        every = history_of(item.record for item in deployments)
        objects = {key: events for key, events in every.items() if pattern in _names(key)}
    result = HistoryResult(
        repository=str(registry.repository),
        cluster=wanted.cluster,
        deployments=tuple(deployments[:limit]),
        objects=objects,
        notes=history.notes,
    )
    terminal.print_result(_with_tags(result, registry_options, terminal) if with_tags else result)


def _with_tags(result: HistoryResult, options: RegistryOptions, terminal: Terminal) -> HistoryResult:
    """The same with what tags say today, of every repository that an artifact is in and that can be asked."""
    from pipeline.cli.records import open_recorded
    from pipeline.stages.tag_standing import Standing, standing_of

    found = Standing()
    for name in list(dict.fromkeys(item.record.repository for item in result.deployments))[:_MOST_REPOSITORIES]:
        try:
            repository = parse_reference(name).repository
            registry = open_recorded(repository, options, terminal, named=(result.repository,))
            found = found.merged(standing_of(registry))
        except PipelineError as error:
            found = found.merged(Standing(notes=(f"the tags of {name} cannot be read: {error.message}",)))
    return replace(
        result,
        deployments=tuple(
            replace(
                item,
                tags=found.tags.get(item.record.digest, ()),
                rolled_back=next(
                    (
                        lock
                        for lock in found.locks
                        if lock.previous == item.record.digest and item.record.time <= lock.at
                    ),
                    None,
                ),
            )
            for item in result.deployments
        ),
        locks=found.locks,
        notes=(*result.notes, *found.notes),
    )


def _object(text: str) -> str:
    """The object's name in lower-case letters, as one compares it.

    Raises:
        UsageError: it is none.
    """
    if text.count("/") not in (1, 2) or not all(text.split("/")):
        raise UsageError(f"--object '{text}': expected KIND/NAMESPACE/NAME, or KIND/NAME")
    return text.lower()


def _names(key: ObjectId) -> tuple[str, ...]:
    parts = (key.kind, key.namespace, key.name) if key.namespace else (key.kind, key.name)
    return ("/".join(parts).lower(), f"{key.kind}/{key.name}".lower())
