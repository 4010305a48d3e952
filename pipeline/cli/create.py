"""``gitless create``: a group, as in the flux CLI."""

from __future__ import annotations

import click

from pipeline.cli.create_kustomization import kustomization
from pipeline.cli.create_secret import secret
from pipeline.cli.create_source import source


@click.group()
def command() -> None:
    """Create or update sources, Kustomizations and the Secrets that they refer to; --export prints them instead.

    \b
    gitless create source oci shop --url oci://ghcr.io/acme/shop --tag production
    gitless create kustomization shop --source OCIRepository/shop --path ./deploy --prune
    gitless create secret cosign shop-keys --key cosign.pub --export
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


command.add_command(source)
command.add_command(kustomization)
command.add_command(kustomization, "ks")
command.add_command(secret)
