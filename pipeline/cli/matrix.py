"""``gitless matrix``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import argument, option
from pipeline.cli.terminal import Terminal, talking
from pipeline.ports import Checkout

if TYPE_CHECKING:
    from pipeline.operations.matrix import SettingsBody

_NOTHING = "0" * 40
"""What GitHub and GitLab call the commit before the first one of a branch."""


@click.command()
@argument("folder", envvar="path", metavar="[FOLDER]", default=".",
          type=click.Path(exists=True, file_okay=False, path_type=Path))  # fmt: skip
@option("--changed-since", metavar="REVISION",
        help="Only targets that differ from the commit that this revision and HEAD parted from.")  # fmt: skip
@option("--settings-name", default="gitless.yaml", show_default=True, metavar="NAME",
        help="How settings files are called.")  # fmt: skip
@talking(ci=True)
def command(*, folder: Path, changed_since: str | None, settings_name: str, terminal: Terminal) -> None:
    """List the targets of every gitless.yaml below FOLDER, or only those that a change touches: jobs for a CI.

    A target is touched by its own settings, and by every file that it is built from: bases, components, patches and
    generators of kustomizations, values files, charts and the local charts these depend on, policies, the images lock.

    In GitHub Actions the output `matrix` is a JSON array of {name, file, target}, and `any` says whether there is one.

    \b
    gitless matrix --changed-since origin/main
    gitless matrix apps/ --changed-since "$CI_MERGE_REQUEST_DIFF_BASE_SHA" -o json | jq -c .include
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.operations.matrix import matrix

    since = None if not changed_since or changed_since == _NOTHING else changed_since
    checkout = wiring.checkout(folder, os.environ)
    settings = [_read(checkout, file) for file in checkout.named(settings_name)]
    if not settings:
        terminal.reporter.warn(f"there is no {settings_name} below {folder}")
    terminal.print_result(matrix(settings, checkout, since, terminal.reporter))


def _read(checkout: Checkout, file: str) -> SettingsBody:
    from pipeline.config import check_settings, read_mapping
    from pipeline.operations.matrix import SettingsBody

    path = Path(os.path.relpath(Path(checkout.root, file)))
    body, content = read_mapping(path, "expected one YAML document with keys such as name, sources and artifact")
    check_settings(body, content, str(path))
    return SettingsBody(file, body)
