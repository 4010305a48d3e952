"""Update images: marked values become what their policies choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import ConfigurationError, ManifestError
from pipeline.model.documents.printable import printable
from pipeline.model.images.lock import ImagesLock
from pipeline.model.images.markers import MarkedText, find_markers
from pipeline.model.images.policy import ImagePolicy
from pipeline.model.images.updating import MarkedUpdate, followed, named_policies, updated
from pipeline.stages.image_lookup import ImagePorts, choose_images


@dataclass(frozen=True, slots=True)
class FilesUpdate:
    """What changes in the files, and the lock that fits them then."""

    update: MarkedUpdate
    lock: ImagesLock


def update_files(
    files: Mapping[str, bytes], policies: Sequence[ImagePolicy], lock: ImagesLock, ports: ImagePorts
) -> FilesUpdate:
    """Let the policies that markers name choose, and put that into the files' texts; nothing is written.

    A file that is no YAML, such as a chart's template, is left alone with a warning.

    Raises:
        ConfigurationError: a file is not UTF-8, or a policy allows no tag that there is.
        ManifestError: a file is written in a way that cannot be edited safely.
        RegistryError: a registry cannot be asked.
    """
    marked: list[MarkedText] = []
    for file, content in files.items():
        try:
            marked.append(find_markers(_text(content, file), file))
        except ManifestError as error:
            ports.reporter.warn(f"markers in there are left alone: {error.message}")
    named = named_policies(marked, policies)
    by_policy = choose_images(sorted(set(named.values()), key=lambda policy: policy.key), ports)
    chosen = {name: by_policy[policy.key] for name, policy in named.items()}
    update = updated(marked, chosen)
    for note in update.notes:
        ports.reporter.warn(note)
    return FilesUpdate(update, followed(lock, update, chosen))


def _text(content: bytes, file: str) -> str:
    try:
        if b"\0" not in content:
            return content.decode()
    except UnicodeDecodeError:
        pass
    raise ConfigurationError(
        f"{printable(file, 300)} is not UTF-8, so its markers cannot be updated", hint="save the file as UTF-8"
    )
