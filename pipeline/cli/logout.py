"""``gitless logout``."""

from __future__ import annotations

import os

import click

from pipeline.cli.options import argument, option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import parse_registry
from pipeline.model.settings.connections import RegistryOptions


@click.command()
@argument("registry", envvar="login_registry", required=False)
@option("--all", "everywhere", is_flag=True, help="Every registry that the file has a login to.")
@talking()
def command(*, registry: str | None, everywhere: bool, terminal: Terminal) -> None:
    """Forget the login to REGISTRY, in docker's configuration and in the credential helper that it names.

    \b
    gitless logout ghcr.io
    gitless logout --all
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.login import log_out

    if (registry is None) != everywhere:
        raise UsageError("name the registry, or give --all", hint="gitless logout ghcr.io")
    store = wiring.login_store(os.environ, RegistryOptions())
    hosts = store.hosts() if registry is None else (parse_registry(registry),)
    terminal.print_result(log_out(hosts, store))
