"""``gitless wait``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.flux_options import flux_namespaces
from pipeline.cli.options import Duration, Terminal, option, registry_options, talking
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions


@click.command()
@click.argument("reference", shell_complete=completing.artifacts)
@option("--kustomization", "kustomizations", multiple=True, metavar="NAME", shell_complete=completing.kustomizations,
        help="Only this Kustomization, not all that use the repository; repeatable.")  # fmt: skip
@option("--timeout", type=Duration(), default="10m", show_default=True, metavar="DURATION",
        help="How long to wait for it.")  # fmt: skip
@option("--reconcile", is_flag=True, help="Have the cluster look for it now, not at the next interval.")
@option("--keep-waiting", is_flag=True, help="Let the cluster try again after a failure, instead of ending there.")
@registry_options
@flux_namespaces
@talking()
def command(
    *, reference: str, kustomizations: tuple[str, ...], timeout: float, reconcile: bool, keep_waiting: bool,
    registry_options: RegistryOptions, cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Wait until this very digest is applied and healthy: by every Kustomization that uses its repository.

    A tag is resolved once, at the beginning. Ends with 0 once it is delivered, and with 7 and the reason as soon as it
    has failed, has been superseded by another digest, or can never come; Ready of an earlier revision counts for
    nothing. Flux's own controllers are understood just as well.

    \b
    gitless wait oci://ghcr.io/acme/shop@sha256:… -n apps
    gitless wait oci://ghcr.io/acme/shop:1.4.0 -A --reconcile --timeout 5m
    gitless wait "$(gitless package deploy oci://ghcr.io/acme/shop:main -o json | jq -r .digestUrl)" -n apps
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.outcome.wait import require_delivered
    from pipeline.operations.reconcile import Ports
    from pipeline.operations.wait import WaitOptions, wait

    artifact = _pinned(reference, registry_options, terminal)
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    options = WaitOptions(
        artifact=artifact,
        namespace=cluster_options.namespace,
        kustomizations=tuple(dict.fromkeys(kustomizations)),
        timeout=timeout,
        reconcile=reconcile,
        keep_waiting=keep_waiting,
    )
    result = wait(options, Ports(server, wiring.clock(), terminal.reporter))
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
