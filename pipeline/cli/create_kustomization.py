"""``gitless create kustomization``."""

from __future__ import annotations

from typing import Any

import click

from pipeline.cli.creating import Writing, creating, lasting, naming
from pipeline.cli.options import option


@click.command()
@option("--source", required=True, envvar=None, metavar="KIND/NAME[.NAMESPACE]",
        help="Where the manifests come from, such as OCIRepository/shop.")  # fmt: skip
@option("--path", default="./", show_default=True, envvar=None, help="Folder of the artifact.")
@option("--prune/--no-prune", default=False, show_default=True, envvar=None,
        help="Delete objects that are gone from the source.")  # fmt: skip
@option("--wait/--no-wait", default=False, show_default=True, envvar=None,
        help="Be ready only when all objects are healthy.")  # fmt: skip
@option("--health-check", "health_checks", multiple=True, envvar=None, metavar="KIND/NAME.NAMESPACE",
        help="Be ready only when this is healthy; repeatable.")  # fmt: skip
@lasting("--health-check-timeout", default="2m", help="How long to wait for health.")
@option("--depends-on", multiple=True, envvar=None, metavar="[NAMESPACE/]NAME",
        help="Kustomization that must be ready first; repeatable.")  # fmt: skip
@naming("--service-account", help="Apply as this service account.")
@option("--decryption-provider", type=click.Choice(["sops"]), envvar=None, help="How files are encrypted.")
@naming("--decryption-secret", help="Secret with the keys to decrypt.")
@naming("--target-namespace", help="Put all objects into this namespace.")
@naming("--kubeconfig-secret-ref", "kubeconfig_secret", help="Secret with a kubeconfig: apply to that cluster.")
@lasting("--interval", default="1m", help="How often to apply again.")
@lasting("--retry-interval", default=None, help="When to try again after a failure.")
@creating
def kustomization(
    *, health_checks: tuple[str, ...], depends_on: tuple[str, ...], decryption_provider: str | None,
    retry_interval: float | None, writing: Writing, **wanted: Any,  # noqa: ANN401 - the other fields of the request
) -> None:  # fmt: skip
    """Create or update a Kustomization, and wait until it is applied.

    \b
    gitless create kustomization shop --source OCIRepository/shop --path ./deploy --prune --wait
    gitless create kustomization policies --source OCIRepository/policies --depends-on cert-manager --prune --export
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.creating.kustomizations import KustomizationRequest
    from pipeline.model.creating.kustomizations import kustomization as make
    from pipeline.model.creating.names import split_commas
    from pipeline.model.flux.api import KUSTOMIZATIONS

    request = KustomizationRequest(
        health_checks=split_commas(health_checks),
        depends_on=split_commas(depends_on),
        decryption_provider=decryption_provider or "",
        retry_interval=retry_interval or 0.0,
        **wanted,
    )
    writing.write(make(writing.named, request), KUSTOMIZATIONS)
