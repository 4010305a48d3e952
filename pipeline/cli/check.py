"""``gitless check``."""

from __future__ import annotations

import os

import click

from pipeline import __version__
from pipeline.cli.flux_options import DEFAULT_NAMESPACE, flux_namespace
from pipeline.cli.options import option
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@option("--pre", is_flag=True, envvar=None, help="Only whether the cluster is fit for an installation.")
@flux_namespace
@talking()
def command(*, pre: bool, cluster_options: ClusterOptions, terminal: Terminal) -> None:
    """Check whether a cluster is fit for the puller, and whether the one that is installed works.

    \b
    gitless check --pre
    gitless check
    gitless check -o json | jq '.checks[] | select(.passed | not)'
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.operations.check import check, require_passed

    result = check(
        cluster_options.namespace or DEFAULT_NAMESPACE,
        __version__,
        wiring.api_server(cluster_options, os.environ, terminal.reporter),
        before_installation=pre,
        reporter=terminal.reporter,
        clock=wiring.clock(),
    )
    terminal.print_result(result)
    require_passed(result)
