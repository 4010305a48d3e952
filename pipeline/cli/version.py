"""``gitless version``."""

from __future__ import annotations

import os
import platform

import click

from pipeline import __version__
from pipeline.cli.comparing import CHANGES_PENDING
from pipeline.cli.options import option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.settings.connections import RegistryOptions

RELEASES = "oci://ghcr.io/gitless/gitless"
"""Where releases are published to: the image, tagged with its version."""


@click.command()
@option("--check", is_flag=True, envvar=None, help="Ask the registry whether there is a newer release.")
@option("--repository", default=RELEASES, show_default=True, metavar="OCI-URL", envvar=None,
        help="Where releases are published to.")  # fmt: skip
@option("--exit-code", is_flag=True, envvar=None, help="Exit with 3 where there is a newer release.")
@registry_options
@talking()
def command(
    *, check: bool, repository: str, exit_code: bool, registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:  # fmt: skip
    """Show this version, what it runs on, and which of the programs that it calls are found.

    \b
    gitless version
    gitless version --check --exit-code
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.artifact.reference import parse_reference
    from pipeline.model.outcome.version import VersionResult
    from pipeline.stages.newest_release import is_newer, newest_release

    newest = ""
    if check or exit_code:
        place = parse_reference(repository).repository
        newest = newest_release(wiring.registry(place, registry_options, os.environ, terminal.reporter))
    result = VersionResult(
        version=__version__, python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}".casefold(),
        programs=wiring.programs_found(os.environ), newest=newest,
        is_outdated=bool(newest) and is_newer(newest, __version__),
    )  # fmt: skip
    terminal.print_result(result)
    if exit_code and result.is_outdated:
        raise click.exceptions.Exit(CHANGES_PENDING)
