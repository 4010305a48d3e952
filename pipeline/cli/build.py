"""``gitless build``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from pipeline.cli.images_lock_options import Changing, images_lock_options
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.sources import HelmOptions, Source

_FILE = "manifests.yaml"


@click.command()
@argument("sources", envvar="path", metavar="PATH...", type=click.Path(path_type=Path), nargs=-1, required=True)
@option("--to", "target", type=click.Path(file_okay=False, path_type=Path), help="Write DIR/manifests.yaml instead.")
@option("--renderer", type=click.Choice(["plain", "kustomize", "helm"]), help="Do not detect how to render.")
@option("--release", default="", help="Helm release name; the chart's name when absent.")
@option("--helm-namespace", default="", help="What Helm's templates see as .Release.Namespace.")
@option("-f", "--values", type=click.Path(exists=True, dir_okay=False), multiple=True, help="Helm values file.")
@option("--set", "set_values", metavar="KEY=VALUE", multiple=True, help="Helm value, not for secrets.")
@option("--include-crds/--no-include-crds", default=True, show_default=True, help="Render a chart's crds/ folder too.")
@option("--kube-version", default="", help="Kubernetes version that charts are rendered for.")
@option("--api-versions", multiple=True, help="API that charts may count on, such as monitoring.coreos.com/v1.")
@images_lock_options
@option("--policies", multiple=True, type=click.Path(exists=True, path_type=Path), metavar="PATH",
        help="Also Flux's ImagePolicies in this file or folder, for --update-images; repeatable.")  # fmt: skip
@registry_options
@talking("yaml", "text", "json", ci=True)
def command(
    *,
    sources: tuple[Path, ...],
    target: Path | None,
    renderer: str | None,
    release: str,
    helm_namespace: str,
    values: tuple[str, ...],
    set_values: tuple[str, ...],
    include_crds: bool,
    kube_version: str,
    api_versions: tuple[str, ...],
    pinning: Changing,
    policies: tuple[Path, ...],
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Render every PATH (plain manifests, a kustomization or a Helm chart; - is standard input) and merge them.

    The YAML stream goes to stdout, or with --to into a file, and then the summary goes to stdout. The same input gives
    the same bytes on every machine. -o json prints a BuildResult: digest, counts, and each object with its origin.
    Where there is an images.lock.yaml in the current folder, images get their digests from it.

    \b
    gitless build deploy/
    gitless build environments/staging --to rendered/staging
    gitless build deploy/ charts/cache -f values.yaml --set replicas=2 -o json
    helm template ./chart | gitless build -
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    import os

    from pipeline import wiring
    from pipeline.image_pinning import PinningOptions, pin_build
    from pipeline.stages.build import build

    helm = HelmOptions(
        release, helm_namespace, values, set_values, include_crds, kube_version=kube_version, api_versions=api_versions
    )
    if target is not None:
        _check_target(target, sources)
    result = build(
        [Source(path, renderer or "", helm) for path in sources], wiring.renderers(os.environ, terminal.reporter)
    )
    options = replace(pinning(PinningOptions()), policy_paths=policies)
    result = pin_build(result, options, registry_options, os.environ, terminal.reporter)
    if target is not None:
        from pipeline.whole_files import write_whole

        result = replace(result, file=str(target / _FILE))
        write_whole(target / _FILE, result.content)
        terminal = replace(terminal, output="text") if terminal.output == "yaml" else terminal
    if terminal.output == "yaml":
        terminal.keep_result(result)
        click.echo(result.content, nl=False)
    else:
        terminal.print_result(result)


def _check_target(target: Path, sources: tuple[Path, ...]) -> None:
    for source in sources:
        if source.is_dir() and target.resolve().is_relative_to(source.resolve()):
            raise UsageError(
                f"--to {target} is inside the source {source}, whose next build would take it for a source",
                hint="choose a folder outside of the sources",
            )
        if source.resolve() == (target / _FILE).resolve():
            raise UsageError(f"--to {target} would overwrite the source {source}", hint="choose another folder")
