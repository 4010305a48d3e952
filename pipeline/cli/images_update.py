"""``gitless images update``."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.comparing import CHANGES_PENDING
from pipeline.cli.images_options import ImageSources, image_sources
from pipeline.cli.options import option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.images.lock import lock_text
from pipeline.model.images.patch import FileChange
from pipeline.model.outcome.images_lock import ImagesLockResult
from pipeline.model.outcome.images_update import ImagesUpdateResult
from pipeline.model.settings.connections import RegistryOptions

if TYPE_CHECKING:
    from pipeline.image_updating import Delivery

_Found = tuple[ImagesUpdateResult, dict[str, FileChange]]


@click.command()
@image_sources
@option("--lock-only", is_flag=True, help="Change the lock and no other file: builds get what policies choose.")
@option("--dry-run", is_flag=True, help="Change nothing, and show what would change.")
@option("--exit-code", is_flag=True, help="Exit with 3 where anything changes.")
@option("--output-patch", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="Write a patch for git apply into this file, and change no other.")  # fmt: skip
@option("--commit", is_flag=True, help="Also commit the changed files, onto the current branch.")
@option("--push", "branch", default="", metavar="BRANCH", help="Push the commit to this branch.")
@option("--pull-request", is_flag=True,
        help="Change no file here: push a branch, and open or update its pull or merge request.")  # fmt: skip
@option("--base", default="", metavar="BRANCH", help="What the pull request is for; the CI's branch, or this one.")
@option("--remote", default="origin", show_default=True, help="Git's remote to push to.")
@option("--message", default="", metavar="TEXT",
        help="Message of the commit; {changes} stands for a list of them. Its first line is the title.")  # fmt: skip
@option("--author", default="", metavar="NAME <MAIL>", help="Who commits; otherwise what git is configured with.")
@registry_options
@talking("text", "json", "markdown", "patch", ci=True)
def update(
    *, asked: ImageSources, lock_only: bool, dry_run: bool, exit_code: bool, output_patch: Path | None, commit: bool,
    branch: str, pull_request: bool, base: str, remote: str, message: str, author: str,
    registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Set every marked value to what its image policy chooses, as Flux's image automation does.

    A value is marked by a comment on its line: # {"$imagepolicy": "NAMESPACE:NAME"}, or with :tag, :name or :digest
    behind the name. Everything else in the files keeps every byte. Policies are Flux's ImagePolicy documents below
    PATH (otherwise the settings' folder), --policies, and images.policies of the settings. An images lock follows.

    \b
    gitless images update                                   # writes the files
    gitless images update deploy/ --dry-run
    gitless images update -o patch | git apply
    gitless images update --commit --push main --author 'Robot <robot@acme.dev>'
    gitless images update --pull-request
    gitless images update --lock-only                       # straight into the next artifact
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.image_updating import DEFAULT_MESSAGE, Delivery, Outlet, deliver, with_patch
    from pipeline.whole_files import write_whole

    wanted = [commit, pull_request, dry_run, output_patch is not None or terminal.output == "patch"]
    if sum(wanted) > 1:
        raise UsageError("choose one of --commit, --pull-request, --dry-run, --output-patch and -o patch")
    outlets = (Outlet.COMMIT, Outlet.PULL_REQUEST, Outlet.NOWHERE, Outlet.NOWHERE)
    delivery = Delivery(
        outlet=next((outlet for outlet, asked_for in zip(outlets, wanted, strict=True) if asked_for), Outlet.FILES),
        message=message.replace("\\n", "\n") or DEFAULT_MESSAGE, author=author, remote=remote, branch=branch, base=base,
        ci=terminal.ci,
    )  # fmt: skip
    _check(delivery)
    found, changes = (
        _locked(asked, registry_options, terminal) if lock_only else _marked(asked, registry_options, terminal)
    )
    result = with_patch(found, changes)
    if output_patch is not None:
        write_whole(output_patch, result.patch.encode())
        result = replace(result, patch_file=str(output_patch))
    result = deliver(result, changes, delivery, os.environ)
    if terminal.output == "patch":
        terminal.keep_result(result)
        click.echo(result.patch.encode(), nl=False)
    else:
        terminal.print_result(result)
    if exit_code and result.is_changed:
        raise click.exceptions.Exit(CHANGES_PENDING)


def _check(delivery: Delivery) -> None:
    from pipeline.image_updating import Outlet
    from pipeline.model.proposing import split_author

    if delivery.author:
        split_author(delivery.author)
    if delivery.branch and delivery.outlet not in {Outlet.COMMIT, Outlet.PULL_REQUEST}:
        raise UsageError("--push needs a commit to push", hint="give --commit or --pull-request as well")
    if delivery.base and delivery.outlet is not Outlet.PULL_REQUEST:
        raise UsageError("--base is for --pull-request")


def _marked(asked: ImageSources, options: RegistryOptions, terminal: Terminal) -> _Found:
    """Marked values, and the lock that follows them."""
    from pipeline import wiring
    from pipeline.image_files import marked_files
    from pipeline.stages.update_images import update_files

    if asked.target is not None:
        raise UsageError(
            "--target says what to build, and markers are in files", hint="name the folder, or --lock-only"
        )
    paths = asked.paths or (Path(asked.settings.file).parent if asked.settings is not None else Path(),)
    files = marked_files(paths)
    ports = wiring.image_ports(options, os.environ, terminal.reporter)
    before = asked.lock()
    policies = asked.policies(paths, terminal)
    made = update_files(files, policies, before, ports)
    changes = {file: FileChange(files[file].decode(), text) for file, text in made.update.texts.items()}
    lock = None
    if asked.lock_file.is_file():
        lock = ImagesLockResult(file=str(asked.lock_file), before=before, lock=made.lock)
        changes |= _lock_change(lock)
    found = ImagesUpdateResult(
        changes=made.update.changes, files=tuple(sorted(changes)), lock=lock, notes=made.update.notes
    )
    return found, changes


def _locked(asked: ImageSources, options: RegistryOptions, terminal: Terminal) -> _Found:
    """The lock alone: what policies choose, under the names that the manifests go on having."""
    from pipeline import wiring
    from pipeline.model.images.policy_reading import policies_in
    from pipeline.stages.lock_images import update_lock

    resources = asked.resources(terminal)
    ports = wiring.image_ports(options, os.environ, terminal.reporter)
    before = asked.lock()
    policies = asked.policies((), terminal, policies_in(asked.unique(resources)))
    lock = ImagesLockResult(
        file=str(asked.lock_file), before=before, lock=update_lock(resources, before, policies, ports, asked.fields)
    )
    changes = _lock_change(lock)
    return ImagesUpdateResult(files=tuple(changes), lock=lock), changes


def _lock_change(lock: ImagesLockResult) -> dict[str, FileChange]:
    if not lock.is_changed:
        return {}
    file = Path(lock.file)
    return {lock.file: FileChange(file.read_text("utf-8") if file.is_file() else None, lock_text(lock.lock))}
