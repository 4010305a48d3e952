"""``gitless prune-registry``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import Duration, argument, option, registry_options
from pipeline.cli.record_options import record_reading_options, warn_unverified_records
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options_if_any
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Repository, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.recording import RecordReading
from pipeline.model.settings.retention import KEEP_DEPLOYED, RetentionSettings
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification

if TYPE_CHECKING:
    from pipeline.model.promotion.retention import Retention
    from pipeline.ports import Registry
    from pipeline.stages.prune_registry import Deployments


@click.command()
@argument("repositories", envvar="repository", nargs=-1, metavar="[REPOSITORY]...",
          shell_complete=completing.artifacts)  # fmt: skip
@option("--keep", type=click.IntRange(0), metavar="N",
        help="Keep the N highest versions, and the N newest of what has no version.")  # fmt: skip
@option("--older-than", type=Duration(), metavar="DURATION", help="Delete only what is older, such as 720h.")
@option("--keep-tags", multiple=True, metavar="PATTERN",
        help="Keep tags in which the regular expression is found: give ^ and $; repeatable.")  # fmt: skip
@option("--keep-deployed", type=click.IntRange(0), metavar="N",
        help=f"Keep every cluster's last N artifacts by its deploy records ({KEEP_DEPLOYED}); 0: none.")  # fmt: skip
@option("--keep-signed-releases/--no-keep-signed-releases", default=None,
        help="Keep versions without a prerelease that the trust policy accepts, or not.")  # fmt: skip
@option("--yes", is_flag=True, help="Delete; without it, only show what would be deleted.")
@trust_options_if_any
@record_reading_options
@registry_options
@talking(ci=True)
def command(
    *, repositories: tuple[str, ...], keep: int | None, older_than: float | None, keep_tags: tuple[str, ...],
    keep_deployed: int | None, keep_signed_releases: bool | None, yes: bool,
    trust: TrustPolicy | UnsafeSkipVerification | None, records: RecordReading, registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:  # fmt: skip
    """Show what nothing keeps in repositories of artifacts, and with --yes delete it with its signatures.

    A digest stays with all its tags as soon as one of these holds: it is among the newest that --keep says, younger
    than --older-than, has a tag that is kept or locked, is deployed, or a signed release. How old something is, its
    own annotation says, or with a trust policy its signatures, or deploy records; what nobody knows it of is kept.

    Without REPOSITORY it is the artifact's of gitless.yaml, whose `retention` says what options do not.

    \b
    gitless prune-registry oci://ghcr.io/acme/shop --keep 20 --record-key production.pub
    gitless prune-registry oci://ghcr.io/acme/shop --older-than 2160h --keep-tags '^(main|production)$' \\
      --keep-signed-releases --key cosign.pub --record-key production.pub --yes
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.cli.records import settings_of
    from pipeline.model.outcome.prune_registry import PruneRegistryResult
    from pipeline.stages.prune_registry import PruneOptions, PrunePorts, Pruning, require_deployments

    settings = settings_of(records)
    said = settings.retention if settings is not None else RetentionSettings()
    policy = _policy(said, keep=keep, older_than=older_than, keep_signed_releases=keep_signed_releases)
    keep_deployed = said.keep_deployed if keep_deployed is None else keep_deployed
    patterns = [_pattern(text) for text in (*said.keep_tags, *keep_tags)]
    own = (settings.artifact.repository,) if settings is not None and settings.artifact.repository else ()
    named = repositories or own
    if not named:
        raise UsageError("no repository is named", hint="gitless prune-registry oci://HOST/REPOSITORY")
    kept_records = _Records(keep_deployed, records, registry_options, terminal)
    if keep_deployed:
        warn_unverified_records(records, terminal)
    options = PruneOptions(retention=policy, trust=trust if isinstance(trust, TrustPolicy) else None)
    ports = PrunePorts(
        trust=wiring.trust_ports(os.environ, terminal.reporter), clock=wiring.clock(), reporter=terminal.reporter
    )
    planned = []
    for repository in dict.fromkeys(_repository(text) for text in named):
        registry = wiring.registry(repository, registry_options, os.environ, terminal.reporter)
        deployments = kept_records.deployments(registry)
        if keep_deployed and yes:
            require_deployments(deployments)
        pruning = Pruning(registry, options, ports)
        tags = {tag: found for tag in registry.tags() if (found := _matching(tag, patterns))}
        planned.append((pruning, pruning.plan(tags, deployments)))
    # Nothing is deleted anywhere before every plan could be made.
    done = [pruning.perform(plan) if yes else plan for pruning, plan in planned]
    terminal.print_result(PruneRegistryResult(repositories=tuple(done), is_dry_run=not yes))


def _policy(
    said: RetentionSettings, *, keep: int | None, older_than: float | None, keep_signed_releases: bool | None
) -> Retention:
    """What the options say, and where they are silent the settings."""
    from pipeline.model.promotion.retention import Retention

    policy = Retention(
        keep=said.keep if keep is None else keep,
        older_than=said.older_than if older_than is None else older_than,
        keep_signed_releases=said.keep_signed_releases if keep_signed_releases is None else keep_signed_releases,
    )
    if policy.keep is None and policy.older_than is None:
        raise UsageError("nothing says what may go", hint="give --keep N, --older-than DURATION, or both")
    return policy


@dataclass(frozen=True, slots=True)
class _Records:
    """Where clusters' deploy records are, and how many of each cluster's last artifacts stay."""

    keep_deployed: int
    records: RecordReading
    registry_options: RegistryOptions
    terminal: Terminal

    def deployments(self, registry: Registry) -> Deployments:
        """What the clusters whose records are at hand have."""
        from pipeline import wiring
        from pipeline.cli.records import open_every_records
        from pipeline.stages.prune_registry import Deployments, read_deployments

        found = Deployments()
        if not self.keep_deployed:
            return found
        trust = wiring.record_trust(self.records, os.environ, self.terminal.reporter)
        for place in open_every_records(self.records, self.registry_options, self.terminal, beside=registry):
            found = found.merged(read_deployments(place, trust, self.keep_deployed))
        if not found.clusters:
            self.terminal.reporter.warn("no deploy record says what is deployed, so nothing is kept for that")
        return found


def _repository(text: str) -> Repository:
    parsed = parse_reference(text)
    if parsed.tag or parsed.digest:
        raise UsageError(f"{text} names one artifact", hint=f"name the repository: {parsed.repository}")
    return parsed.repository


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"--keep-tags '{text}' is not a regular expression: {error}") from None


def _matching(tag: str, patterns: list[re.Pattern[str]]) -> str:
    return next((pattern.pattern for pattern in patterns if pattern.search(tag)), "")
