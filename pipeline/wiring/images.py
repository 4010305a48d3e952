"""Images: registries of as many hosts as manifests name, and policies in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.model.artifact.manifest import sha256_digest
from pipeline.model.artifact.reference import Repository
from pipeline.model.attestation.materials import Material, MaterialKind
from pipeline.model.images.policy import ImagePolicy
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Environment, Registry, Reporter
from pipeline.wiring.stores import registry

if TYPE_CHECKING:
    from pipeline.stages.image_lookup import ImagePorts


def image_ports(options: RegistryOptions, environment: Environment, reporter: Reporter) -> ImagePorts:
    """What images are looked up with. A login that was given is for one host, and never sent to a second one."""
    from pipeline.expressions.extraction import extracted
    from pipeline.stages.image_lookup import ImagePorts

    hosts: set[str] = set()

    def opening(repository: Repository) -> Registry:
        hosts.add(repository.host)
        if options.username and len(hosts) > 1:
            raise UsageError(
                f"--username is for one registry, and these images are on {', '.join(sorted(hosts))}",
                hint="log in to each of them instead: docker login, or gitless login",
            )
        return registry(repository, options, environment, reporter)

    return ImagePorts(opening, extracted, reporter)


def image_policies(paths: Sequence[Path], reporter: Reporter) -> tuple[ImagePolicy, ...]:
    """Every ``ImagePolicy`` of these files and folders; whatever else is in them is passed over.

    A file that cannot be read, such as a chart's template, is passed over with a warning.

    Raises:
        ConfigurationError: a path does not exist, or a policy cannot be read.
    """
    from pipeline.image_files import policy_objects
    from pipeline.model.images.policy_reading import policies_in

    found = policy_objects(paths)
    for problem in found.unreadable:
        reporter.warn(f"policies in there are left out: {problem}")
    return policies_in(found.resources)


def lock_materials(lock: Path) -> tuple[Material, ...]:
    """The lock as a file that pins others; nothing where there is none."""
    try:
        content = lock.read_bytes()
    except OSError:
        return ()
    return (Material(MaterialKind.FILE, lock.name, digest=sha256_digest(content)),)
