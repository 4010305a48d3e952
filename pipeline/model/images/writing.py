"""Where a pushed image is written: a kustomization's ``images``, or the values of a Helm chart.

Fields: kustomize's reference of ``images`` (``name``, ``newName``, ``newTag``, ``digest``), and what ``helm create``
writes into ``values.yaml`` (``repository``, ``tag``), with ``digest`` and ``registry`` as many charts have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.documents.editing import add_item, dotted, read_data, set_scalar
from pipeline.model.documents.untyped import items_at, mapping_at

_KEYS_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedImage:
    """An image in a registry.

    Attributes:
        repository: as it was named, without tag: ``ghcr.io/acme/web``.
        tag: the tag that was pushed.
        digest: what that tag points at in the registry.
    """

    repository: str
    tag: str
    digest: str

    @property
    def tagged(self) -> str:
        """``ghcr.io/acme/web:1.4.2``."""
        return f"{self.repository}:{self.tag}"

    @property
    def pinned(self) -> str:
        """``ghcr.io/acme/web:1.4.2@sha256:…``."""
        return f"{self.tagged}@{self.digest}"


def write_kustomization(text: str, file: str, image: PinnedImage, name: str = "") -> str:
    """The kustomization with the image's tag and digest under ``images``; everything else is as it was.

    ``name`` is the image's in the manifests, where it is another one than the repository.

    Raises:
        ConfigurationError: the file cannot be edited.
    """
    body = read_data(text, file)
    named = name or image.repository
    entries = list(items_at(body, "images"))
    found = next((at for at, entry in entries if entry.get("name") == named), None)
    if found is None and not name:
        found = next((at for at, entry in entries if entry.get("newName") == image.repository), None)
    fields = {"newTag": image.tag, "digest": image.digest}
    if found is None:
        renamed = {} if named == image.repository else {"newName": image.repository}
        return add_item(text, file, ("images",), {"name": named, **renamed, **fields})
    entry = body["images"][found]
    if entry.get("newName", entry.get("name")) != image.repository:
        fields = {"newName": image.repository, **fields}
    for key, value in fields.items():
        text = set_scalar(text, file, ("images", found, key), value)
    return text


def write_values(text: str, file: str, image: PinnedImage, key: str = "image") -> str:
    """The values with the image at a key such as ``image`` or ``web.image``; everything else is as it was.

    What is there is one text, or a mapping with ``repository`` (beside ``registry`` where the chart has that), ``tag``
    and ``digest``.

    Raises:
        ConfigurationError: there is nothing of that kind at the key, or the file cannot be edited.
    """
    path = tuple(key.split("."))
    parent: Any = read_data(text, file)
    for part in path[:-1]:
        parent = mapping_at(parent, part)
    found = parent.get(path[-1]) if isinstance(parent, dict) else None
    if isinstance(found, str):
        return set_scalar(text, file, path, image.pinned)
    repository = next((name for name in ("repository", "name") if isinstance(found, dict) and name in found), "")
    if not isinstance(found, dict) or not repository:
        keys = ", ".join(list(map(str, parent))[:_KEYS_SHOWN]) if isinstance(parent, dict) else ""
        raise ConfigurationError(
            f"{file}: expected at '{dotted(path)}' an image: a text, or a mapping with repository, tag and digest",
            hint=f"there is: {keys}" if keys else None,
        )
    host, _, rest = image.repository.partition("/")
    fields = {"registry": host, repository: rest} if "registry" in found else {repository: image.repository}
    for name, value in {**fields, "tag": image.tag, "digest": image.digest}.items():
        text = set_scalar(text, file, (*path, name), value)
    return text
