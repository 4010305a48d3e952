"""``gitless events``."""

from __future__ import annotations

import json
import os

import click

from pipeline.cli.flux_options import flux_namespaces, parse_kind
from pipeline.cli.options import Terminal, option, talking
from pipeline.cli.presence import shielded
from pipeline.errors import UsageError
from pipeline.model.settings.connections import ClusterOptions

_TYPES = ("Normal", "Warning")


@click.command()
@option("--for", "involved", metavar="KIND[/NAME]",
        help="Only of this kind, or about this object; about a Kustomization, those about its source too.")  # fmt: skip
@option("--types", metavar="TYPES", help="Only of these types: Normal, Warning; divided by commas.")
@option("-w", "--watch", is_flag=True, help="Go on and print each new event as it comes.")
@flux_namespaces
@talking()
def command(
    *, involved: str | None, types: str | None, watch: bool, cluster_options: ClusterOptions, terminal: Terminal
) -> None:
    """Show the Kubernetes Events about OCIRepositories and Kustomizations, the oldest first.

    With --watch, -o json prints one JSON object per line and event.

    \b
    gitless events
    gitless events --for Kustomization/apps -n shop
    gitless events -A --types Warning --watch
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.operations.events import EventsQuery, follow_events, show_events
    from pipeline.reports.text import events as text

    kind, name = _involved(involved)
    query = EventsQuery(namespace=cluster_options.namespace, kind=kind, name=name, types=_event_types(types))
    server, clock = wiring.api_server(cluster_options, os.environ, terminal.reporter), wiring.clock()
    if not watch:
        terminal.print_result(show_events(query, server, clock))
        return
    if terminal.output == "text":
        click.echo(text.heading(), nl=False)
    for event in follow_events(query, server, clock, terminal.reporter):
        as_json = terminal.output == "json"
        line = json.dumps(event.document()) + "\n" if as_json else text.line(event, clock.now())
        click.echo(shielded(line, "json" if as_json else "text"), nl=False)


def _involved(text: str | None) -> tuple[str, str]:
    """Kind and name; empty where everything is wanted."""
    if not text:
        return "", ""
    kind, slash, name = text.partition("/")
    if slash and not name:
        raise UsageError(f"--for '{text}' names no object", hint="such as Kustomization/apps, or the kind alone")
    return parse_kind([kind])[0].kind, name


def _event_types(text: str | None) -> frozenset[str]:
    found = frozenset(word.strip().capitalize() for word in (text or "").split(",") if word.strip())
    if not found <= set(_TYPES):
        raise UsageError(f"--types '{text}' is not understood", hint="Normal, Warning, or both with a comma between")
    return found
