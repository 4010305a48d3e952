"""``gitless list``."""

from __future__ import annotations

import os
import re

import click

from pipeline.cli.options import option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.settings.connections import RegistryOptions


@click.command()
@click.argument("repository")
@option("--filter-semver", metavar="RANGE", help="Only versions in the range, such as '>=1.2 <2', '~1.4' or '*-0'.")
@option("--filter-regex", metavar="PATTERN", help="Only tags in which the regular expression is found.")
@option("--limit", type=click.IntRange(min=1), metavar="NUMBER", help="Only the first of them.")
@registry_options
@talking()
def command(
    *,
    repository: str,
    filter_semver: str | None,
    filter_regex: str | None,
    limit: int | None,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """List a repository's tags with digest, source and revision, the newest version first.

    Signatures and other attachments are not listed. Ranges are those of Flux's OCIRepository.

    \b
    gitless list oci://ghcr.io/acme/shop
    gitless list oci://ghcr.io/acme/shop --filter-semver '>=1.0.0 <2.0.0' --limit 1 -o json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.artifact.versions import parse_range
    from pipeline.stages.list_tags import list_tags

    parsed = parse_reference(repository)
    if parsed.tag or parsed.digest:
        raise UsageError(f"{repository} names one artifact", hint=f"list {parsed.repository}, with --filter-regex")
    versions = parse_range(filter_semver) if filter_semver else None
    try:
        pattern = re.compile(filter_regex) if filter_regex else None
    except re.error as error:
        raise UsageError(f"--filter-regex '{filter_regex}' is not a regular expression: {error}") from None
    registry = wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter)
    terminal.print_result(
        list_tags(registry, versions=versions, pattern=pattern, limit=limit, reporter=terminal.reporter)
    )
