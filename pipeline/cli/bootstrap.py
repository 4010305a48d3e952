"""``gitless bootstrap``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipeline.cli.flux_options import DEFAULT_NAMESPACE, flux_namespace
from pipeline.cli.install_options import install_options
from pipeline.cli.options import Duration, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import ArtifactNotFoundError, RegistryError, UsageError
from pipeline.model.artifact.reference import Reference
from pipeline.model.installation.options import InstallOptions
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.trust import TrustOptions


@click.command()
@click.argument("artifact", metavar="oci://REPO:TAG")
@option(
    "--path", default="./", show_default=True, envvar=None, help="Folder of the artifact with this cluster's manifests."
)
@option("--tag-semver", default="", metavar="RANGE", help="Follow the highest version in this range instead of a tag.")
@option("--name", envvar=None, help="Name of source and Kustomization; the namespace's when absent.")
@option(
    "--interval",
    type=Duration(),
    default="1m",
    show_default=True,
    metavar="DURATION",
    help="How often to look for a new artifact.",
)
@option("--prune/--no-prune", default=True, show_default=True, help="Delete what is gone from the manifests.")
@option("--service-account", default="", metavar="NAME", help="Apply as this service account.")
@option(
    "--key",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Public key (cosign.pub) that must have signed; repeatable, any one is enough.",
)
@option("--secret-ref", default="", metavar="NAME", help="Secret to log in to the registry with; --username makes one.")
@option("--export", is_flag=True, envvar=None, help="Print everything as YAML; no cluster is asked.")
@option("--dry-run", is_flag=True, envvar=None, help="Let the API server check the installation, and write nothing.")
@option("--force", is_flag=True, envvar=None, help="Install although Flux's controllers serve the same objects.")
@option("--wait/--no-wait", default=True, show_default=True, help="Wait until all is applied and healthy.")
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION", help="How long to wait.")
@install_options
@registry_options
@flux_namespace
@talking()
def command(
    *, artifact: str, path: str, tag_semver: str, name: str | None, interval: float, prune: bool, service_account: str,
    key: tuple[str, ...], secret_ref: str, export: bool, dry_run: bool, force: bool, wait: bool, timeout: float,
    install_options: InstallOptions, registry_options: RegistryOptions, cluster_options: ClusterOptions,
    terminal: Terminal,
) -> None:  # fmt: skip
    """Install the puller, and make the cluster reconcile its own configuration from an artifact.

    From then on, publishing is deploying: what the tag points at is what runs. Doing it again changes nothing.

    \b
    gitless bootstrap oci://ghcr.io/acme/fleet:production --path clusters/one --key cosign.pub
    gitless bootstrap oci://ghcr.io/acme/fleet --tag-semver '>=1.0' --username ci --password-stdin < token
    gitless bootstrap oci://ghcr.io/acme/fleet:production --key cosign.pub --export > bootstrap.yaml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.artifact.reference import parse_reference
    from pipeline.model.creating.bootstrapping import BootstrapRequest, bootstrap_objects
    from pipeline.model.creating.names import Named

    namespace = cluster_options.namespace or DEFAULT_NAMESPACE
    options = install_options.in_namespace(namespace)
    reference = parse_reference(artifact)
    if export and (registry_options.password or registry_options.key_file):
        raise UsageError(
            "--export would print the password or the private key",
            hint="make the Secret by `gitless create secret oci`, and name it with --secret-ref",
        )
    wiring.trust_policy(TrustOptions(keys=key), os.environ)  # refuses what is no public key
    request = BootstrapRequest(
        named=Named(name or namespace, namespace),
        artifact=reference,
        semver=tag_semver,
        path=path,
        keys={file: _content(file) for file in key},
        secret=secret_ref,
        username=registry_options.username or "",
        password=registry_options.password or "",
        authority=_content(registry_options.ca_file),
        certificate=_content(registry_options.cert_file),
        certificate_key=_content(registry_options.key_file),
        insecure=registry_options.plain_http,
        interval=interval,
        prune=prune,
        timeout=timeout,
        service_account=service_account,
    )
    objects = bootstrap_objects(request)
    if export:
        from pipeline.model.documents.yaml_writing import write_stream
        from pipeline.model.installation.manifests import installation
        from pipeline.model.manifests import Resource

        click.echo(write_stream([*installation(options), *map(Resource.from_body, objects)]), nl=False)
        return
    from pipeline.operations.bootstrap import bootstrap
    from pipeline.operations.install import InstallSettings

    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    result = bootstrap(
        options,
        objects,
        server,
        InstallSettings(dry_run=dry_run, force=force, wait=wait, timeout=timeout),
        artifact=artifact,
        digest=_digest(reference, registry_options, terminal),
        reporter=terminal.reporter,
        clock=wiring.clock(),
    )
    terminal.print_result(result)


def _content(file: str | None) -> bytes:
    if file is None:
        return b""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None


def _digest(reference: Reference, options: RegistryOptions, terminal: Terminal) -> str:
    """What must run in the end; empty where only the cluster can reach the registry, or chooses among versions."""
    from pipeline import wiring

    if reference.digest or not reference.tag:
        return reference.digest or ""
    registry = wiring.registry(reference.repository, options, os.environ, terminal.reporter)
    try:
        return registry.resolve(reference.tag).digest
    except ArtifactNotFoundError:
        raise
    except RegistryError as error:
        terminal.reporter.warn(f"{error.message}: waiting for whatever the cluster finds behind {reference}")
        return ""
