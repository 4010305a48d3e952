"""``gitless apply``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completing
from pipeline.cli.guard_options import guard_options
from pipeline.cli.options import Duration, argument, cluster_options, option, registry_options
from pipeline.cli.passwords import key_password
from pipeline.cli.pinning import refuse_tag, tag_option
from pipeline.cli.plan_options import PlanOptions, plan_options
from pipeline.cli.record_options import recording_options, require_signer
from pipeline.cli.report_context import changing
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options, warn_unverified
from pipeline.errors import PipelineError, UsageError
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.reporting import ReportContext
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.guards import GuardSettings
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests

if TYPE_CHECKING:
    from pipeline.carrying_out import Order, Prepared
    from pipeline.model.applying.options import ApplyOptions
    from pipeline.ports import Cluster
    from pipeline.recording import Recorder
    from pipeline.stages.succession import StatedRollback


@click.command()
@argument(
    "what", envvar="reference", metavar="[REFERENCE|PATH]", required=False, shell_complete=completing.artifacts_or_paths
)
@tag_option
@option("--inventory", shell_complete=completing.inventories,
        help="Name under which is remembered what was applied; the repository's or folder's own name.")  # fmt: skip
@option("--prune/--no-prune", default=True, show_default=True, help="Delete what is gone from the manifests.")
@option("--dry-run", type=click.Choice(["none", "server"]), default="none", show_default=True,
        help="server: let the API server plan and check everything, and write nothing.")  # fmt: skip
@option("--force-conflicts", is_flag=True, help="Take over fields that other managers own.")
@option("--recreate", is_flag=True, help="Delete and create objects whose immutable fields change.")
@option("--take-ownership", is_flag=True, help="Take over objects of other inventories, Flux, Helm or Argo CD.")
@option("--allow-rollback", is_flag=True, help="Apply an artifact that was signed before the recorded one.")
@guard_options
@plan_options
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION",
        help="How long to wait for definitions, namespaces and deletions.")  # fmt: skip
@option("--concurrency", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests at once.")
@recording_options
@trust_options
@registry_options
@cluster_options
@talking("text", "json", "markdown", "junit", "html", reports=True)
def command(
    *, what: str | None, allow_tag: bool, inventory: str | None, dry_run: str, guards: GuardSettings,
    planning: PlanOptions, timeout: float, concurrency: int, trust: TrustPolicy | UnsafeSkipVerification,
    registry_options: RegistryOptions, cluster_options: ClusterOptions, recording: RecordingOptions,
    terminal: Terminal, **decisions: bool,
) -> None:  # fmt: skip
    """Apply a signed artifact to a cluster, prune what is gone from it, and record it in an inventory.

    Everything is checked before the first write. Definitions and namespaces come first, and nothing is pruned unless
    everything was applied; a run that was interrupted is repaired by running it again. With --plan the plan says what
    is applied and how, and where artifact, signers, cluster or plan differ now, nothing is written.

    \b
    gitless apply oci://ghcr.io/acme/shop@sha256:0d9f… --key cosign.pub
    gitless apply oci://ghcr.io/acme/shop:1.0 --key cosign.pub -n shop --dry-run server
    gitless apply oci://ghcr.io/acme/shop:1.0 --key cosign.pub --deploy-record prod --record-signing-key cluster.key
    gitless apply deploy/ --insecure-skip-verification --inventory shop
    gitless apply --plan plan.json --key cosign.pub --approved-by reviewer.pub
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.carrying_out import stated_rollback

    require_signer(recording)
    refuse_tag(what, allow_tag=allow_tag)
    warn_unverified(trust, terminal)
    order = planning.order(trust)
    options = _options(what, inventory, guards, decisions) if order is None else order.options
    try:
        prepared = _prepared(what, order, trust, registry_options, terminal)
    except PipelineError as error:
        _tell_unfinished(error, terminal, is_dry_run=dry_run == "server")
        raise
    cluster = wiring.cluster(cluster_options, os.environ, terminal.reporter)
    options = replace(
        options,
        namespace=options.namespace or cluster_options.namespace or cluster.default_namespace,
        dry_run=dry_run == "server",
        concurrency=concurrency,
        timeout=timeout,
        writer=wiring.writer(os.environ),
    )
    open_registry = partial(
        wiring.registry, options=registry_options, environment=os.environ, reporter=terminal.reporter
    )
    is_stated = stated_rollback(prepared.trusted, trust, open_registry, os.environ, terminal.reporter)
    _apply(prepared, cluster, options, is_stated, _recorder(recording, registry_options, terminal), terminal)


def _options(
    what: str | None, inventory: str | None, guards: GuardSettings, decisions: Mapping[str, bool]
) -> ApplyOptions:
    """As the command line says; a namespace that is empty is the cluster's."""
    from pipeline.model.applying.inventory import check_inventory_name, inventory_name
    from pipeline.model.applying.options import ApplyOptions

    if what is None:
        raise UsageError("there is nothing to apply", hint="name an artifact or a folder, or a plan: --plan FILE")
    name = check_inventory_name(inventory) if inventory else inventory_name(what)
    decided: dict[str, Any] = dict(decisions)
    return ApplyOptions(inventory=name, namespace="", guards=guards.guards(), **decided)


def _prepared(
    what: str | None,
    order: Order | None,
    trust: TrustPolicy | UnsafeSkipVerification,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> Prepared:
    """What is applied, verified: the plan's artifact, or what is named."""
    from pipeline import wiring
    from pipeline.carrying_out import Prepared

    if order is not None:
        registry = wiring.registry(order.repository, registry_options, os.environ, terminal.reporter)
        return order.fetch(registry, trust, os.environ, terminal.reporter)
    found = wiring.trusted_manifests(what or "", trust, registry_options, os.environ, terminal.reporter)
    return Prepared(trusted=found)


def _recorder(recording: RecordingOptions, registry_options: RegistryOptions, terminal: Terminal) -> Recorder:
    from pipeline import wiring
    from pipeline.recording import Recorder

    return Recorder(
        options=recording,
        registry=registry_options,
        environment=os.environ,
        reporter=terminal.reporter,
        clock=wiring.clock(),
        read_password=key_password(recording.signing.password_file),
    )


def _apply(
    prepared: Prepared,
    cluster: Cluster,
    options: ApplyOptions,
    is_stated: StatedRollback | None,
    recorder: Recorder,
    terminal: Terminal,
) -> None:
    """Apply, record and show; what was done before a failure is shown, too."""
    from pipeline import wiring
    from pipeline.stages.apply import apply

    trusted = prepared.trusted
    try:
        result = apply(
            trusted,
            cluster,
            options,
            reporter=terminal.reporter,
            clock=wiring.clock(),
            planned=prepared.plan,
            is_stated=is_stated,
        )
    except PipelineError as error:
        # The record first: a report that cannot be written must not keep it from being made.
        recorder.failed(trusted, options, error)
        _tell_unfinished(error, terminal, prepared, is_dry_run=options.dry_run)
        raise
    recorder.applied(trusted, cluster, options)
    terminal.print_result(prepared.described(result), _context(result, trusted, terminal))


def _tell_unfinished(
    error: PipelineError, terminal: Terminal, prepared: Prepared | None = None, *, is_dry_run: bool
) -> None:
    from pipeline.carrying_out import unfinished

    result = unfinished(error)
    if result is None:
        return
    result = replace(result, dry_run=is_dry_run)
    if prepared is None:
        terminal.print_result(result)
    else:
        terminal.print_result(prepared.described(result), _context(result, prepared.trusted, terminal))


def _context(result: ApplyResult, trusted: TrustedManifests, terminal: Terminal) -> Callable[[], ReportContext]:
    """What a report shows beside the result."""
    return changing(result.plan, trusted.manifests, trusted.manifests, terminal)
