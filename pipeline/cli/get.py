"""``gitless get``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.flux_options import flux_namespaces, parse_kind
from pipeline.cli.options import option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.settings.connections import ClusterOptions

if TYPE_CHECKING:
    from pipeline.model.outcome.get import GetResult
    from pipeline.operations.get import Query

_ALL = (OCI_REPOSITORIES, KUSTOMIZATIONS)
_SOURCES = ("source", "sources")
_OTHER_SOURCES = ("git", "helm", "chart", "bucket", "external")


@click.command()
@click.argument("words", metavar="[TYPE [NAME]]", nargs=-1, shell_complete=completing.flux_objects)
@option("-l", "--label-selector", metavar="SELECTOR", help="Only objects with these labels, such as app=shop.")
@option("--status-selector", metavar="TYPE=STATUS",
        help="Only objects with this condition, such as ready=false or ready!=true.")  # fmt: skip
@option("--show-source", is_flag=True, help="Show the sources of Kustomizations.")
@option("--no-header", is_flag=True, help="Leave out the tables' headings.")
@option("-w", "--watch", "is_watching", is_flag=True, help="Go on with each object that changes.")
@flux_namespaces
@talking("text", "wide", "json", "yaml")
def command(
    *, words: tuple[str, ...], label_selector: str | None, status_selector: str | None, show_source: bool,
    no_header: bool, is_watching: bool, cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Show objects and how they are: TYPE is sources [oci], kustomizations (ks) or all, which is the default.

    -o wide also shows places, digests and ages, and what drifted of Kustomizations annotated gitless.dev/drift: report.
    With --watch, -o json prints one JSON object per line and change.

    \b
    gitless get all -A
    gitless get sources oci
    gitless get ks shop -n apps -o wide
    gitless get kustomizations -A --status-selector ready=false -o json | jq -r '.objects[].name'
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.flux.selecting import parse_status_selector
    from pipeline.model.outcome.get import GetResult
    from pipeline.operations.following import Selection
    from pipeline.operations.get import Query, get

    kinds, name = _wanted(words)
    status = parse_status_selector(status_selector) if status_selector else None
    query = Query(kinds, Selection(cluster_options.namespace, label_selector, name), status)
    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    empty = GetResult(
        objects=(),
        now=wiring.clock().now(),
        with_namespace=cluster_options.namespace is None,
        with_kind=len(kinds) > 1,
        with_source=show_source,
        with_header=not no_header,
    )
    if is_watching:
        _watch(query, empty, cluster_options, terminal)
        return
    found = get(query, server)
    if not found:
        terminal.reporter.info(_nothing(query))
    terminal.print_result(replace(empty, objects=found))


def _watch(query: Query, empty: GetResult, cluster_options: ClusterOptions, terminal: Terminal) -> None:
    from pipeline import wiring
    from pipeline.operations.get import watch

    server, clock = wiring.api_server(cluster_options, os.environ, terminal.reporter), wiring.clock()
    result = empty
    for index, objects in enumerate(watch(query, server, terminal.reporter)):
        shown = replace(result, objects=objects, now=clock.now())
        if terminal.output == "json":
            click.echo(json.dumps(shown.document(), ensure_ascii=False))
            continue
        if terminal.output == "yaml" and index:
            click.echo("---")
        terminal.print_result(shown)
        if objects:
            # What was shown first sets the columns, and the headings stand above it.
            result = replace(result, alongside=result.alongside or objects, with_header=False)


def _wanted(words: Sequence[str]) -> tuple[tuple[ResourceType, ...], str | None]:
    """The kinds, and the one name if there is one."""
    if not words or words[0].lower() == "all":
        kinds: tuple[ResourceType, ...] = _ALL
        rest = tuple(words[1:])
        if rest:
            raise UsageError("all takes no name", hint="say sources oci NAME or kustomization NAME")
    elif words[0].lower() in _SOURCES:
        kinds, rest = (OCI_REPOSITORIES,), _behind_sources(words[1:])
    else:
        kind, rest = parse_kind(words)
        kinds = (kind,)
    if len(rest) > 1:
        raise UsageError(f"one name is enough, and {len(rest)} are given: {', '.join(rest)}")
    return kinds, rest[0] if rest else None


def _behind_sources(words: Sequence[str]) -> tuple[str, ...]:
    if words and words[0].lower() in _OTHER_SOURCES:
        raise UsageError(f"there are no sources of type {words[0]} here", hint="say sources oci")
    return tuple(words[1:]) if words and words[0].lower() in {"oci", "all"} else tuple(words)


def _nothing(query: Query) -> str:
    kinds = " and no ".join(kind.kind for kind in query.resource_types)
    chosen = query.selection
    such = " that matches" if chosen.labels or query.status else ""
    return f"There is no {kinds}{such} in {f'namespace {chosen.namespace}' if chosen.namespace else 'any namespace'}"
