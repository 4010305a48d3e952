"""What the commands about images have in common: whose manifests, which lock, which policies."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.cli import completing
from pipeline.cli.options import Decorated, argument, option, with_options
from pipeline.cli.terminal import Terminal
from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.images.fields import ImageField
from pipeline.model.images.lock import LOCK_FILE, ImagesLock
from pipeline.model.images.policy import ImagePolicy
from pipeline.model.images.policy_reading import merged_policies
from pipeline.model.manifests import Resource
from pipeline.model.settings.sources import Source
from pipeline.model.settings.values import Settings

SETTINGS = Path("gitless.yaml")
_OPTIONS = (
    argument("paths", envvar="path", metavar="[PATH]...", type=click.Path(exists=True, path_type=Path), nargs=-1),
    option("-f", "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
           help="Settings file; gitless.yaml where there is one."),
    option("--target", shell_complete=completing.targets,
           help="Whose sources of the settings file, where no PATH is named; otherwise those of all targets."),
    option("--lock-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
           help=f"The lock; otherwise what the settings say, or {LOCK_FILE} beside them."),
    option("--policies", multiple=True, type=click.Path(exists=True, path_type=Path), metavar="PATH",
           help="Also Flux's ImagePolicies in this file or folder; repeatable."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageSources:
    """Manifests and policies, as a command line and its settings name them."""

    paths: tuple[Path, ...]
    settings: Settings | None
    target: str | None
    lock_file: Path
    policy_paths: tuple[Path, ...]

    def groups(self) -> tuple[tuple[Source, ...], ...]:
        """Sources that are built together: the given paths, the target's, or those of every target.

        Raises:
            UsageError: nothing says what to build.
        """
        if self.paths:
            return (tuple(Source(path) for path in self.paths),)
        if self.settings is None:
            raise UsageError("name a folder or file with manifests", hint="or write a gitless.yaml: gitless init")
        from pipeline.model.settings.overrides import choose_target

        settings = self.settings
        if self.target is not None or not settings.targets:
            found = [settings.for_target(choose_target(settings, self.target)).sources]
        else:
            found = [settings.for_target(target).sources for target in settings.targets.values()]
        groups = tuple(dict.fromkeys(sources for sources in found if sources))
        if not groups:
            raise ConfigurationError(f"{settings.file}: there are no sources to build")
        return groups

    def resources(self, terminal: Terminal) -> tuple[Resource, ...]:
        """Every object of every group; the same one may be there for several targets."""
        from pipeline import wiring
        from pipeline.stages.build import build

        renderers = wiring.renderers(os.environ, terminal.reporter)
        return tuple(resource for sources in self.groups() for resource in build(sources, renderers).manifests)

    @staticmethod
    def unique(resources: Sequence[Resource]) -> list[Resource]:
        """Each once: several targets may have the very same object."""
        return list({(resource.id, str(resource.origin)): resource for resource in resources}.values())

    def policies(
        self, paths: Sequence[Path], terminal: Terminal, known: Sequence[ImagePolicy] = ()
    ) -> tuple[ImagePolicy, ...]:
        """Those that are known already, those of the settings, and those in these and in the named files."""
        from pipeline import wiring

        own = self.settings.images.policies if self.settings is not None else ()
        return merged_policies(known, own, wiring.image_policies((*paths, *self.policy_paths), terminal.reporter))

    @property
    def fields(self) -> tuple[ImageField, ...]:
        """Where the settings say that custom resources name images."""
        return self.settings.images.fields if self.settings is not None else ()

    def lock(self) -> ImagesLock:
        """What the lock file says now."""
        from pipeline.config import load_images_lock

        return load_images_lock(self.lock_file)


def image_sources(command: Decorated) -> Callable[..., Any]:
    """Add PATH…, ``-f``, ``--target``, ``--lock-file`` and ``--policies``; the command receives ``asked``."""

    def wrapped(
        *,
        paths: tuple[Path, ...],
        file: Path | None,
        target: str | None,
        lock_file: Path | None,
        policies: tuple[Path, ...],
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        asked = _asked(paths, file, target, lock_file, policies)
        return command(asked=asked, **arguments)

    return with_options(_OPTIONS, wrapped, command)


def _asked(
    paths: tuple[Path, ...], file: Path | None, target: str | None, lock_file: Path | None, policies: tuple[Path, ...]
) -> ImageSources:
    if paths and target is not None:
        raise UsageError("--target chooses sources of the settings file, and PATH names others: give one of the two")
    settings = None
    if file is not None or SETTINGS.is_file():
        from pipeline.config import load_settings

        settings = load_settings(file or SETTINGS)
    elif target is not None:
        raise UsageError("--target names a target of a settings file, and there is none", hint="give --file")
    chosen = lock_file or Path(settings.images.lock if settings is not None else LOCK_FILE)
    return ImageSources(paths, settings, target, chosen, policies)
