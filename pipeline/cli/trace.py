"""``gitless trace``."""

from __future__ import annotations

import os

import click

from pipeline.cli.flux_options import flux_namespace
from pipeline.cli.options import option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.settings.connections import ClusterOptions

_TWO_WORDS = 2


@click.command()
@click.argument("words", nargs=-1, metavar="KIND/NAME | KIND NAME")
@option("--api-version", metavar="VERSION", help="API version of the kind, such as example.org/v1; for unusual kinds.")
@flux_namespace
@talking()
def command(
    *, words: tuple[str, ...], api_version: str | None, cluster_options: ClusterOptions, terminal: Terminal
) -> None:
    """Tell who applies an object, from which source and revision, and how that went last.

    What other objects made, such as pods, is traced through them. Objects of a pipeline's inventory are known too.
    Exit code 7: nobody applies the object; 6: there is no such object.

    \b
    gitless trace deployment/web -n shop
    gitless trace pod web-5d4c9d8f7-abcde -n shop -o json
    gitless trace Widget/blue -n shop --api-version example.org/v1
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.flux.kinds import kind_named
    from pipeline.model.outcome.trace import require_managed
    from pipeline.operations.trace import Subject, trace

    word, name = _object(words)
    found_version, kind = kind_named(word, api_version or "")
    subject = Subject(found_version, kind, cluster_options.namespace or "", name)
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)

    def load_inventory(namespace: str, name: str) -> Inventory | None:
        return wiring.cluster(cluster_options, os.environ, terminal.reporter).load_inventory(namespace, name)

    result = trace(subject, server, load_inventory)
    terminal.print_result(result)
    require_managed(result)


def _object(words: tuple[str, ...]) -> tuple[str, str]:
    """Kind and name, given as one word or two."""
    kind, slash, name = words[0].partition("/") if words else ("", "", "")
    if len(words) == _TWO_WORDS and not slash:
        name = words[1]
    elif len(words) != 1 or not slash:
        name = ""
    if not kind or not name:
        raise UsageError("one object is traced", hint="gitless trace KIND/NAME, such as deployment/web")
    return kind, name
