"""``gitless rollback``."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.passwords import key_password
from pipeline.cli.record_options import record_reading_options, warn_unverified_records
from pipeline.cli.signing_options import signing_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import given_trust, warn_unverified, with_roots
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Reference, is_digest, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordReading
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import UnsafeSkipVerification

if TYPE_CHECKING:
    from pipeline.ports import Registry
    from pipeline.stages.rollback import RollbackOptions, RollbackPorts


@click.command()
@argument("reference", envvar="reference", shell_complete=completing.artifacts)
@option("--to", metavar="previous-good|DIGEST",
        help="previous-good: the last digest before the current one that --cluster's records call good.")  # fmt: skip
@option("--reason", default="", metavar="TEXT", help="Why; whoever is refused by the lock reads it.")
@option("--cluster", metavar="CLUSTER[/INVENTORY]", help="Whose deploy records say what was good.")
@option("--lock/--no-lock", default=True, show_default=True, help="Keep the tag there until it is released.")
@option("--release", is_flag=True, help="Only let the tag move again, and leave it where it is.")
@option("--dry-run", is_flag=True, help="Ask everything, write nothing, and show what would happen.")
@given_trust
@signing_options(key="--signing-key", required=False, formats=False, roots=False)
@record_reading_options
@registry_options
@talking("text", "json", "markdown", ci=True)
def command(
    *, reference: str, to: str | None, reason: str, cluster: str | None, lock: bool, release: bool, dry_run: bool,
    trust: TrustOptions | UnsafeSkipVerification, signing: SigningOptions, records: RecordReading,
    registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Move a tag back to a digest that is known to be good, and lock it there until it is released.

    REFERENCE names the tag: oci://HOST/REPOSITORY:TAG. What it goes back to must satisfy the trust policy. While it is
    locked, package, tag, copy, promote and run refuse to move it. With a key to sign with, or --keyless, the rollback
    is stated beside the artifact, so that a puller which takes nothing older than what it has goes back, too.

    \b
    gitless rollback oci://ghcr.io/acme/shop:production --to previous-good --cluster production \\
      --reason 'orders fail' --key cosign.pub --record-key production.pub --signing-key cosign.key
    gitless rollback oci://ghcr.io/acme/shop:production --to sha256:0d9f… --reason 'orders fail' --key cosign.pub
    gitless rollback oci://ghcr.io/acme/shop:production --release
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.environment import running_as

    parsed = parse_reference(reference)
    if not parsed.tag or parsed.digest:
        raise UsageError(f"{reference} names no tag", hint=f"say which tag goes back: {parsed.repository}:TAG")
    _check(to, reason, cluster, signing, lock=lock, release=release, dry_run=dry_run)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    by = running_as(os.environ)
    if release:
        from pipeline.stages.rollback import release as release_tag

        terminal.print_result(release_tag(parsed.repository, parsed.tag, by, registry, wiring.clock()))
        return
    from pipeline.stages.rollback import RollbackOptions, rollback

    policy = trust if isinstance(trust, UnsafeSkipVerification) else wiring.trust_policy(trust, os.environ)
    warn_unverified(policy, terminal)
    options = RollbackOptions(
        repository=parsed.repository,
        tag=parsed.tag,
        to=to or "",
        reason=reason,
        by=by,
        trust=policy,
        locks=lock,
        dry_run=dry_run,
    )
    options, ports = _with_records(options, cluster, records, registry_options, terminal, registry, parsed)
    if signing:
        signer = wiring.signer(
            with_roots(signing, trust), os.environ, terminal.reporter, key_password(signing.password_file)
        )
        ports = replace(ports, signer=signer)
    terminal.print_result(rollback(options, ports))


def _check(
    to: str | None, reason: str, cluster: str | None, signing: SigningOptions, *, lock: bool, release: bool,
    dry_run: bool,
) -> None:  # fmt: skip
    from pipeline.stages.rollback import PREVIOUS_GOOD

    if release:
        if to or reason or cluster or signing or dry_run or not lock:
            raise UsageError("--release lets the tag move again and does nothing else", hint="give no other option")
        return
    if to is None:
        raise UsageError("nothing says what to go back to", hint="--to previous-good, or --to sha256:…")
    if to != PREVIOUS_GOOD and not is_digest(to):
        raise UsageError(f"--to '{to[:80]}' is neither previous-good nor a digest", hint="sha256: and 64 digits")
    if (cluster is not None) != (to == PREVIOUS_GOOD):
        raise UsageError("--cluster and --to previous-good go together: its deploy records say what was good")


def _with_records(
    options: RollbackOptions, cluster: str | None, records: RecordReading, registry_options: RegistryOptions,
    terminal: Terminal, registry: Registry, reference: Reference,
) -> tuple[RollbackOptions, RollbackPorts]:  # fmt: skip
    from pipeline import wiring
    from pipeline.cli.records import open_records
    from pipeline.model.deployments.naming import parse_deployed
    from pipeline.stages.rollback import RollbackPorts

    ports = RollbackPorts(
        registry=registry,
        trust=wiring.trust_ports(os.environ, terminal.reporter),
        clock=wiring.clock(),
        reporter=terminal.reporter,
    )
    if cluster is None:
        return options, ports
    name = parse_deployed(cluster)
    warn_unverified_records(records, terminal)
    opened = open_records(records, name, registry_options, terminal, beside=str(reference))
    trusted = wiring.record_trust(records, os.environ, terminal.reporter)
    return replace(options, cluster=name), replace(ports, records=opened, record_trust=trusted)
