"""What the commands under ``create`` share: labels, ``--export``, and how what was made is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.cli.flux_options import DEFAULT_NAMESPACE, flux_namespace
from pipeline.cli.options import Decorated, Duration, option, options_of, with_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.cluster import ResourceType
from pipeline.model.creating.names import Named, parse_labels
from pipeline.model.manifests import Body
from pipeline.model.settings.connections import ClusterOptions


@dataclass(frozen=True, slots=True)
class Writing:
    """Where a new object goes."""

    named: Named
    export: bool
    timeout: float
    cluster_options: ClusterOptions
    terminal: Terminal

    def write(self, body: Body, resource_type: ResourceType) -> None:
        """Print the object as YAML, or write it to the cluster and wait for it to be ready."""
        if self.export:
            from pipeline.model.documents.yaml_writing import write_document

            click.echo(write_document(body), nl=False)
            return
        from pipeline import wiring
        from pipeline.operations.create import create

        reporter = self.terminal.reporter
        server = wiring.api_server(self.cluster_options, os.environ, reporter)
        self.terminal.print_result(
            create(body, resource_type, server, timeout=self.timeout, reporter=reporter, clock=wiring.clock())
        )


_options = options_of(
    click.argument("name"),
    option("--label", multiple=True, metavar="KEY=VALUE", help="Label to set; repeatable.", envvar=None),
    option("--export", is_flag=True, envvar=None, help="Print the object as YAML; no cluster is asked."),
    option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION",
           help="How long to wait for it to be ready."),
)  # fmt: skip


def creating(command: Decorated) -> Callable[..., Any]:
    """The object's name, labels, ``--export`` and ``--timeout``; the command receives them as ``writing: Writing``."""

    def wrapped(
        *,
        name: str,
        label: tuple[str, ...],
        export: bool,
        timeout: float,
        cluster_options: ClusterOptions,
        terminal: Terminal,
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        named = Named(name, cluster_options.namespace or DEFAULT_NAMESPACE, parse_labels(label))
        return command(writing=Writing(named, export, timeout, cluster_options, terminal), **arguments)

    return _options(flux_namespace(talking()(with_options((), wrapped, command))))


def naming(*declarations: str, help: str) -> Callable[[Decorated], Decorated]:  # noqa: A002 - as click calls it
    """An option with the name of another object; empty where there is none."""
    return option(*declarations, default="", envvar=None, metavar="NAME", help=help)


def lasting(*declarations: str, default: str | None, help: str) -> Callable[[Decorated], Decorated]:  # noqa: A002 - as above
    """An option with a duration."""
    return option(
        *declarations, type=Duration(), default=default, show_default=True, envvar=None, metavar="DURATION", help=help
    )


def file_content(file: str | None) -> bytes:
    """What a file that an option names holds; nothing where none is named.

    Raises:
        UsageError: it cannot be read.
    """
    if file is None:
        return b""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None
