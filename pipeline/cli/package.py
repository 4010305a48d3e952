"""``gitless package``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Reference, check_tag, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Reporter

if TYPE_CHECKING:
    from pipeline.model.artifact.flux import Artifact


@click.command()
@argument("path", envvar="path", type=click.Path(allow_dash=True))
@argument("reference", envvar="reference", shell_complete=completing.artifacts)
@option("-t", "--tag", "tags", multiple=True, help="Tag to set besides the reference's; repeatable.")
@option("--source", help="Where the content comes from; otherwise the Git remote.")
@option("--revision", help="BRANCH@sha1:COMMIT; otherwise from the CI's variables or Git.")
@option("-a", "--annotation", "annotations", multiple=True, metavar="KEY=VALUE", help="Annotation; repeatable.")
@option("--ignore-path", "ignored", multiple=True, metavar="PATTERN", help="Leave out (gitignore syntax); repeatable.")
@option("--default-ignores/--no-default-ignores", default=True, help="Leave out .git and images, archives, videos.")
@option("--created", metavar="TIME", help="now, epoch or RFC 3339; otherwise SOURCE_DATE_EPOCH or the epoch.")
@option("--push-if-changed", is_flag=True, help="Push nothing where the first tag has the same content.")
@option("--diff-tag", metavar="TAG", help="Push nothing where this tag has the same content.")
@option("--format", "shape", envvar="GITLESS_ARTIFACT_FORMAT", show_envvar=True,
        type=click.Choice(["flux", "tekton-bundle"]), default="flux", show_default=True,
        help="flux: the files, as Flux pulls them; tekton-bundle: Tasks, StepActions and Pipelines.")  # fmt: skip
@registry_options
@talking(ci=True)
def command(
    *,
    path: str,
    reference: str,
    tags: tuple[str, ...],
    source: str | None,
    revision: str | None,
    annotations: tuple[str, ...],
    ignored: tuple[str, ...],
    default_ignores: bool,
    created: str | None,
    push_if_changed: bool,
    diff_tag: str | None,
    shape: str,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Pack PATH (a folder, a file, or - for standard input) as an OCI artifact and push it to REFERENCE.

    The same files give the same digest on every machine. Flux, oras and crane can pull it.

    \b
    gitless package deploy/ oci://ghcr.io/acme/shop:1.0 --tag latest
    gitless build deploy/ | gitless package - oci-layout:out/shop:1.0
    gitless package deploy/ oci://ghcr.io/acme/shop:main --push-if-changed -o json
    gitless package tekton/task oci://ghcr.io/acme/tasks:0.1 --format tekton-bundle
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.environment import Provenance, creation_time, without_credentials
    from pipeline.folders import read_input
    from pipeline.model.settings.overrides import parse_annotations
    from pipeline.stages.package import package

    if path == "-" and registry_options.password is not None:
        raise UsageError("standard input cannot be both the content and the password", hint="package a file or folder")
    target = parse_reference(reference)
    every_tag = _tags(target, reference, tags)
    unchanged_since = _compared_with(every_tag, reference, push_if_changed=push_if_changed, diff_tag=diff_tag)
    extra = parse_annotations(annotations)
    moment = creation_time(created, os.environ, time.time)
    output = target.repository.path if target.repository.is_layout else None
    files = read_input(path, ignored=ignored, default_ignores=default_ignores, output=output)
    build = _builder(shape, files, terminal.reporter)
    detected = Provenance()
    if source is None or revision is None:
        detected = wiring.provenance(Path() if path == "-" else Path(path), os.environ, terminal.reporter)
    artifact = build(
        source=detected.source if source is None else without_credentials(source),
        revision=detected.revision if revision is None else revision,
        created=moment,
        annotations=extra,
    )
    registry = wiring.registry(target.repository, registry_options, os.environ, terminal.reporter)
    terminal.print_result(
        package(artifact, registry, tags=every_tag, unchanged_since=unchanged_since, reporter=terminal.reporter)
    )


def _tags(target: Reference, reference: str, more: tuple[str, ...]) -> tuple[str, ...]:
    """Every tag to set, the reference's first."""
    if target.digest is not None:
        raise UsageError(f"{reference} names a digest, but what is pushed has its own", hint="give a tag, or none")
    return tuple(dict.fromkeys((*((target.tag,) if target.tag else ()), *more)))


def _compared_with(tags: tuple[str, ...], reference: str, *, push_if_changed: bool, diff_tag: str | None) -> str | None:
    """The tag whose content decides whether anything is pushed; ``None``: it is pushed in any case."""
    if push_if_changed and not tags:
        raise UsageError("--push-if-changed compares with a tag, and there is none", hint=f"say {reference}:TAG")
    if push_if_changed and diff_tag is not None:
        raise UsageError("--push-if-changed and --diff-tag both name what is compared with", hint="say one of them")
    if diff_tag is not None:
        check_tag(diff_tag)
    return tags[0] if push_if_changed else diff_tag


def _builder(shape: str, files: Sequence[tuple[str, bytes]], reporter: Reporter) -> Callable[..., Artifact]:
    """What makes the artifact of these files, once it is told where they come from."""
    if shape == "flux":
        from pipeline.model.artifact.archive import pack
        from pipeline.model.artifact.flux import build_artifact

        return partial(build_artifact, pack(files))
    from pipeline.model.artifact.tekton_bundle import build_bundle, read_bundle

    bundle = read_bundle(files)
    if bundle.left_out:
        reporter.info(f"left out, since they are neither YAML nor JSON: {', '.join(bundle.left_out)}")
    return partial(build_bundle, bundle.resources)
