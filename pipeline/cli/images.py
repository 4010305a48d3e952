"""``gitless images``."""

from __future__ import annotations

import os

import click

from pipeline.cli.comparing import CHANGES_PENDING
from pipeline.cli.images_options import ImageSources, image_sources
from pipeline.cli.images_update import update
from pipeline.cli.options import option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.model.settings.connections import RegistryOptions


@click.group()
def command() -> None:
    """Keep images up to date: their digests in a lock file, their tags by Flux's image policies.

    \b
    gitless images lock                     # which digest each tag has now, into images.lock.yaml
    gitless images check --exit-code        # does all of that still hold?
    gitless images update --pull-request    # what policies choose, into marked values
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


command.add_command(update)


@command.command()
@image_sources
@option("--prune", is_flag=True, help="Take entries out that no manifest names.")
@registry_options
@talking(ci=True)
def lock(*, asked: ImageSources, prune: bool, registry_options: RegistryOptions, terminal: Terminal) -> None:
    """Look up which digest each image of the manifests has now, and write that into the lock file.

    PATH is a folder or file, which is built; without one, the sources of the settings file are. Images that have a
    digest are left alone. Builds take the digests from the lock: gitless build, gitless run. Registries are reached
    with the logins of docker's configuration.

    \b
    gitless images lock
    gitless images lock deploy/ --lock-file deploy/images.lock.yaml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.images.lock import lock_text
    from pipeline.stages.lock_images import lock_images, require_locked
    from pipeline.whole_files import write_whole

    ports = wiring.image_ports(registry_options, os.environ, terminal.reporter)
    result = lock_images(
        asked.resources(terminal), asked.lock(), ports, file=str(asked.lock_file), prune=prune, fields=asked.fields
    )
    if result.is_changed or not asked.lock_file.exists():
        # A link stays one: what it names is what is committed.
        write_whole(asked.lock_file.resolve(), lock_text(result.lock).encode())
    terminal.print_result(result)
    require_locked(result)


@command.command()
@image_sources
@option("--exit-code", is_flag=True, help="Exit with 3 where anything does not fit.")
@registry_options
@talking("text", "json", "markdown", reports=True)
def check(*, asked: ImageSources, exit_code: bool, registry_options: RegistryOptions, terminal: Terminal) -> None:
    """Compare manifests, lock, registry and policies, and tell what does not fit. Nothing is written.

    Told are images that the lock does not have, tags that have moved since, tags and entries that are gone or not
    used, and images for which a policy chooses a newer tag. Errors exit with their own codes, never with 3.

    \b
    gitless images check --exit-code
    gitless images check deploy/ --policies clusters/production -o json | jq .counts
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.images.policy_reading import policies_in
    from pipeline.stages.check_images import check_images

    ports = wiring.image_ports(registry_options, os.environ, terminal.reporter)
    resources = asked.resources(terminal)
    policies = asked.policies((), terminal, policies_in(asked.unique(resources)))
    result = check_images(resources, asked.lock(), policies, ports, file=str(asked.lock_file), fields=asked.fields)
    terminal.print_result(result)
    if exit_code and result.problems:
        raise click.exceptions.Exit(CHANGES_PENDING)
