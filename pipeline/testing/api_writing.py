"""How the API server in memory writes: what a request may change, who owns it then, and when the generation grows."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pipeline.errors import FieldConflictError
from pipeline.model.manifests import Body, ObjectId
from pipeline.testing.api_storage import Owner, Stored
from pipeline.testing.server_side_apply import Path, build, conflicts, leaves_of, merge

SERVER_SET = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds")
"""Of the metadata, what no request changes."""
_NOT_SPEC = frozenset({"apiVersion", "kind", "metadata", "status"})

Owners = Mapping[Owner, frozenset[Path]]


def merged(target: Any, patch: Any) -> Any:  # noqa: ANN401 - any JSON value
    """JSON merge patch (RFC 7386)."""
    if not isinstance(patch, Mapping):
        return deepcopy(patch)
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def spec_of(body: Body) -> dict[str, Any]:
    """Everything that a change of makes a new generation."""
    return {key: value for key, value in body.items() if key not in _NOT_SPEC}


def written(before: Stored | None, wanted: Mapping[str, Any], *, subresource: str, has_status: bool) -> dict[str, Any]:
    """The body after a request that wants it so: status is written through its subresource, and nothing else is."""
    after = deepcopy(dict(wanted))
    after["metadata"] = {key: value for key, value in after["metadata"].items() if key != "managedFields"}
    if before is None:
        if has_status:
            after.pop("status", None)
        return after
    if subresource == "status":
        kept = deepcopy(dict(before.body))
        kept.pop("status", None)
        return kept | ({"status": after["status"]} if "status" in after else {})
    if has_status:
        after.pop("status", None)
        if "status" in before.body:
            after["status"] = deepcopy(before.body["status"])
    metadata = after["metadata"]
    for key in SERVER_SET:
        metadata.pop(key, None)
        if key in before.body["metadata"]:
            metadata[key] = before.body["metadata"][key]
    if has_status and spec_of(after) != spec_of(before.body):
        metadata["generation"] = metadata.get("generation", 0) + 1
    return after


def owners_after_update(
    before: Stored | None, after: Body, manager: str, subresource: str
) -> dict[Owner, frozenset[Path]]:
    """What changed belongs to who changed it; what is gone belongs to nobody."""
    owners = dict(before.owners) if before is not None else {}
    old, new = (
        _status_leaves(body) if subresource else leaves_of(body) for body in (before.body if before else {}, after)
    )
    changed = frozenset(path for path, value in new.items() if path not in old or old[path] != value)
    gone = frozenset(old) - frozenset(new)
    owner = Owner(manager, "Update", subresource)
    for other in list(owners):
        if bool(other.subresource) == bool(subresource):
            owners[other] = owners[other] - changed - gone
    owners[owner] = owners.get(owner, frozenset()) | changed
    return {key: paths for key, paths in owners.items() if paths}


def _status_leaves(body: Body) -> dict[Path, Any]:
    return {path: value for path, value in leaves_of({"of": body.get("status") or {}}).items() if path[0] == "f:of"}


def applied(
    object_id: ObjectId, before: Stored | None, wanted: Body, manager: str, *, force: bool
) -> tuple[dict[str, Any], dict[Owner, frozenset[Path]]]:
    """Body and owners after a server-side apply.

    Raises:
        FieldConflictError: other managers own fields.
    """
    desired = leaves_of(wanted)
    live = leaves_of(before.body) if before is not None else {}
    everyone = dict(before.owners) if before is not None else {}
    of_status = {owner: paths for owner, paths in everyone.items() if owner.subresource}
    me = Owner(manager, "Apply")
    by_name = {_key(owner): owner for owner in [*everyone, me] if not owner.subresource}
    owners = {name: everyone.get(owner, frozenset()) for name, owner in by_name.items()}
    clash = conflicts(desired, live, owners, _key(me))
    if clash and not force:
        named = tuple((by_name[name].manager, field) for name, field in clash)
        raise FieldConflictError(f"{object_id}: {len(named)} fields belong to others", conflicts=named)
    leaves, after_owners = merge(desired, live, owners, _key(me))
    body = {"apiVersion": wanted["apiVersion"], "kind": wanted["kind"], **deepcopy(build(leaves))}
    kept = before.body["metadata"] if before is not None else {}
    rest = {key: value for key, value in kept.items() if key not in {"labels", "annotations", "finalizers"}}
    owned = {key: wanted["metadata"][key] for key in ("ownerReferences",) if key in wanted["metadata"]}
    body["metadata"] = {**body.get("metadata", {}), **rest, **owned, "name": object_id.name}
    if before is not None and "status" in before.body:
        body["status"] = deepcopy(before.body["status"])
    return body, of_status | {by_name[name]: paths for name, paths in after_owners.items() if paths}


def _key(owner: Owner) -> str:
    return f"{owner.manager}\n{owner.operation}"
