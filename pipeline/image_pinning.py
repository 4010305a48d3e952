"""An images lock becomes part of a build: read where there is one, brought up to date where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline import wiring
from pipeline.config import load_images_lock
from pipeline.errors import ConfigurationError
from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.images.fields import ImageField
from pipeline.model.images.lock import LOCK_FILE
from pipeline.model.images.policy import ImagePolicy
from pipeline.model.images.policy_reading import merged_policies, policies_in
from pipeline.model.outcome.build import BuildResult
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.images import ImagesSettings
from pipeline.ports import Environment, Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class PinningOptions:
    """How a build's images are pinned.

    Attributes:
        lock: the lock file; where it is not named and not there, nothing is pinned.
        is_named: whether somebody named it.
        require: whether every image must be in it.
        update: whether policies choose anew first; nothing is written.
        policies: those of the settings.
        fields: where custom resources name images.
        policy_paths: files and folders with others.
    """

    lock: Path = Path(LOCK_FILE)
    is_named: bool = False
    require: bool = False
    update: bool = False
    policies: tuple[ImagePolicy, ...] = ()
    fields: tuple[ImageField, ...] = ()
    policy_paths: tuple[Path, ...] = ()

    @classmethod
    def of(cls, settings: ImagesSettings) -> PinningOptions:
        """As the settings say."""
        return cls(
            lock=Path(settings.lock),
            is_named=settings.is_named,
            require=settings.require,
            policies=settings.policies,
            fields=settings.fields,
        )


def pin_build(
    built: BuildResult,
    options: PinningOptions,
    registry: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
) -> BuildResult:
    """The build with its images pinned; the same where there is no lock and none is asked for.

    Raises:
        ConfigurationError: the named lock does not exist, a lock or policy cannot be read, or one allows no tag.
        RefusedError: an image is not in the lock and must be.
        RegistryError: policies are to choose, and a registry cannot be asked.
    """
    from pipeline.stages.pin_images import pin_images

    exists = options.lock.is_file()
    if not exists and options.is_named and not options.update:
        raise ConfigurationError(f"{options.lock} does not exist", hint="write it: gitless images lock")
    if not (exists or options.require or options.update):
        return built
    lock = load_images_lock(options.lock)
    digest = sha256_digest(options.lock.read_bytes()) if exists else ""
    if options.update:
        from pipeline.stages.lock_images import update_lock

        named = wiring.image_policies(options.policy_paths, reporter)
        policies = merged_policies(policies_in(built.manifests), options.policies, named)
        ports = wiring.image_ports(registry, environment, reporter)
        newer = update_lock(built.manifests, lock, policies, ports, options.fields)
        for entry in newer.images:
            if entry != lock.entry(entry.image):
                reporter.info(f"{entry.image} becomes {entry.pinned}, by policy {entry.policy}")
        digest, lock = digest if newer == lock else "", newer
    return pin_images(
        built,
        lock,
        file=str(options.lock),
        digest=digest,
        require=options.require,
        fields=options.fields,
        reporter=reporter,
    )
