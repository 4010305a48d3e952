"""``gitless resume``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.flux_options import flux_namespaces
from pipeline.cli.options import Duration, option
from pipeline.cli.suspend import targets_of
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@click.argument("words", metavar="TYPE [NAME]...", nargs=-1, required=True, shell_complete=completing.flux_objects)
@option("--all", "is_all", is_flag=True, help="All of the type in the namespace, or with -A in every one.")
@option("--wait", "is_waiting", is_flag=True, help="Wait until they are reconciled; 7 where one fails.")
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION",
        help="How long to wait for them.")  # fmt: skip
@flux_namespaces
@talking()
def command(
    *, words: tuple[str, ...], is_all: bool, is_waiting: bool, timeout: float, cluster_options: ClusterOptions,
    terminal: Terminal,
) -> None:  # fmt: skip
    """Let suspended objects be reconciled again: TYPE is source oci or kustomization (ks).

    \b
    gitless resume kustomization shop -n apps --wait
    gitless resume source oci --all -n apps
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.outcome.reconcile import require_reconciled
    from pipeline.model.outcome.suspend import ResumeResult
    from pipeline.operations.reconcile import Ports, await_reconciled
    from pipeline.operations.suspend import switch

    targets = targets_of(words, cluster_options, is_all=is_all)
    server, clock = wiring.api_server(cluster_options, os.environ, terminal.reporter), wiring.clock()
    switched = switch(targets, server, suspend=False)
    result = ResumeResult(objects=switched)
    if is_waiting and switched:
        ports = Ports(server, clock, terminal.reporter)
        keys = {item.key: "" for item in switched}
        done = await_reconciled(targets.resource_type, keys, ports, deadline=clock.now() + timeout)
        result = ResumeResult(objects=switched, reconciled=tuple(done))
    terminal.print_result(result)
    require_reconciled(result.reconciled, timeout)
