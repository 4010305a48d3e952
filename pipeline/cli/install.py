"""``gitless install``."""

from __future__ import annotations

import os

import click

from pipeline.cli.flux_options import DEFAULT_NAMESPACE, flux_namespace
from pipeline.cli.install_options import install_options
from pipeline.cli.options import Duration, option
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.installation.options import InstallOptions
from pipeline.model.outcome.install import PullerUnavailableError
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@option("--export", is_flag=True, envvar=None, help="Print the manifests as YAML; no cluster is asked.")
@option("--dry-run", is_flag=True, envvar=None, help="Let the API server check everything, and write nothing.")
@option("--force", is_flag=True, envvar=None, help="Install although Flux's controllers serve the same objects.")
@option("--wait/--no-wait", default=True, show_default=True, help="Wait until the puller is available.")
@option("--timeout", type=Duration(), default="5m", show_default=True, metavar="DURATION", help="How long to wait.")
@install_options
@flux_namespace
@talking()
def command(
    *, export: bool, dry_run: bool, force: bool, wait: bool, timeout: float,
    install_options: InstallOptions, cluster_options: ClusterOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Install the puller into a cluster, or upgrade it: definitions, access, Deployment and NetworkPolicy.

    Flux's own definitions are left alone where they are there. Installing again changes only what differs, and takes
    away what an older version had and this one has not.

    Applying needs rights. By default the puller is cluster-admin, as Flux's controllers are; with --no-cluster-admin or
    --default-service-account it only acts as the service accounts of Kustomizations.

    \b
    gitless install
    gitless install --image registry.test/gitless@sha256:0d9f… --image-pull-secret registry
    gitless install --no-cross-namespace-refs --default-service-account default    # many tenants
    gitless install --export > gitless.yaml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring

    options = install_options.in_namespace(cluster_options.namespace or DEFAULT_NAMESPACE)
    if export:
        from pipeline.model.documents.yaml_writing import write_stream
        from pipeline.model.installation.manifests import installation

        click.echo(write_stream(installation(options)), nl=False)
        return
    from pipeline.operations.install import InstallSettings, install

    server = wiring.api_server(cluster_options, os.environ, terminal.reporter)
    settings = InstallSettings(dry_run=dry_run, force=force, wait=wait, timeout=timeout)
    try:
        result = install(options, server, settings, reporter=terminal.reporter, clock=wiring.clock())
    except PullerUnavailableError as error:
        terminal.print_result(error.result)
        raise
    terminal.print_result(result)
