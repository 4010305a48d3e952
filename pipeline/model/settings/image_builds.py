"""Images that ``gitless run`` builds and pushes before it renders: what ``images.build`` of the settings says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError


@dataclass(frozen=True, slots=True)
class WrittenPlace:
    """A file that a pushed image is written into, and where in it.

    Attributes:
        path: the kustomization's folder, or the file with values.
        where: the image's name in the manifests, or the key among the values; empty: the usual one.
    """

    path: Path
    where: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.where}" if self.where else str(self.path)


@dataclass(frozen=True, slots=True)
class WrittenPlaces:
    """Everywhere that a pushed image is written; ``lock`` is the images lock, if it is to be there too."""

    kustomizations: tuple[WrittenPlace, ...] = ()
    values: tuple[WrittenPlace, ...] = ()
    lock: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """One image; arguments whose value is ``None`` take it from the environment, and are never shown."""

    image: str
    folder: Path
    containerfile: Path | None = None
    target: str = ""
    arguments: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: str = ""
    network: str = ""
    pull: bool = False
    cache: bool = True
    tags: tuple[str, ...] = ()
    written: WrittenPlaces = field(default_factory=WrittenPlaces)


def read_image(item: Mapping[str, Any], folder: Path) -> ImageSettings:
    """One entry of ``images.build``, which the schema has accepted; paths become relative to the file's folder.

    Raises:
        UsageError: a place to write to has no path.
    """
    written = item.get("write", {})
    return ImageSettings(
        image=item["image"],
        folder=folder / item.get("path", "."),
        containerfile=folder / item["containerfile"] if "containerfile" in item else None,
        target=item.get("target", ""),
        arguments={name: _argument(value) for name, value in item.get("buildArgs", {}).items()},
        labels=dict(item.get("labels", {})),
        platform=item.get("platform", ""),
        network=item.get("network", ""),
        tags=tuple(item.get("tags", ())),
        written=WrittenPlaces(
            tuple(parse_place(text, folder) for text in written.get("kustomizations", ())),
            tuple(parse_place(text, folder) for text in written.get("values", ())),
            folder / written["lock"] if "lock" in written else None,
        ),
    )


def _argument(value: str | float | bool | None) -> str | None:  # noqa: FBT001 - the schema allows exactly these types
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def parse_place(text: str, folder: Path = Path()) -> WrittenPlace:
    """``PATH`` or ``PATH:WHERE``; only a colon behind the last slash counts.

    Raises:
        UsageError: there is no path.
    """
    parent, slash, last = text.rpartition("/")
    last, _, where = last.partition(":")
    path = f"{parent}{slash}{last}"
    if not path:
        raise UsageError(f"'{text}' names no path; expected PATH or PATH:WHERE")
    return WrittenPlace(folder / path, where)


def parse_arguments(given: tuple[str, ...]) -> dict[str, str | None]:
    """``NAME=VALUE`` each, or ``NAME`` alone.

    Raises:
        UsageError: one has no name.
    """
    found: dict[str, str | None] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name:
            raise UsageError(
                "a build argument has no name; expected NAME=VALUE, or NAME to take it from the environment"
            )
        found[name] = value if equals else None
    return found
