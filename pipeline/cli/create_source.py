"""``gitless create source oci``."""

from __future__ import annotations

from typing import Any

import click

from pipeline.cli.creating import Writing, creating, lasting, naming
from pipeline.cli.options import option


@click.group()
def source() -> None:
    """Create or update a source.

    \b
    gitless create source oci shop --url oci://ghcr.io/acme/shop --tag production
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


@source.command()
@option("--url", required=True, envvar=None, metavar="oci://REPO", help="The repository, without tag or digest.")
@option("--tag", default="", envvar=None, help="Tag to follow.")
@option("--tag-semver", "semver", default="", envvar=None, metavar="RANGE",
        help="Follow the highest version in this range.")  # fmt: skip
@option("--digest", default="", envvar=None, help="Digest to stay at.")
@option("--provider", type=click.Choice(["generic", "aws", "azure", "gcp"]), default="generic", show_default=True,
        envvar=None, help="How to log in: by Secrets, or as a workload of a cloud.")  # fmt: skip
@naming("--secret-ref", "secret", help="Secret to log in with (create secret oci).")
@naming("--service-account", help="Service account whose image pull secrets log in.")
@naming("--cert-ref", "cert_secret", help="Secret with certificates (create secret tls).")
@naming("--proxy-secret-ref", "proxy_secret", help="Secret with the proxy (create secret proxy).")
@option("--verify-provider", type=click.Choice(["cosign", "notation"]), envvar=None, help="How it must be signed.")
@naming("--verify-secret-ref", "verify_secret", help="Secret with the public keys (create secret cosign).")
@option("--verify-subject", default="", envvar=None, metavar="REGEX", help="Subject of keyless signatures.")
@option("--verify-issuer", default="", envvar=None, metavar="REGEX", help="OIDC issuer of keyless signatures.")
@option("--ignore-paths", multiple=True, envvar=None, metavar="PATTERN",
        help="Files to leave out, in .gitignore's syntax; repeatable, or divided by commas.")  # fmt: skip
@option("--insecure", is_flag=True, envvar=None, help="Talk HTTP to the registry.")
@option("--layer-selector", default="", envvar=None, metavar="TYPE:OPERATION",
        help="Media type of the layer, and extract or copy.")  # fmt: skip
@lasting("--interval", default="1m", help="How often to look for a new artifact.")
@lasting("--fetch-timeout", default="1m", help="How long one look may take.")
@creating
def oci(
    *, verify_provider: str | None, ignore_paths: tuple[str, ...], writing: Writing,
    **wanted: Any,  # noqa: ANN401 - the other fields of SourceRequest
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

    request = SourceRequest(verify_provider=verify_provider or "", ignore_paths=split_commas(ignore_paths), **wanted)
    writing.write(oci_repository(writing.named, request), OCI_REPOSITORIES)
