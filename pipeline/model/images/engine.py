"""What a container engine is asked for, and what it says about an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.model.attestation.image_names import ImageName


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBuild:
    """One build.

    Attributes:
        image: under which name and tag the engine is to keep the image.
        folder: the build's context.
        containerfile: the file with the steps; ``None``: the context's ``Containerfile`` or ``Dockerfile``.
        target: the stage to stop at; empty: the last one.
        arguments: build arguments with their values.
        secret_arguments: names of those whose values are never shown.
        labels: of the image.
        platform: ``linux/arm64`` or the like; empty: the engine's own.
        network: of the build's steps; empty: the engine's default.
        pull: whether base images are looked for anew.
        cache: whether layers of earlier builds may be taken.
        epoch: the time that files of the context are given, in seconds since 1970; ``None``: their own.
    """

    image: ImageName
    folder: Path
    containerfile: Path | None = None
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    secret_arguments: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: str = ""
    network: str = ""
    pull: bool = False
    cache: bool = True
    epoch: int | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that are never shown, the longest first."""
        values = (self.arguments[name] for name in self.secret_arguments if name in self.arguments)
        return tuple(sorted(filter(None, values), key=len, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineImage:
    """An image that an engine has.

    Attributes:
        id: ``sha256:`` of its configuration. It is no digest that a registry knows.
        size: of its unpacked layers, in bytes.
        platform: ``linux/amd64`` or the like.
        labels: as they are in its configuration.
    """

    id: str
    size: int
    platform: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """Who the engine is to be for a registry; an identity token stands in the place of a user and a password."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
