"""The ``index.json`` of an OCI image layout: which manifests it lists, and under which tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.model.artifact.manifest import Descriptor

TAG_ANNOTATION = "org.opencontainers.image.ref.name"


def manifests_of(index: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Its entries; what is no object is passed over."""
    entries = index.get("manifests")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def tag_of(entry: Mapping[str, Any]) -> str | None:
    """The entry's tag."""
    annotations = entry.get("annotations")
    tag = annotations.get(TAG_ANNOTATION) if isinstance(annotations, dict) else None
    return tag if isinstance(tag, str) else None


def list_manifest(entries: list[Mapping[str, Any]], descriptor: Descriptor, tag: str | None) -> bool:
    """Add the manifest to the entries; returns whether that changed anything."""
    same = [entry for entry in entries if entry.get("digest") == descriptor.digest]
    if (same and tag is None) or any(tag_of(entry) == tag for entry in same):
        return False
    body: dict[str, Any] = {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }
    if tag is None:
        entries.append(body)
        return True
    # What the tag pointed at stays listed, without a tag where it has no other, so that it can still be found.
    moved = [entry for entry in entries if tag_of(entry) == tag]
    entries[:] = [entry for entry in entries if entry not in moved and (tag_of(entry) is not None or entry not in same)]
    listed = {entry.get("digest") for entry in entries}
    entries += [_without_tag(entry) for entry in moved if entry.get("digest") not in listed]
    entries.append({**body, "annotations": {TAG_ANNOTATION: tag}})
    return True


def _without_tag(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations = {key: text for key, text in entry["annotations"].items() if key != TAG_ANNOTATION}
    bare = {key: value for key, value in entry.items() if key != "annotations"}
    return {**bare, "annotations": annotations} if annotations else bare
