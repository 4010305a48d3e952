"""``gitless tag``."""

from __future__ import annotations

import os

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import check_tag, parse_reference
from pipeline.model.settings.connections import RegistryOptions


@click.command()
@argument("reference", envvar="reference", shell_complete=completing.artifacts)
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@option("-t", "--tag", "more_tags", multiple=True, help="Another tag; repeatable.")
@registry_options
@talking(ci=True)
def command(
    *,
    reference: str,
    tags: tuple[str, ...],
    more_tags: tuple[str, ...],
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Point tags at what REFERENCE names, in the same repository; nothing is copied, the digest stays.

    \b
    gitless tag oci://ghcr.io/acme/shop@sha256:0d9f… production
    gitless tag oci://ghcr.io/acme/shop:1.4.2 1.4 latest
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.fetch import pin
    from pipeline.stages.tag import move_tags

    parsed = parse_reference(reference)
    if not (parsed.tag or parsed.digest):
        raise UsageError(f"{reference} names no artifact", hint="say which: :TAG or @sha256:DIGEST")
    wanted = (*tags, *more_tags)
    if not wanted:
        raise UsageError("no tag is named", hint=f"gitless tag {reference} TAG")
    for tag in wanted:
        check_tag(tag)
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    terminal.print_result(move_tags(pin(parsed, registry), wanted, registry))
