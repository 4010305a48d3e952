"""``gitless logs``."""

from __future__ import annotations

import json
import os

import click

from pipeline.cli.flux_options import DEFAULT_NAMESPACE, flux_namespaces, parse_kind
from pipeline.cli.options import Duration, option
from pipeline.cli.presence import shielded
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@option("--level", type=click.Choice(["debug", "info", "warn", "error"]), help="Only lines of this level.")
@option("--kind", metavar="KIND", help="Only lines about objects of this kind.")
@option("--name", metavar="NAME", help="Only lines about objects of this name.")
@option("-f", "--follow", is_flag=True, help="Go on and print more lines as they come.")
@option("--tail", type=click.IntRange(min=0), metavar="NUMBER", help="Only so many last lines of each pod.")
@option("--since", type=Duration(), metavar="DURATION", help="Only lines that are newer than this, such as 10m.")
@option("--since-time", metavar="TIME", help="Only lines after this time (RFC 3339).")
@option("--flux-namespace", default=DEFAULT_NAMESPACE, show_default=True,
        help="Namespace in which the puller or Flux's controllers run.")  # fmt: skip
@flux_namespaces
@talking()
def command(
    *, level: str | None, kind: str | None, name: str | None, follow: bool, tail: int | None, since: float | None,
    since_time: str | None, flux_namespace: str, cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Show what the puller, or Flux's controllers, log about objects; several pods in the order of time.

    -n and -A say whose objects' lines are shown. -o json prints one JSON object per line.

    \b
    gitless logs -A --level error --since 1h
    gitless logs --kind Kustomization --name apps -n shop --follow
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.cli.options import check_namespace
    from pipeline.model.documents.times import parse_time
    from pipeline.model.flux.log_lines import LogFilter
    from pipeline.operations.logs import LogsQuery, read_logs
    from pipeline.reports.text import logs as text

    check_namespace(flux_namespace)
    if since is not None and since_time:
        raise UsageError("--since and --since-time contradict each other")
    if since_time:
        since = wiring.clock().now() - parse_time(since_time)
    query = LogsQuery(
        namespace=flux_namespace,
        wanted=LogFilter(
            level=level or "",
            kind=parse_kind([kind])[0].kind if kind else "",
            name=name or "",
            namespace=cluster_options.namespace,
        ),
        follow=follow,
        tail=tail,
        since=since,
    )
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    for found in read_logs(query, server, terminal.reporter):
        if terminal.output == "json":
            click.echo(shielded(json.dumps({**found.line.document(), "pod": found.pod}), "json"))
        else:
            click.echo(shielded(text.line(found.line, color=terminal.color)), nl=False, color=terminal.color)
