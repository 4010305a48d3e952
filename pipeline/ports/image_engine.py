"""Container engines: they build images and push them."""

from __future__ import annotations

from typing import Protocol

from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import EngineImage, ImageBuild, RegistryLogin


class ImageEngine(Protocol):
    """Builds, tags and pushes images, on this machine or another.

    Every method raises ``ConfigurationError`` where no engine answers.
    """

    def describe(self) -> str:
        """What it is and its version, such as ``docker 28.2.2``."""
        ...

    def build(self, build: ImageBuild) -> EngineImage:
        """Build an image and keep it under its name.

        Raises:
            ConfigurationError: there is no such context or Containerfile.
            ToolError: a step failed, which the message names; or the engine cannot read the Containerfile.
        """
        ...

    def find(self, image: ImageName) -> EngineImage | None:
        """The image that the engine has under this name and tag."""
        ...

    def tag(self, image: ImageName, name: ImageName) -> None:
        """Give an image another name and tag.

        Raises:
            ConfigurationError: the engine has no such image.
        """
        ...

    def push(self, image: ImageName, login: RegistryLogin | None) -> str:
        """Push one tag; returns the digest of its manifest, or nothing where the engine does not say.

        Raises:
            ConfigurationError: the engine has no such image.
            RegistryError: the registry refused it, or could not be reached.
        """
        ...
