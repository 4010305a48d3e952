"""What becomes of marked values once policies have chosen: pure rules from files' texts to files' texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.artifact.reference import is_digest
from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.images.markers import MarkedPart, MarkedText, Marker, with_values
from pipeline.model.images.policy import ChosenImage, ImagePolicy, Reflection
from pipeline.model.images.policy_reading import find_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedChange:
    """One value that changes.

    Attributes:
        line: of the marker, 1-based.
        policy: as the marker names it.
    """

    file: str
    line: int
    policy: str
    part: MarkedPart
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MarkedUpdate:
    """Values that change, the new texts of the files that they are in, and what there is to say about markers."""

    changes: tuple[MarkedChange, ...]
    texts: Mapping[str, str]
    notes: tuple[str, ...]


def named_policies(marked: Iterable[MarkedText], policies: Sequence[ImagePolicy]) -> dict[str, ImagePolicy]:
    """The policies that markers name, by the name that they have there."""
    keys = sorted({marker.policy for text in marked for marker in text.markers})
    found = {key: find_policy(key, policies) for key in keys}
    return {key: policy for key, policy in found.items() if policy is not None}


def updated(marked: Sequence[MarkedText], chosen: Mapping[str, ChosenImage]) -> MarkedUpdate:
    """What the files say once every marked value is what its policy chose; ``chosen`` is by the markers' names.

    Raises:
        ManifestError: a file is written in a way that cannot be edited safely.
    """
    moved = _moved(marked, chosen)
    changes: list[MarkedChange] = []
    texts: dict[str, str] = {}
    notes: list[str] = []
    for text in marked:
        notes += [f"{text.file}:{line}: the marker stands behind no value on its line" for line in text.idle]
        values: dict[Marker, str] = {}
        for marker in text.markers:
            made = chosen.get(marker.policy)
            value = None if made is None else _value(marker, made, is_moved=marker.policy in moved)
            if value is None:
                notes.append(f"{text.file}:{marker.line}: {_why(marker, made)}")
            elif value != marker.value:
                values[marker] = value
                changes.append(_change(text.file, marker, value))
        if values:
            texts[text.file] = with_values(text, values)
    return MarkedUpdate(tuple(changes), texts, tuple(notes))


def followed(lock: ImagesLock, update: MarkedUpdate, chosen: Mapping[str, ChosenImage]) -> ImagesLock:
    """The lock after the change: what was locked under an old tag of a policy's image is so under the new one.

    Where the file has the digest itself from now on, the lock has nothing more to say.
    """
    gone: set[str] = set()
    renamed: list[LockedImage] = []
    for change in update.changes:
        made = chosen[change.policy]
        for entry in _under(lock, made, _tag(change.part, change.before)):
            gone.add(entry.image)
            if "@" not in change.after:
                image = f"{entry.image.rpartition(':')[0]}:{made.tag}"
                renamed.append(LockedImage(image, made.digest, made.policy.key))
    kept = ImagesLock(tuple(entry for entry in lock.images if entry.image not in gone))
    return kept.with_images(*renamed)


def _under(lock: ImagesLock, made: ChosenImage, tag: str) -> Iterator[LockedImage]:
    for entry in lock.images:
        name = parse_image_name(entry.image)
        is_same = name is not None and name.repository == made.policy.repository.repository
        if is_same and tag and name is not None and name.tag == tag and not entry.tag:
            yield entry


def _moved(marked: Iterable[MarkedText], chosen: Mapping[str, ChosenImage]) -> set[str]:
    """Policies of which some marked tag is not the chosen one yet."""
    return {
        marker.policy
        for text in marked
        for marker in text.markers
        if (made := chosen.get(marker.policy)) is not None
        and marker.part in {MarkedPart.IMAGE, MarkedPart.TAG}
        and _tag(marker.part, marker.value) != made.tag
    }


def _tag(part: MarkedPart, value: str) -> str:
    if part is MarkedPart.TAG:
        return value
    name = parse_image_name(value) if part is MarkedPart.IMAGE else None
    return name.tag if name is not None else ""


def _value(marker: Marker, made: ChosenImage, *, is_moved: bool) -> str | None:
    """What the marker's value is to be; ``None``: nothing can be said about it."""
    reflection = made.policy.reflection
    match marker.part:
        case MarkedPart.TAG:
            return made.tag
        case MarkedPart.NAME:
            return made.policy.image
        case MarkedPart.DIGEST:
            is_kept = reflection is Reflection.IF_NOT_PRESENT and not is_moved and is_digest(marker.value)
            return None if reflection is Reflection.NEVER else marker.value if is_kept else made.digest
        case _:
            if reflection is Reflection.NEVER:
                return made.text
            before, _, digest = marker.value.partition("@")
            is_kept = reflection is Reflection.IF_NOT_PRESENT and before == made.text and is_digest(digest)
            return f"{made.text}@{digest if is_kept else made.digest}"


def _why(marker: Marker, made: ChosenImage | None) -> str:
    if made is None:
        return f"there is no policy {marker.policy}"
    return f"policy {marker.policy} gives no digest; set its digestReflectionPolicy to IfNotPresent or Always"


def _change(file: str, marker: Marker, value: str) -> MarkedChange:
    return MarkedChange(
        file=file, line=marker.line, policy=marker.policy, part=marker.part, before=marker.value, after=value
    )
