"""The images lock: which digest each image of the manifests had when somebody last looked.

The file stands beside ``gitless.yaml``, is written by ``gitless images lock`` and ``gitless image push``, and is meant
to be committed. Images are in it by the very text that manifests name them with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import ConfigurationError
from pipeline.model.artifact.reference import is_digest
from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.documents.printable import printable
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
        policy: the policy that chose the tag, as ``NAMESPACE:NAME``; empty where nobody did.
        tag: what runs in the place of the image's own tag, where a policy chose so; else empty.
    """

    image: str
    digest: str
    policy: str = ""
    tag: str = ""

    @property
    def pinned(self) -> str:
        """What manifests get in the place of the image: ``ghcr.io/acme/web:1.4.2@sha256:…``."""
        name = parse_image_name(self.image)
        if not self.tag or name is None:
            return f"{self.image}@{self.digest}"
        return f"{self.image.removesuffix(f':{name.tag}')}:{self.tag}@{self.digest}"


@dataclass(frozen=True, slots=True)
class ImagesLock:
    """Every locked image, sorted, each once."""

    images: tuple[LockedImage, ...] = ()

    def entry(self, image: str) -> LockedImage | None:
        """What is locked under that name."""
        return next((locked for locked in self.images if locked.image == image), None)

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
            lines.append(f"    policy: {json.dumps(locked.policy)}\n")
        if locked.tag:
            lines.append(f"    tag: {json.dumps(locked.tag)}\n")
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
    tag = text_at(entry, "tag")
    if parse_image_name(image) is None or (tag and parse_image_name(f"name:{tag}") is None):
        raise ConfigurationError(f"{file}: images[{at}]: '{printable(image, 100)}' is no image and tag")
    return LockedImage(image, digest, text_at(entry, "policy"), tag)
