"""``gitless export``."""

from __future__ import annotations

import os

import click

from pipeline.cli.flux_options import flux_namespaces, parse_kind, spoken
from pipeline.cli.options import option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.flux.api import OCI_REPOSITORIES
from pipeline.model.settings.connections import ClusterOptions


@click.command()
@click.argument("words", nargs=-1, metavar="(source oci | kustomization) [NAME]")
@option("--all", "everything", is_flag=True, help="All objects of the kind in the namespace, or with -A in all.")
@option("--with-credentials", is_flag=True, envvar=None,
        help="Also the Secrets with which sources log in, in plain sight.")  # fmt: skip
@flux_namespaces
@talking("yaml", "json")
def command(
    *,
    words: tuple[str, ...],
    everything: bool,
    with_credentials: bool,
    cluster_options: ClusterOptions,
    terminal: Terminal,
) -> None:
    """Print objects as manifests: without status, and without what the server keeps.

    \b
    gitless export source oci apps > source.yaml
    gitless export kustomization --all -A > kustomizations.yaml
    gitless export source oci --all --with-credentials | sops encrypt --input-type yaml /dev/stdin
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.operations.export import ExportQuery, export

    kind, names = parse_kind(words)
    if (len(names) != 1) if not everything else bool(names):
        raise UsageError(
            "either one name or --all says what is exported", hint=f"gitless export {spoken(kind)} NAME, or --all"
        )
    if names and cluster_options.namespace is None:
        raise UsageError(f"'{names[0]}' may be in several namespaces", hint="say which with -n, without -A")
    if with_credentials and kind != OCI_REPOSITORIES:
        raise UsageError("--with-credentials is for sources", hint="gitless export source oci NAME --with-credentials")
    query = ExportQuery(
        resource_type=kind,
        namespace=cluster_options.namespace,
        name=names[0] if names else "",
        with_credentials=with_credentials,
    )
    result = export(query, wiring.api_server(cluster_options, os.environ, terminal.reporter), terminal.reporter)
    if terminal.output == "json":
        terminal.print_result(result)
    else:
        terminal.keep_result(result)
        click.echo(result.content, nl=False)
