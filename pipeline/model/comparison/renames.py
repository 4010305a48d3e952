"""Generated ConfigMaps and Secrets carry a hash of their content in their name; a new content is a new name.

What looks like one object created and another deleted is one object with other data, and every reference to the old
name follows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.model.comparison.differences import compare
from pipeline.model.comparison.merge_keys import base_name
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Action, Change, FieldChange

_GENERATED_KINDS = frozenset({"ConfigMap", "Secret"})

Renames = Mapping[ObjectId, ObjectId]
"""From the old object to the new one."""


def find_renames(changes: Sequence[Change]) -> dict[ObjectId, ObjectId]:
    """Pair pruned generated objects with created ones of the same kind, namespace and name before the hash.

    Where several share that name, they are paired in the order of their names: without their content nothing better
    is known, and with it nothing certain.
    """
    pruned: dict[tuple[str, str, str], list[ObjectId]] = defaultdict(list)
    created: dict[tuple[str, str, str], list[ObjectId]] = defaultdict(list)
    for change in changes:
        object_id = change.object_id
        side = {Action.PRUNE: pruned, Action.CREATE: created}.get(change.action)
        base = base_name(object_id.name)
        if side is not None and not object_id.group and object_id.kind in _GENERATED_KINDS and base != object_id.name:
            side[object_id.kind, object_id.namespace, base].append(object_id)
    return {
        old: new
        for key, olds in pruned.items()
        for old, new in zip(sorted(olds), sorted(created.get(key, [])), strict=False)
    }


def mark_renames(
    changes: Sequence[Change], renames: Renames, before: Mapping[ObjectId, Body], after: Mapping[ObjectId, Body]
) -> tuple[Change, ...]:
    """Say on both halves of a rename what it is, what changed in the data, and which references merely follow.

    Args:
        changes: all changes, in their order.
        renames: what :func:`find_renames` found among them.
        before: the bodies of the old objects where they are known.
        after: the bodies of the new ones where they are known.
    """
    if not renames:
        return tuple(changes)
    origins = {new: old for old, new in renames.items()}
    names = {(old.namespace, old.name): new.name for old, new in renames.items()}
    marked = []
    for change in changes:
        object_id = change.object_id
        if object_id in renames:
            marked.append(replace(change, renamed_to=renames[object_id], fields=()))
        elif object_id in origins:
            old = origins[object_id]
            fields = _content_changes(before.get(old), after.get(object_id))
            marked.append(replace(change, renamed_from=old, fields=fields))
        elif change.fields:
            followed = tuple(_follow(field, object_id.namespace, names) for field in change.fields)
            marked.append(replace(change, fields=followed))
        else:
            marked.append(change)
    return tuple(marked)


def _content_changes(before: Body | None, after: Body | None) -> tuple[FieldChange, ...]:
    if before is None or after is None:
        return ()
    return tuple(field for field in compare(before, after) if field.path != "metadata.name")


def _follow(field: FieldChange, namespace: str, names: Mapping[tuple[str, str], str]) -> FieldChange:
    if not isinstance(field.before, str) or not isinstance(field.after, str):
        return field
    if names.get((namespace, field.before)) != field.after:
        return field
    return replace(field, follows=f"{field.before} → {field.after}")
