"""``gitless schema``."""

from __future__ import annotations

import click

from pipeline.cli.options import option


@click.command()
@option("--kind", type=click.Choice(["Pipeline", "TrustPolicy"]), default="Pipeline", show_default=True,
        help="Of gitless.yaml, or of a trust policy that is a document of its own.")  # fmt: skip
def command(*, kind: str) -> None:
    """Print the JSON Schema of gitless.yaml or a trust policy, for editors and other checkers.

    \b
    gitless schema > gitless.schema.json
    # first line of gitless.yaml, for editors with the YAML language server:
    # yaml-language-server: $schema=gitless.schema.json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.config import schema_text
    from pipeline.trust_documents import policy_schema_text

    click.echo(schema_text() if kind == "Pipeline" else policy_schema_text(), nl=False)
