"""``gitless reconcile``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.flux_options import flux_namespace, parse_kind
from pipeline.cli.options import Duration, option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@click.argument("words", metavar="TYPE NAME", nargs=-1, required=True, shell_complete=completing.flux_objects)
@option("--with-source", is_flag=True, help="For a Kustomization: its source first.")
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION",
        help="How long to wait for it.")  # fmt: skip
@flux_namespace
@talking()
def command(
    *, words: tuple[str, ...], with_source: bool, timeout: float, cluster_options: ClusterOptions, terminal: Terminal
) -> None:
    """Have an object reconciled now, and wait for exactly that: TYPE is source oci or kustomization (ks).

    Ends with 7 and the reason where it fails. What is suspended is refused.

    \b
    gitless reconcile source oci shop -n apps
    gitless reconcile kustomization shop -n apps --with-source
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.flux.api import KUSTOMIZATIONS
    from pipeline.model.flux.views import Key
    from pipeline.model.outcome.reconcile import require_reconciled
    from pipeline.operations.reconcile import Ports, reconcile

    kind, names = parse_kind(words)
    if len(names) != 1:
        raise UsageError("name one object", hint="gitless reconcile kustomization NAME")
    if with_source and kind != KUSTOMIZATIONS:
        raise UsageError("--with-source is for Kustomizations; a source has none")
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    ports = Ports(server, wiring.clock(), terminal.reporter)
    key = Key(cluster_options.namespace or "", names[0])
    result = reconcile(kind, key, ports, with_source=with_source, timeout=timeout)
    terminal.print_result(result)
    require_reconciled(result.objects, timeout)
