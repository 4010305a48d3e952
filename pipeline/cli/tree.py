"""``gitless tree``."""

from __future__ import annotations

import os

import click

from pipeline.cli.flux_options import flux_namespace, parse_kind
from pipeline.cli.options import option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.flux.api import KUSTOMIZATIONS
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@click.argument("words", nargs=-1, metavar="kustomization NAME")
@option("--compact", is_flag=True, help="Show only objects of Flux's kinds.")
@option("--health", is_flag=True, help="Look at every object, and tell whether it is healthy.")
@flux_namespace
@talking("text", "json", "yaml")
def command(
    *, words: tuple[str, ...], compact: bool, health: bool, cluster_options: ClusterOptions, terminal: Terminal
) -> None:
    """Show what a Kustomization applied, and what the Kustomizations among that applied in turn.

    \b
    gitless tree kustomization apps
    gitless tree ks flux-system --compact
    gitless tree ks apps -n shop --health -o json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.operations.tree import show_tree

    kind, names = parse_kind(words)
    if kind != KUSTOMIZATIONS or len(names) != 1:
        raise UsageError("a tree has one Kustomization at its root", hint="gitless tree kustomization NAME")
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    namespace = cluster_options.namespace or ""
    terminal.print_result(show_tree(namespace, names[0], server, wiring.clock(), compact=compact, with_health=health))
