"""``gitless verify``."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import Duration, argument, cluster_options, option, registry_options
from pipeline.cli.pinning import refuse_tag, tag_option
from pipeline.cli.report_context import healthy, vouched_for
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options, warn_unverified
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification

if TYPE_CHECKING:
    from pipeline.model.outcome.verify import VerifyResult
    from pipeline.stages.verify import VerifyOptions


@click.command()
@argument("reference", envvar="reference", required=False, shell_complete=completing.artifacts)
@tag_option
@option("--inventory", shell_complete=completing.inventories,
        help="What to verify; may be left out where the namespace has only one inventory.")  # fmt: skip
@option(
    "--timeout",
    type=Duration(),
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="How long to wait for health.",
)
@option("--wait/--no-wait", default=True, show_default=True, help="Wait for health, or look once.")
@option("--fail-fast/--no-fail-fast", default=True, show_default=True,
        help="Stop waiting for the others once one object has failed.")  # fmt: skip
@option("--drift/--no-drift", default=True, show_default=True,
        help="Compare with the artifact; takes the right to patch, as a dry-run.")  # fmt: skip
@trust_options
@registry_options
@cluster_options
@talking("text", "json", "markdown", "sarif", "junit", "html", reports=True)
def command(
    *, reference: str | None, allow_tag: bool, inventory: str | None, timeout: float, wait: bool, fail_fast: bool,
    drift: bool, trust: TrustPolicy | UnsafeSkipVerification, registry_options: RegistryOptions,
    cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Prove that what runs is what was signed, has not drifted, and is healthy.

    All that is wrong is reported at once, with events and last log lines of pods in trouble. With a REFERENCE, that
    artifact alone is checked: its signatures against the digest, and every manifest and blob against its own.

    \b
    gitless verify -n shop --key cosign.pub
    gitless verify -n shop --inventory shop --key cosign.pub --timeout 10m -o json
    gitless verify -n shop --key cosign.pub --no-wait                   # how is it right now?
    gitless verify oci://ghcr.io/acme/shop:1.0 --key cosign.pub         # the artifact alone, no cluster
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    refuse_tag(reference, allow_tag=allow_tag)
    warn_unverified(trust, terminal)
    if reference is not None:
        _artifact(reference, trust, registry_options, terminal)
        return
    from pipeline.model.applying.inventory import check_inventory_name
    from pipeline.stages.verify import VerifyOptions, require_verified

    options = VerifyOptions(
        inventory=check_inventory_name(inventory) if inventory else "",
        namespace=cluster_options.namespace or "",
        timeout=timeout if wait else 0.0,
        fail_fast=fail_fast,
        check_drift=drift,
    )
    result = _deployed(options, trust, registry_options, cluster_options, terminal)
    terminal.print_result(result, healthy(result, cluster_options, terminal))
    require_verified(result)


def _deployed(
    options: VerifyOptions,
    trust: TrustPolicy | UnsafeSkipVerification,
    registry_options: RegistryOptions,
    cluster_options: ClusterOptions,
    terminal: Terminal,
) -> VerifyResult:
    from pipeline import wiring
    from pipeline.stages.trust import check_policy
    from pipeline.stages.verify import Ports, verify

    if isinstance(trust, TrustPolicy):
        check_policy(trust)
    cluster = wiring.cluster(cluster_options, os.environ, terminal.reporter)
    ports = Ports(
        cluster=cluster,
        open_registry=lambda found: wiring.registry(found, registry_options, os.environ, terminal.reporter),
        trust=wiring.trust_ports(os.environ, terminal.reporter),
        clock=wiring.clock(),
        reporter=terminal.reporter,
    )
    return verify(trust, replace(options, namespace=options.namespace or cluster.default_namespace), ports)


def _artifact(
    reference: str,
    trust: TrustPolicy | UnsafeSkipVerification,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    from pipeline import wiring
    from pipeline.stages.verify_artifact import verify_artifact

    if isinstance(trust, UnsafeSkipVerification):
        raise UsageError("--insecure-skip-verification leaves nothing to verify about an artifact; name a --key")
    parsed = parse_reference(reference)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    result = verify_artifact(parsed, registry, wiring.trust_ports(os.environ, terminal.reporter), trust)
    terminal.print_result(result, vouched_for(parsed, trust, registry_options, terminal))
