"""``gitless delete``."""

from __future__ import annotations

import os
import sys

import click

from pipeline.cli.flux_options import flux_namespace, parse_kind, spoken
from pipeline.cli.options import Duration, option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import RefusedError, UsageError
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@click.argument("words", nargs=-1, metavar="(source oci | kustomization) NAME")
@option("-s", "--silent", is_flag=True, envvar=None, help="Do not ask.")
@option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is gone.")
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION", help="How long to wait.")
@flux_namespace
@talking()
def command(
    *,
    words: tuple[str, ...],
    silent: bool,
    wait: bool,
    timeout: float,
    cluster_options: ClusterOptions,
    terminal: Terminal,
) -> None:
    """Delete a source or a Kustomization, after saying what goes with it and asking.

    \b
    gitless delete kustomization apps -n shop
    gitless delete source oci apps --silent --no-wait
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.operations.delete import perform_deletion, plan_deletion, warnings

    kind, names = parse_kind(words)
    if len(names) != 1:
        raise UsageError("one object is deleted at a time", hint=f"gitless delete {spoken(kind)} NAME")
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    deletion = plan_deletion(kind, cluster_options.namespace or "", names[0], server)
    for sentence in warnings(deletion):
        terminal.reporter.info(f"{deletion.object_id}: {sentence}")
    if not silent:
        _ask(f"Delete {deletion.object_id} in {server.context}?")
    terminal.print_result(perform_deletion(deletion, server, wiring.clock(), timeout=timeout if wait else None))


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is at the terminal to ask", hint="say --silent to delete without being asked")
    if not click.confirm(question, default=False, err=True):
        raise RefusedError("nothing was deleted: you said no")
