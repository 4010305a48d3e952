"""``gitless pull``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.cli.trust_options import trust_options_if_any, warn_unverified
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.artifact.unpacking import Limits
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification

_DEFAULT = Limits()


@click.command()
@argument("reference", envvar="reference", shell_complete=completing.artifacts)
@argument("folder", envvar="folder", type=click.Path(path_type=Path))
@option("--layer-media-type", metavar="TYPE", help="Unpack the first layer of this type instead of the first layer.")
@option(
    "--max-size",
    type=click.IntRange(min=1),
    default=_DEFAULT.max_bytes,
    show_default=True,
    metavar="BYTES",
    help="Refuse what unpacks to more.",
)
@option(
    "--max-entries",
    type=click.IntRange(min=1),
    default=_DEFAULT.max_entries,
    show_default=True,
    metavar="NUMBER",
    help="Refuse archives with more files and folders.",
)
@option(
    "--max-ratio",
    type=click.IntRange(min=1),
    default=_DEFAULT.max_ratio,
    show_default=True,
    metavar="NUMBER",
    help="Refuse what is compressed better than this, beyond 8 MiB.",
)
@trust_options_if_any
@registry_options
@talking(ci=True)
def command(
    *,
    reference: str,
    folder: Path,
    trust: TrustPolicy | UnsafeSkipVerification | None,
    layer_media_type: str | None,
    max_size: int,
    max_entries: int,
    max_ratio: int,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Unpack an artifact into FOLDER, which must be new or empty. Without a tag or digest, latest is pulled.

    \b
    gitless pull oci://ghcr.io/acme/shop:1.0 out/ --key cosign.pub
    gitless pull oci-layout:bundle:1.0 out/ --trust-policy trust.yaml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.folders import check_target, write_folder
    from pipeline.stages.pull import pull

    check_target(folder)
    parsed = parse_reference(reference)
    warn_unverified(trust, terminal)
    result = pull(
        parsed,
        wiring.registry(parsed.repository, registry_options, os.environ, terminal.reporter),
        lambda entries: write_folder(entries, folder),
        trust=wiring.trust_ports(os.environ, terminal.reporter),
        policy=trust,
        layer_media_type=layer_media_type,
        limits=Limits(max_bytes=max_size, max_entries=max_entries, max_ratio=max_ratio),
        reporter=terminal.reporter,
    )
    terminal.print_result(result)
