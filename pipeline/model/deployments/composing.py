"""What a record tells of each object: its hash, unless that could help anybody to guess a Secret's value.

A Secret's value may be a word from a dictionary, and whoever has the hash of the whole object tries them all. A salt
beside the hash would not change that, and a key that only the cluster has would make records of two clusters, and of
one cluster after a change of keys, incomparable. So there is no hash: of Secrets; of objects that name a Secret whose
name was generated from its content (that suffix is a hash, too, and is left out of the Secret's own name); and of
everything in a Kustomization that was rendered with Secrets' values, which may have ended up anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pipeline.model.applying.desired import desired_hash
from pipeline.model.applying.inventory import InventoryEntry
from pipeline.model.comparison.merge_keys import base_name
from pipeline.model.manifests import Manifests, ObjectId, Resource

WITHHELD: Final = ""
"""In the place of a hash."""
GENERATED_SUFFIX: Final = "-(generated)"
"""What a Secret's name ends in, in the place of a hash of its content."""


def recorded_id(object_id: ObjectId) -> ObjectId:
    """The object's identity as a record may have it."""
    base = base_name(object_id.name)
    if not _is_secret(object_id) or base == object_id.name:
        return object_id
    return replace(object_id, name=base + GENERATED_SUFFIX)


def hashes_of_manifests(manifests: Manifests, applied: Iterable[ObjectId]) -> dict[ObjectId, str]:
    """Every applied object with the hash of its manifest as the artifact has it.

    Manifests without a namespace are found by name and kind: the inventory knows where they were put.
    """
    resources = {resource.id: resource for resource in manifests}
    generated = _generated_secrets(manifests)
    hashes = {}
    for object_id in applied:
        resource = resources.get(object_id) or resources.get(replace(object_id, namespace=""))
        hashes[recorded_id(object_id)] = WITHHELD if resource is None else manifest_hash(resource, generated)
    return hashes


def manifest_hash(resource: Resource, generated: Iterable[str] = ()) -> str:
    """SHA-256 (hexadecimal) of a manifest as canonical JSON, or withheld; ``generated`` are names of Secrets."""
    if _is_secret(resource.id):
        return WITHHELD
    if generated:
        text = json.dumps(resource.body, ensure_ascii=False)
        if any(name in text for name in generated):
            return WITHHELD
    return desired_hash(resource.body)


def hashes_of_entries(entries: Mapping[ObjectId, InventoryEntry], *, has_secret_inputs: bool) -> dict[ObjectId, str]:
    """Every object of a Kustomization's inventory with the hash of what was desired.

    ``has_secret_inputs``: whether it was rendered with Secrets' values. Bodies are not at hand, so one generated Secret
    is enough to withhold every hash.
    """
    is_silent = has_secret_inputs or any(_is_secret(key) and base_name(key.name) != key.name for key in entries)
    return {
        recorded_id(key): WITHHELD if is_silent or _is_secret(key) else entry.desired_hash
        for key, entry in entries.items()
    }


def differing(recorded: Mapping[ObjectId, str], manifests: Manifests) -> tuple[str, ...]:
    """What of an artifact the cluster does not have as the artifact has it, going by hashes of manifests; for people.

    Objects whose hash is withheld on either side are left out.
    """
    generated = _generated_secrets(manifests)
    by_name = {_anywhere(key): value for key, value in recorded.items()}
    found = []
    for resource in manifests:
        key = recorded_id(resource.id)
        known = recorded.get(key) if key.namespace else by_name.get(_anywhere(key))
        own = manifest_hash(resource, generated)
        if known is None:
            found.append(f"{key} is not recorded as applied")
        elif known and own and known != own:
            found.append(f"{key} was applied with another content")
    return tuple(found)


def _anywhere(object_id: ObjectId) -> ObjectId:
    return replace(object_id, namespace="")


def _generated_secrets(manifests: Manifests) -> list[str]:
    return [item.id.name for item in manifests if _is_secret(item.id) and base_name(item.id.name) != item.id.name]


def _is_secret(object_id: ObjectId) -> bool:
    return object_id.kind == "Secret" and not object_id.group
