"""``gitless create kustomization``."""

from __future__ import annotations

import click

from pipeline.cli.creating import Writing, creating
from pipeline.cli.options import Duration, option


@click.command()
@option(
    "--source",
    required=True,
    envvar=None,
    metavar="KIND/NAME[.NAMESPACE]",
    help="Where the manifests come from, such as OCIRepository/shop.",
)
@option("--path", default="./", show_default=True, envvar=None, help="Folder of the artifact.")
@option(
    "--prune/--no-prune",
    default=False,
    show_default=True,
    envvar=None,
    help="Delete objects that are gone from the source.",
)
@option(
    "--wait/--no-wait",
    default=False,
    show_default=True,
    envvar=None,
    help="Be ready only when all objects are healthy.",
)
@option(
    "--health-check",
    multiple=True,
    envvar=None,
    metavar="KIND/NAME.NAMESPACE",
    help="Be ready only when this is healthy; repeatable.",
)
@option(
    "--health-check-timeout",
    type=Duration(),
    default="2m",
    show_default=True,
    envvar=None,
    metavar="DURATION",
    help="How long to wait for health.",
)
@option(
    "--depends-on",
    multiple=True,
    envvar=None,
    metavar="[NAMESPACE/]NAME",
    help="Kustomization that must be ready first; repeatable.",
)
@option("--service-account", default="", envvar=None, metavar="NAME", help="Apply as this service account.")
@option("--decryption-provider", type=click.Choice(["sops"]), envvar=None, help="How files are encrypted.")
@option("--decryption-secret", default="", envvar=None, metavar="NAME", help="Secret with the keys to decrypt.")
@option("--target-namespace", default="", envvar=None, metavar="NAME", help="Put all objects into this namespace.")
@option(
    "--kubeconfig-secret-ref",
    default="",
    envvar=None,
    metavar="NAME",
    help="Secret with a kubeconfig: apply to that cluster.",
)
@option(
    "--interval",
    type=Duration(),
    default="1m",
    show_default=True,
    envvar=None,
    metavar="DURATION",
    help="How often to apply again.",
)
@option("--retry-interval", type=Duration(), envvar=None, metavar="DURATION", help="When to try again after a failure.")
@creating
def kustomization(
    *, source: str, path: str, prune: bool, wait: bool, health_check: tuple[str, ...], health_check_timeout: float,
    depends_on: tuple[str, ...], service_account: str, decryption_provider: str | None, decryption_secret: str,
    target_namespace: str, kubeconfig_secret_ref: str, interval: float, retry_interval: float | None, writing: Writing,
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
        source=source,
        path=path,
        prune=prune,
        wait=wait,
        health_checks=split_commas(health_check),
        health_check_timeout=health_check_timeout,
        depends_on=split_commas(depends_on),
        service_account=service_account,
        decryption_provider=decryption_provider or "",
        decryption_secret=decryption_secret,
        target_namespace=target_namespace,
        kubeconfig_secret=kubeconfig_secret_ref,
        interval=interval,
        retry_interval=retry_interval or 0.0,
    )
    writing.write(make(writing.named, request), KUSTOMIZATIONS)
