"""``gitless create source oci``."""

from __future__ import annotations

import click

from pipeline.cli.creating import Writing, creating
from pipeline.cli.options import Duration, option


@click.group()
def source() -> None:
    """Create or update a source.

    \b
    gitless create source oci shop --url oci://ghcr.io/acme/shop --tag production
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


@source.command()
@option("--url", required=True, envvar=None, metavar="oci://REPO", help="The repository, without tag or digest.")
@option("--tag", default="", envvar=None, help="Tag to follow.")
@option("--tag-semver", default="", envvar=None, metavar="RANGE", help="Follow the highest version in this range.")
@option("--digest", default="", envvar=None, help="Digest to stay at.")
@option(
    "--provider",
    type=click.Choice(["generic", "aws", "azure", "gcp"]),
    default="generic",
    show_default=True,
    envvar=None,
    help="How to log in: by Secrets, or as a workload of a cloud.",
)
@option("--secret-ref", default="", envvar=None, metavar="NAME", help="Secret to log in with (create secret oci).")
@option(
    "--service-account",
    default="",
    envvar=None,
    metavar="NAME",
    help="Service account whose image pull secrets log in.",
)
@option("--cert-ref", default="", envvar=None, metavar="NAME", help="Secret with certificates (create secret tls).")
@option(
    "--proxy-secret-ref", default="", envvar=None, metavar="NAME", help="Secret with the proxy (create secret proxy)."
)
@option("--verify-provider", type=click.Choice(["cosign", "notation"]), envvar=None, help="How it must be signed.")
@option(
    "--verify-secret-ref",
    default="",
    envvar=None,
    metavar="NAME",
    help="Secret with the public keys (create secret cosign).",
)
@option("--verify-subject", default="", envvar=None, metavar="REGEX", help="Subject of keyless signatures.")
@option("--verify-issuer", default="", envvar=None, metavar="REGEX", help="OIDC issuer of keyless signatures.")
@option(
    "--ignore-paths",
    multiple=True,
    envvar=None,
    metavar="PATTERN",
    help="Files to leave out, in .gitignore's syntax; repeatable, or divided by commas.",
)
@option("--insecure", is_flag=True, envvar=None, help="Talk HTTP to the registry.")
@option(
    "--layer-selector",
    default="",
    envvar=None,
    metavar="TYPE:OPERATION",
    help="Media type of the layer, and extract or copy.",
)
@option(
    "--interval",
    type=Duration(),
    default="1m",
    show_default=True,
    envvar=None,
    metavar="DURATION",
    help="How often to look for a new artifact.",
)
@option(
    "--fetch-timeout",
    type=Duration(),
    default="1m",
    show_default=True,
    envvar=None,
    metavar="DURATION",
    help="How long one look may take.",
)
@creating
def oci(
    *, url: str, tag: str, tag_semver: str, digest: str, provider: str, secret_ref: str, service_account: str,
    cert_ref: str, proxy_secret_ref: str, verify_provider: str | None, verify_secret_ref: str, verify_subject: str,
    verify_issuer: str, ignore_paths: tuple[str, ...], insecure: bool, layer_selector: str, interval: float,
    fetch_timeout: float, writing: Writing,
) -> None:  # fmt: skip
    """Create or update an OCIRepository, and wait until it has fetched the artifact.

    \b
    gitless create source oci shop --url oci://ghcr.io/acme/shop --tag production --interval 5m
    gitless create source oci shop --url oci://ghcr.io/acme/shop --tag-semver '>=1.0' \\
        --verify-provider cosign --verify-secret-ref shop-keys
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.creating.names import split_commas
    from pipeline.model.creating.sources import SourceRequest, oci_repository
    from pipeline.model.flux.api import OCI_REPOSITORIES

    request = SourceRequest(
        url=url,
        tag=tag,
        semver=tag_semver,
        digest=digest,
        provider=provider,
        secret=secret_ref,
        proxy_secret=proxy_secret_ref,
        service_account=service_account,
        cert_secret=cert_ref,
        verify_provider=verify_provider or "",
        verify_secret=verify_secret_ref,
        verify_subject=verify_subject,
        verify_issuer=verify_issuer,
        ignore_paths=split_commas(ignore_paths),
        insecure=insecure,
        layer_selector=layer_selector,
        interval=interval,
        fetch_timeout=fetch_timeout,
    )
    writing.write(oci_repository(writing.named, request), OCI_REPOSITORIES)
