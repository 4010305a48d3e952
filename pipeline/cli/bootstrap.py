"""``gitless bootstrap``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from pipeline.cli.creating import file_content
from pipeline.cli.flux_options import DEFAULT_NAMESPACE, flux_namespace
from pipeline.cli.install_options import install_options
from pipeline.cli.options import Duration, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import ArtifactNotFoundError, RegistryError, UsageError
from pipeline.model.artifact.reference import Reference, parse_reference
from pipeline.model.installation.options import InstallOptions
from pipeline.model.manifests import Body
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.trust import TrustOptions


@click.command()
@click.argument("artifact", metavar="oci://REPO:TAG")
@option("--path", default="./", show_default=True, envvar=None,
        help="Folder of the artifact with this cluster's manifests.")  # fmt: skip
@option("--tag-semver", "semver", default="", metavar="RANGE",
        help="Follow the highest version in this range instead of a tag.")  # fmt: skip
@option("--name", envvar=None, help="Name of source and Kustomization; the namespace's when absent.")
@option("--interval", type=Duration(), default="1m", show_default=True, metavar="DURATION",
        help="How often to look for a new artifact.")  # fmt: skip
@option("--prune/--no-prune", default=True, show_default=True, help="Delete what is gone from the manifests.")
@option("--service-account", default="", metavar="NAME", help="Apply as this service account.")
@option("--key", multiple=True, type=click.Path(exists=True, dir_okay=False), metavar="FILE",
        help="Public key (cosign.pub) that must have signed; repeatable, any one is enough.")  # fmt: skip
@option("--secret-ref", "secret", default="", metavar="NAME",
        help="Secret to log in to the registry with; --username makes one.")  # fmt: skip
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
    *, artifact: str, name: str | None, key: tuple[str, ...], export: bool, dry_run: bool, force: bool, wait: bool,
    timeout: float, install_options: InstallOptions, registry_options: RegistryOptions, cluster_options: ClusterOptions,
    terminal: Terminal, **wanted: Any,  # noqa: ANN401 - fields of BootstrapRequest
) -> None:  # fmt: skip
    """Install the puller, and make the cluster reconcile its own configuration from an artifact.

    From then on, publishing is deploying: what the tag points at is what runs. Doing it again changes nothing.

    \b
    gitless bootstrap oci://ghcr.io/acme/fleet:production --path clusters/one --key cosign.pub
    gitless bootstrap oci://ghcr.io/acme/fleet --tag-semver '>=1.0' --username ci --password-stdin < token
    gitless bootstrap oci://ghcr.io/acme/fleet:production --key cosign.pub --export > bootstrap.yaml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.creating.bootstrapping import BootstrapRequest, bootstrap_objects
    from pipeline.model.creating.names import Named
    from pipeline.operations.bootstrap import bootstrap
    from pipeline.operations.install import InstallSettings

    namespace = cluster_options.namespace or DEFAULT_NAMESPACE
    options = install_options.in_namespace(namespace)
    reference = parse_reference(artifact)
    if export and (registry_options.password or registry_options.key_file):
        raise UsageError(
            "--export would print the password or the private key",
            hint="make the Secret by `gitless create secret oci`, and name it with --secret-ref",
        )
    wiring.trust_policy(TrustOptions(keys=key), os.environ)  # refuses what is no public key
    keys = {file: file_content(file) for file in key}
    named = Named(name or namespace, namespace)
    request = BootstrapRequest(
        named=named, artifact=reference, keys=keys, timeout=timeout, **_access(registry_options), **wanted
    )
    objects = bootstrap_objects(request)
    if export:
        _export(options, objects)
        return
    result = bootstrap(
        options,
        objects,
        wiring.api_server(cluster_options, os.environ, terminal.reporter),
        InstallSettings(dry_run=dry_run, force=force, wait=wait, timeout=timeout),
        artifact=artifact,
        digest=_digest(reference, registry_options, terminal),
        reporter=terminal.reporter,
        clock=wiring.clock(),
    )
    terminal.print_result(result)


def _access(options: RegistryOptions) -> dict[str, Any]:
    """How the cluster reaches the registry: as this command does."""
    return {
        "username": options.username or "",
        "password": options.password or "",
        "authority": file_content(options.ca_file),
        "certificate": file_content(options.cert_file),
        "certificate_key": file_content(options.key_file),
        "insecure": options.plain_http,
    }


def _export(options: InstallOptions, objects: Sequence[Body]) -> None:
    from pipeline.model.documents.yaml_writing import write_stream
    from pipeline.model.installation.manifests import installation
    from pipeline.model.manifests import Resource

    click.echo(write_stream([*installation(options), *map(Resource.from_body, objects)]), nl=False)


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
