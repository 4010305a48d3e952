"""The images lock: which digest each image of the manifests had when somebody last looked.

The file stands beside ``gitless.yaml``, is written by ``gitless images lock`` and ``gitless image push``, and is meant
to be committed. Images are in it by the very text that manifests name them with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import ConfigurationError
from pipeline.model.artifact.reference import is_digest
from pipeline.model.documents.untyped import text_at

LOCK_FILE: Final = "images.lock.yaml"
API_VERSION: Final = "gitless.dev/v1"
KIND: Final = "ImagesLock"
_HEAD = "# Written by gitless images lock: which digest each image has. Commit it.\n"


@dataclass(frozen=True, slots=True, order=True)
class LockedImage:
    """One image.

    Attributes:
        image: as manifests name it, with its tag and without digest: ``ghcr.io/acme/web:1.4.2``.
        digest: ``sha256:`` of the manifest or index that the tag pointed at.
        policy: the policy that chose the tag; empty where nobody did.
    """

    image: str
    digest: str
    policy: str = ""


@dataclass(frozen=True, slots=True)
class ImagesLock:
    """Every locked image, sorted, each once."""

    images: tuple[LockedImage, ...] = ()

    def digest_of(self, image: str) -> str | None:
        """The digest under which an image is locked."""
        return next((locked.digest for locked in self.images if locked.image == image), None)

    def with_images(self, *images: LockedImage) -> ImagesLock:
        """The same with these in it, in the place of those that are named alike."""
        merged = {locked.image: locked for locked in (*self.images, *images)}
        return ImagesLock(tuple(sorted(merged.values())))


def lock_text(lock: ImagesLock) -> str:
    """The file: YAML, one entry for each image, the same text for the same lock."""
    lines = [_HEAD, f"apiVersion: {API_VERSION}\nkind: {KIND}\n", "images:\n" if lock.images else "images: []\n"]
    for locked in lock.images:
        lines.append(f"  - image: {locked.image}\n    digest: {locked.digest}\n")
        if locked.policy:
            lines.append(f"    policy: {locked.policy}\n")
    return "".join(lines)


def parse_lock(document: Mapping[str, Any], file: str) -> ImagesLock:
    """Read the file's one document.

    Raises:
        ConfigurationError: it is no images lock; the message names the file and the entry.
    """
    if document.get("apiVersion") != API_VERSION or document.get("kind") != KIND:
        raise ConfigurationError(
            f"{file}: expected apiVersion {API_VERSION} and kind {KIND}", hint="write it anew with gitless images lock"
        )
    entries = document.get("images")
    if not isinstance(entries, list):
        raise ConfigurationError(f"{file}: images: expected a list")
    return ImagesLock().with_images(*(_parse_image(entry, file, at) for at, entry in enumerate(entries)))


def _parse_image(entry: object, file: str, at: int) -> LockedImage:
    image, digest = text_at(entry, "image"), text_at(entry, "digest")
    if not image or not is_digest(digest):
        raise ConfigurationError(
            f"{file}: images[{at}]: expected an image and its digest, sha256: and 64 hexadecimal digits",
            hint="write it anew with gitless images lock",
        )
    return LockedImage(image, digest, text_at(entry, "policy"))
