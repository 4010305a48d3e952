"""``gitless suspend``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.flux_options import flux_namespaces, parse_kind
from pipeline.cli.options import option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.settings.connections import ClusterOptions

if TYPE_CHECKING:
    from pipeline.operations.suspend import Targets


@click.command()
@click.argument("words", metavar="TYPE [NAME]...", nargs=-1, required=True, shell_complete=completing.flux_objects)
@option("--all", "is_all", is_flag=True, help="All of the type in the namespace, or with -A in every one.")
@flux_namespaces
@talking()
def command(*, words: tuple[str, ...], is_all: bool, cluster_options: ClusterOptions, terminal: Terminal) -> None:
    """Stop the reconciliation of objects: TYPE is source oci or kustomization (ks). What runs goes on running.

    \b
    gitless suspend kustomization shop billing -n apps
    gitless suspend source oci --all -n apps
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.outcome.suspend import SuspendResult
    from pipeline.operations.suspend import switch

    targets = targets_of(words, cluster_options, is_all=is_all)
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    terminal.print_result(SuspendResult(objects=switch(targets, server, suspend=True)))


def targets_of(words: Sequence[str], cluster_options: ClusterOptions, *, is_all: bool) -> Targets:
    """The objects that the words name.

    Raises:
        UsageError: they name none, or some beside ``--all`` or ``-A``.
    """
    from pipeline.operations.suspend import Targets

    kind, names = parse_kind(words)
    if bool(names) is is_all:
        raise UsageError(f"name {kind.kind} objects, or say --all")
    if names and cluster_options.namespace is None:
        raise UsageError("-A goes with --all; names are looked for in one namespace")
    return Targets(kind, cluster_options.namespace, names)
