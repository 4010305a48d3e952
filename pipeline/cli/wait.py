"""``gitless wait``."""

from __future__ import annotations

import os
from dataclasses import dataclass

import click

from pipeline.cli import completing
from pipeline.cli.flux_options import flux_namespaces
from pipeline.cli.options import Duration, argument, option, registry_options
from pipeline.cli.record_options import record_reading_options, warn_unverified_records
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.recording import RecordReading


@click.command()
@argument("reference", envvar="reference", shell_complete=completing.artifacts)
@option("--kustomization", "kustomizations", multiple=True, metavar="NAME", shell_complete=completing.kustomizations,
        help="Only this Kustomization, not all that use the repository; repeatable.")  # fmt: skip
@option("--timeout", type=Duration(), default="10m", show_default=True, metavar="DURATION",
        help="How long to wait for it.")  # fmt: skip
@option("--reconcile", is_flag=True, help="Have the cluster look for it now, not at the next interval.")
@option("--deployed", metavar="CLUSTER[/INVENTORY]",
        help="Wait for the cluster's signed deploy records to say so, without any access to it.")  # fmt: skip
@option("--accept-applied", is_flag=True, help="With --deployed: a record that says nothing of health is enough.")
@option("--keep-waiting", is_flag=True, help="Let the cluster try again after a failure, instead of ending there.")
@record_reading_options
@registry_options
@flux_namespaces
@talking(ci=True)
def command(
    *, reference: str, kustomizations: tuple[str, ...], timeout: float, reconcile: bool, keep_waiting: bool,
    deployed: str | None, accept_applied: bool, records: RecordReading, registry_options: RegistryOptions,
    cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Wait until this very digest is applied and healthy: by every Kustomization that uses its repository.

    A tag is resolved once, at the beginning. Ends with 0 once it is delivered, and with 7 and the reason as soon as it
    has failed, has been superseded by another digest, or can never come; Ready of an earlier revision counts for
    nothing. Flux's own controllers are understood just as well.

    \b
    gitless wait oci://ghcr.io/acme/shop@sha256:… -n apps
    gitless wait oci://ghcr.io/acme/shop:1.4.0 -A --reconcile --timeout 5m
    gitless wait oci://ghcr.io/acme/shop:1.4.0 --deployed production --record-key cluster.pub
    gitless wait "$(gitless package deploy oci://ghcr.io/acme/shop:main -o json | jq -r .digestUrl)" -n apps
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.outcome.wait import require_delivered
    from pipeline.operations.reconcile import Ports
    from pipeline.operations.wait import WaitOptions, wait

    artifact = _pinned(reference, registry_options, terminal)
    if deployed is not None:
        if kustomizations or reconcile:
            raise UsageError(
                "--kustomization and --reconcile need access to the cluster, which --deployed does without"
            )
        options = _DeployedOptions(deployed, timeout, accept_applied=accept_applied, keep_waiting=keep_waiting)
        _wait_deployed(artifact, options, records, registry_options, terminal)
        return
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    wanted = WaitOptions(
        artifact=artifact,
        namespace=cluster_options.namespace,
        kustomizations=tuple(dict.fromkeys(kustomizations)),
        timeout=timeout,
        reconcile=reconcile,
        keep_waiting=keep_waiting,
    )
    result = wait(wanted, Ports(server, wiring.clock(), terminal.reporter))
    terminal.print_result(result)
    require_delivered(result)


@dataclass(frozen=True, slots=True)
class _DeployedOptions:
    cluster: str
    timeout: float
    accept_applied: bool
    keep_waiting: bool


def _wait_deployed(
    artifact: PinnedReference,
    given: _DeployedOptions,
    records: RecordReading,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    from pipeline import wiring
    from pipeline.cli.records import open_records
    from pipeline.model.deployments.naming import parse_deployed
    from pipeline.model.outcome.wait import require_delivered
    from pipeline.stages.deployed_waiting import DeployedWaitOptions, DeployedWaitPorts, wait_deployed

    warn_unverified_records(records, terminal)
    options = DeployedWaitOptions(
        artifact=artifact,
        name=parse_deployed(given.cluster),
        timeout=given.timeout,
        accepts_applied=given.accept_applied,
        keep_waiting=given.keep_waiting,
    )
    registry = open_records(records, options.name, registry_options, terminal, beside=artifact.digest_url)
    trust = wiring.record_trust(records, os.environ, terminal.reporter)
    result = wait_deployed(options, DeployedWaitPorts(registry, trust, wiring.clock(), terminal.reporter))
    terminal.print_result(result)
    require_delivered(result)


def _pinned(text: str, options: RegistryOptions, terminal: Terminal) -> PinnedReference:
    from pipeline import wiring

    reference = parse_reference(text)
    if reference.repository.is_layout:
        raise UsageError(f"{text} is a folder of this machine; no cluster reads it", hint="name an oci:// artifact")
    if reference.digest is not None:
        return reference.pinned()
    if reference.tag is None:
        raise UsageError(f"{text} names no artifact", hint="give a digest, or a tag: oci://HOST/REPOSITORY:TAG")
    registry = wiring.registry(reference.repository, options, os.environ, terminal.reporter)
    artifact = PinnedReference(reference.repository, registry.resolve(reference.tag).digest, reference.tag)
    terminal.reporter.info(f"{text} is {artifact.digest}")
    return artifact
