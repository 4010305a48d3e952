"""``gitless schema``."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the JSON Schema of gitless.yaml, for editors and other checkers.

    \b
    gitless schema > gitless.schema.json
    # first line of gitless.yaml, for editors with the YAML language server:
    # yaml-language-server: $schema=gitless.schema.json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.config import schema_text

    click.echo(schema_text(), nl=False)
