"""``gitless promote``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import Duration, argument, option, registry_options
from pipeline.cli.record_options import record_reading_options, warn_unverified_records
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options, warn_unverified
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Reference, check_tag, parse_reference
from pipeline.model.deployments.naming import DeployedName, is_deployed, parse_deployed
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordReading
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification

if TYPE_CHECKING:
    from pipeline.ports import Registry
    from pipeline.stages.promote import PromotePorts

_OpenRecords = Callable[[DeployedName], "Registry"]


@click.command()
@argument("source", envvar="from", metavar="FROM", shell_complete=completing.artifacts)
@argument("target", envvar="to", metavar="TO", shell_complete=completing.artifacts)
@option("-t", "--tag", "tags", multiple=True, help="Tag to move at the target besides TO's; repeatable.")
@option("--require-healthy", multiple=True, metavar="CLUSTER[/INVENTORY]",
        help="Only what this cluster's newest signed deploy record says is healthy there; repeatable.")  # fmt: skip
@option("--min-age", type=Duration(), default="0s", show_default=True, metavar="DURATION",
        help="With --require-healthy: only if it has been so for that long.")  # fmt: skip
@option("--allow-rollback", is_flag=True, help="Move a tag also to something older than what it points at.")
@option("--dry-run", is_flag=True, help="Ask everything, write nothing, and show what would happen.")
@trust_options
@record_reading_options
@registry_options
@talking("text", "json", "markdown", ci=True)
def command(
    *, source: str, target: str, tags: tuple[str, ...], require_healthy: tuple[str, ...], min_age: float,
    allow_rollback: bool, dry_run: bool, trust: TrustPolicy | UnsafeSkipVerification, records: RecordReading,
    registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Make an artifact the next environment's: verify it, carry all that refers to it, and move the tags last.

    FROM is an artifact, or deployed:CLUSTER: what that cluster was given last. TO is a tag in the same or another
    repository or registry. The policy is asked at the source and again at the target; the digest stays what it is. A
    tag that is locked, that somebody else moves meanwhile, or that points at something newer is not moved.

    \b
    gitless promote oci://ghcr.io/acme/shop:main oci://ghcr.io/acme/shop:staging --key cosign.pub
    gitless promote oci://ghcr.io/acme/shop:staging oci://registry.prod/acme/shop:production --key cosign.pub \\
      --require-healthy staging --min-age 1h --record-key staging.pub
    gitless promote deployed:staging oci://registry.prod/acme/shop:production --key cosign.pub --record-key staging.pub
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.cli.records import open_records
    from pipeline.stages.fetch import pin
    from pipeline.stages.promote import PromoteOptions, promote

    to = parse_reference(target)
    healthy = tuple(dict.fromkeys(parse_deployed(name) for name in require_healthy))
    if min_age and not healthy:
        raise UsageError("--min-age says for how long something is healthy, but not where", hint="--require-healthy")
    if is_deployed(source) or healthy:
        warn_unverified_records(records, terminal)

    def open_records_of(name: DeployedName) -> Registry:
        return open_records(records, name, registry_options, terminal, beside=source)

    from_ = _source(source, records, open_records_of, terminal)
    wanted = _tags(from_, to, source, target, tags)
    warn_unverified(trust, terminal)
    ports = _ports(from_, to, records, open_records_of, registry_options, terminal)
    options = PromoteOptions(
        artifact=pin(from_, ports.source),
        tags=wanted,
        trust=trust,
        healthy_on=healthy,
        min_age=min_age,
        allow_rollback=allow_rollback,
        dry_run=dry_run,
    )
    terminal.print_result(promote(options, ports))


def _ports(
    from_: Reference,
    to: Reference,
    records: RecordReading,
    open_records_of: _OpenRecords,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> PromotePorts:
    from pipeline import wiring
    from pipeline.stages.promote import PromotePorts

    def open_repository(reference: Reference) -> Registry:
        return wiring.registry(reference.repository, registry_options, os.environ, terminal.reporter)

    return PromotePorts(
        source=open_repository(from_),
        target=open_repository(to),
        open_target=lambda: open_repository(to),
        open_records=open_records_of,
        record_trust=lambda: wiring.record_trust(records, os.environ, terminal.reporter),
        trust=wiring.trust_ports(os.environ, terminal.reporter),
        clock=wiring.clock(),
        reporter=terminal.reporter,
    )


def _source(text: str, records: RecordReading, open_records_of: _OpenRecords, terminal: Terminal) -> Reference:
    """What is promoted: as it is named, or as a cluster's records say."""
    from pipeline import wiring
    from pipeline.stages.deployed_health import deployed_on

    if not is_deployed(text):
        reference = parse_reference(text)
        if not (reference.tag or reference.digest):
            raise UsageError(f"{text} names no artifact", hint="say which: :TAG or @sha256:DIGEST")
        return reference
    name = parse_deployed(text)
    trust = wiring.record_trust(records, os.environ, terminal.reporter)
    record = deployed_on(name, open_records_of(name), trust).record
    terminal.reporter.info(f"{name} is {record.repository}@{record.digest}, {record.result.value}")
    return Reference(parse_reference(record.repository).repository, None, record.digest)


def _tags(from_: Reference, to: Reference, source: str, target: str, more: tuple[str, ...]) -> tuple[str, ...]:
    if to.digest is not None and to.digest != from_.digest:
        raise UsageError(f"{target} names a digest, but what is promoted has that of {source}", hint="give a tag")
    is_elsewhere = to.repository != from_.repository
    own = to.tag or (from_.tag if is_elsewhere and not more else None)
    wanted = tuple(dict.fromkeys((*((own,) if own else ()), *more)))
    if not wanted:
        raise UsageError(f"{target} names no tag", hint=f"say which is to point at it: {to.repository}:TAG")
    for tag in wanted:
        check_tag(tag)
    return wanted
