"""``gitless uninstall``."""

from __future__ import annotations

import os
import sys

import click

from pipeline.cli.flux_options import DEFAULT_NAMESPACE, flux_namespace
from pipeline.cli.options import Duration, option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import RefusedError, UsageError
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@option("--keep-namespace", is_flag=True, envvar=None, help="Leave the namespace.")
@option(
    "--keep-crds", is_flag=True, envvar=None, help="Leave the definitions, and with them sources and Kustomizations."
)
@option("--dry-run", is_flag=True, envvar=None, help="Only tell what would be deleted.")
@option("-s", "--silent", is_flag=True, envvar=None, help="Do not ask.")
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION",
        help="How long to wait for the puller to end.")  # fmt: skip
@flux_namespace
@talking()
def command(
    *, keep_namespace: bool, keep_crds: bool, dry_run: bool, silent: bool, timeout: float,
    cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Take the puller, its rights, sources, Kustomizations and definitions away; all that was applied goes on running.

    Definitions and the namespace stay where somebody else brought them or still needs them.

    \b
    gitless uninstall
    gitless uninstall --dry-run
    gitless uninstall --keep-crds -s                                # before Flux takes over
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.operations.uninstall import UninstallSettings, uninstall

    namespace = cluster_options.namespace or DEFAULT_NAMESPACE
    if not silent and not dry_run and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for confirmation", hint="say --silent (-s) to uninstall unasked")
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    if not silent and not dry_run:
        what = "the puller" if keep_crds else "the puller, all sources and all Kustomizations"
        if not click.confirm(f"Delete {what} from {server.context} (namespace {namespace})?", err=True):
            raise RefusedError("not confirmed, and nothing was deleted")
    settings = UninstallSettings(
        keep_namespace=keep_namespace, keep_definitions=keep_crds, dry_run=dry_run, timeout=timeout
    )
    terminal.print_result(uninstall(namespace, server, settings, reporter=terminal.reporter, clock=wiring.clock()))
