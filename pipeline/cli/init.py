"""``gitless init``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from pipeline.cli.options import option
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.kustomizing.file_names import KUSTOMIZATION_FILES
from pipeline.model.settings.proposal import FoundSource, application_name, propose

_MAX_DEPTH = 4


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@option("--name", help="Name of the application; the folder's name when absent.", envvar=None)
@option("--force", is_flag=True, help="Overwrite an existing gitless.yaml.", envvar=None)
@talking("text")
def command(*, folder: Path, name: str | None, force: bool, terminal: Terminal) -> None:
    """Write a commented gitless.yaml from what is found in FOLDER.

    \b
    gitless init
    gitless init deploy/ --name shop
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.config import FILE_NAME
    from pipeline.whole_files import write_whole

    file = folder / FILE_NAME
    if name is not None and application_name(name) != name:
        raise UsageError(f"'{name}' cannot name an application", hint=f"such as --name {application_name(name)}")
    if file.exists() and not force:
        raise ConfigurationError(f"{file} exists already", hint="--force overwrites it")
    try:
        found = sorted(_sources(folder, folder, _MAX_DEPTH), key=lambda source: source.path)
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}") from None
    if not found:
        raise ConfigurationError(
            f"{folder}: no manifests, kustomizations or charts found",
            hint="run it in the folder that holds your Kubernetes manifests",
        )
    write_whole(file, propose(name or application_name(folder.resolve().name), found).encode())
    for source in found:
        terminal.reporter.info(f"found {source.path} ({source.renderer})")
    click.echo(f"Wrote {file}. Next: `gitless keys generate`, then `gitless run`.")


def _sources(root: Path, folder: Path, depth: int) -> Iterator[FoundSource]:
    names = {entry.name for entry in folder.iterdir() if entry.is_file()}
    path = folder.relative_to(root).as_posix()
    if "Chart.yaml" in names:
        yield FoundSource(path, "helm")
        return
    if not names.isdisjoint(KUSTOMIZATION_FILES):
        yield FoundSource(path, "kustomize")
    elif any(name.endswith((".yaml", ".yml")) and _is_manifest(folder / name) for name in names):
        yield FoundSource(path, "plain")
        return
    if depth:
        for child in sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()):
            if not child.name.startswith("."):
                yield from _sources(root, child, depth - 1)


def _is_manifest(file: Path) -> bool:
    with file.open(encoding="utf-8", errors="replace") as stream:
        head = stream.read(65536)
    return head.startswith(("apiVersion:", "kind:")) or "\napiVersion:" in head
