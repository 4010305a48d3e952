"""``gitless apply``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.options import (
    Duration,
    Terminal,
    cluster_options,
    option,
    registry_options,
    talking,
)
from pipeline.cli.passwords import key_password
from pipeline.cli.record_options import recording_options, require_signer
from pipeline.cli.trust_options import trust_options, warn_unverified
from pipeline.errors import PipelineError
from pipeline.model.outcome.apply import ApplyInterruptedError
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification


@click.command()
@click.argument("what", metavar="REFERENCE|PATH", shell_complete=completing.artifacts_or_paths)
@option("--inventory", shell_complete=completing.inventories,
        help="Name under which is remembered what was applied; the repository's or folder's own name.")  # fmt: skip
@option("--prune/--no-prune", default=True, show_default=True, help="Delete what is gone from the manifests.")
@option("--dry-run", type=click.Choice(["none", "server"]), default="none", show_default=True,
        help="server: let the API server plan and check everything, and write nothing.")  # fmt: skip
@option("--force-conflicts", is_flag=True, help="Take over fields that other managers own.")
@option("--recreate", is_flag=True, help="Delete and create objects whose immutable fields change.")
@option("--take-ownership", is_flag=True, help="Take over objects of other inventories, Flux, Helm or Argo CD.")
@option("--allow-rollback", is_flag=True, help="Apply an artifact that was signed before the recorded one.")
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION",
        help="How long to wait for definitions, namespaces and deletions.")  # fmt: skip
@option("--concurrency", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests at once.")
@recording_options
@trust_options
@registry_options
@cluster_options
@talking()
def command(
    *, what: str, inventory: str | None, prune: bool, dry_run: str, force_conflicts: bool, recreate: bool,
    take_ownership: bool, allow_rollback: bool, timeout: float, concurrency: int, recording: RecordingOptions,
    trust: TrustPolicy | UnsafeSkipVerification, registry_options: RegistryOptions, cluster_options: ClusterOptions,
    terminal: Terminal,
) -> None:  # fmt: skip
    """Apply a signed artifact to a cluster, prune what is gone from it, and record it in an inventory.

    Everything is checked before the first write. Definitions and namespaces come first, and nothing is pruned unless
    everything was applied; a run that was interrupted is repaired by running it again.

    \b
    gitless apply oci://ghcr.io/acme/shop@sha256:0d9f… --key cosign.pub
    gitless apply oci://ghcr.io/acme/shop:1.0 --key cosign.pub -n shop --dry-run server
    gitless apply oci://ghcr.io/acme/shop:1.0 --key cosign.pub --deploy-record prod --record-signing-key cluster.key
    gitless apply deploy/ --insecure-skip-verification --inventory shop
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.applying.inventory import check_inventory_name, inventory_name
    from pipeline.model.applying.options import ApplyOptions
    from pipeline.recording import Recorder
    from pipeline.stages.apply import apply

    require_signer(recording)
    warn_unverified(trust, terminal)
    name = check_inventory_name(inventory) if inventory else inventory_name(what)
    trusted = wiring.trusted_manifests(what, trust, registry_options, os.environ, terminal.reporter)
    cluster = wiring.cluster(cluster_options, os.environ, terminal.reporter)
    options = ApplyOptions(
        inventory=name,
        namespace=cluster_options.namespace or cluster.default_namespace,
        prune=prune,
        dry_run=dry_run == "server",
        force_conflicts=force_conflicts,
        recreate=recreate,
        take_ownership=take_ownership,
        allow_rollback=allow_rollback,
        concurrency=concurrency,
        timeout=timeout,
        writer=wiring.writer(os.environ),
    )
    recorder = Recorder(
        options=recording,
        registry=registry_options,
        environment=os.environ,
        reporter=terminal.reporter,
        clock=wiring.clock(),
        read_password=key_password(recording.signing.password_file),
    )
    try:
        result = apply(trusted, cluster, options, reporter=terminal.reporter, clock=wiring.clock())
    except PipelineError as error:
        if isinstance(error, ApplyInterruptedError):
            terminal.print_result(error.result)
        recorder.failed(trusted, options, error)
        raise
    terminal.print_result(result)
    recorder.applied(trusted, cluster, options)
