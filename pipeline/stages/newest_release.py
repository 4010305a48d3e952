"""Newest release: the highest version among the tags of the repository that releases are published to."""

from __future__ import annotations

from pipeline.errors import ArtifactNotFoundError, UsageError
from pipeline.model.artifact.versions import Version, parse_version
from pipeline.ports import Registry


def newest_release(registry: Registry) -> str:
    """The tag of the highest version that is no prerelease.

    Raises:
        ArtifactNotFoundError: there is no release.
        RegistryError: the registry could not be asked.
    """
    versions = {tag: version for tag in registry.tags() if (version := parse_version(tag)) and not version.prerelease}
    if not versions:
        raise ArtifactNotFoundError(
            f"{registry.repository} has no release", hint="name where releases are published to: --repository oci://…"
        )
    return max(versions, key=lambda tag: versions[tag])


def is_newer(release: str, version: str) -> bool:
    """Whether a release is newer than this version.

    Raises:
        UsageError: one of them is no version.
    """
    return _parsed(release) > _parsed(version)


def _parsed(text: str) -> Version:
    version = parse_version(text)
    if version is None:
        raise UsageError(f"'{text}' is no semantic version")
    return version
