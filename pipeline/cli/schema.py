"""``gitless schema``."""

from __future__ import annotations

import click

from pipeline.cli.options import option

_PRINTED = {
    "DiffResult": "diff-result",
    "PlanResult": "plan-result",
    "SavedPlan": "saved-plan",
    "ValidateResult": "validate-result",
    "ApplyResult": "apply-result",
    "VerifyResult": "verify-result",
    "VerifyArtifactResult": "verify-artifact-result",
    "RunResult": "run-result",
}
"""Kinds of what the commands print, and the files of their schemas."""


@click.command()
@option(
    "--kind",
    type=click.Choice(["Pipeline", "TrustPolicy", *_PRINTED]),
    default="Pipeline",
    show_default=True,
    help="Of gitless.yaml, of a trust policy that is a document of its own, or of what a command prints as JSON.",
)
def command(*, kind: str) -> None:
    """Print the JSON Schema of gitless.yaml, a trust policy or a result, for editors and other checkers.

    \b
    gitless schema > gitless.schema.json
    # first line of gitless.yaml, for editors with the YAML language server:
    # yaml-language-server: $schema=gitless.schema.json
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    click.echo(_text(kind), nl=False)


def _text(kind: str) -> str:
    if kind in _PRINTED:
        from importlib import resources

        return resources.files("pipeline.schemas").joinpath(f"{_PRINTED[kind]}.v1.json").read_text(encoding="utf-8")
    from pipeline.config import schema_text
    from pipeline.trust_documents import policy_schema_text

    return schema_text() if kind == "Pipeline" else policy_schema_text()
