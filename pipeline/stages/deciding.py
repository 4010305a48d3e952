"""One object against its live counterpart: what applying would do to it, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.errors import ClusterError, FieldConflictError, ImmutableFieldError, PipelineError, RefusedError
from pipeline.model.applying.controls import PREFIX, Controls, controls_of, reason_to_skip
from pipeline.model.applying.desired import kept_hash
from pipeline.model.applying.field_managers import owner_of_field
from pipeline.model.applying.fingerprint import fingerprint
from pipeline.model.applying.ignoring import leaving
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.applying.live_plan import Decision, Obstacle
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.applying.ownership import foreign_owner, is_owned_by
from pipeline.model.applying.take_over import inherited
from pipeline.model.comparison.differences import compare
from pipeline.model.kustomizing.selectors import selects
from pipeline.model.manifests import Body
from pipeline.model.plan import Action, Change, FieldChange
from pipeline.ports import Cluster
from pipeline.stages.placing import Placed
from pipeline.stages.surveying import Live

_SERVER_FIELDS = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"})
_UNREACHABLE = "cluster.unreachable"
_PRECIOUS = frozenset({"CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"})
"""What these hold goes with them, so that an option for all objects is not enough to delete them."""
_FORCE = f"{PREFIX}force: enabled"


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides about single objects; every call may make requests, and many calls may run at once."""

    cluster: Cluster
    inventory: Inventory
    options: ApplyOptions

    def decide(
        self, placed: Placed, live: Live | None, *, is_deferred: bool = False, is_tried: bool = True
    ) -> Decision:
        """What happens to the object; never raises for what is wrong with the object alone.

        ``is_tried`` false leaves out the dry-run of a creation.

        Raises:
            ClusterError: the cluster could not be asked.
        """
        if is_deferred or placed.resource_type is None:
            return self._decision(
                placed, Action.CREATE, reason="its kind or namespace comes with the manifests", is_deferred=True
            )
        controls = controls_of(placed.resource.body["metadata"])
        skip = reason_to_skip(controls, controls_of(live.metadata) if live else None)
        if skip:
            return _untouched(self._decision(placed, Action.SKIP, reason=skip), live.uid if live else "")
        if live is None or live.is_being_deleted:
            return self._create(placed, live, is_tried=is_tried)
        entry = self.inventory.applied.get(placed.object_id)
        if (
            entry is not None
            and entry.desired_hash == kept_hash(placed.object_id, placed.desired_hash, live.uid)
            and entry.fingerprint == fingerprint(live.metadata)
        ):
            return self._unchanged(placed, live.metadata)
        return self._compare(placed, live, controls)

    def _create(self, placed: Placed, live: Live | None, *, is_tried: bool) -> Decision:
        reason = "the deletion of the old one is waited for" if live else ""
        if live is None and placed.object_id in self.inventory.applied:
            reason = "it was deleted from the cluster"
        decision = self._decision(placed, Action.CREATE, reason=reason, uid=live.uid if live else "")
        if live is not None or not is_tried:
            return decision
        try:
            self.cluster.apply(placed.resource.body, dry_run=True, metadata_only=True)
        except (ClusterError, RefusedError) as error:
            return replace(decision, obstacles=(_refusal(placed, error),))
        return decision

    def _compare(self, placed: Placed, live: Live, controls: Controls) -> Decision:
        obstacles = self._ownership(placed, live)
        force = self.options.force_conflicts or controls.overrides
        kind, object_id = placed.resource_type, placed.object_id
        assert kind is not None  # noqa: S101 - decide() does not come here without
        before = live.body or self.cluster.read(kind, object_id.namespace, object_id.name)
        if before is None:
            return self._create(placed, None, is_tried=True)
        placed = self._with_ignored(placed, before)
        try:
            try:
                after = self.cluster.apply(placed.resource.body, dry_run=True, force=force)
            except FieldConflictError as conflict:
                obstacles = (*obstacles, _conflict(placed, conflict))
                after = self.cluster.apply(placed.resource.body, dry_run=True, force=True)
        except ImmutableFieldError as error:
            return self._recreate(placed, before, error, controls, obstacles)
        except ClusterError as error:
            decision = self._decision(placed, Action.CONFIGURE)
            return replace(decision, obstacles=(*obstacles, _refusal(placed, error)))
        inherits = self._inherits(before["metadata"], controls)
        if not inherits and not differs(before, after):
            return self._unchanged(placed, before["metadata"])
        fields = self._attributed(compare(before, after), placed, before)
        reason = "" if is_owned_by(before["metadata"], self.inventory) else f"it becomes part of {self.inventory}"
        decision = self._decision(placed, Action.CONFIGURE, reason=reason, fields=fields)
        return replace(decision, force=force, obstacles=obstacles, inherits=inherits)

    def _inherits(self, metadata: Mapping[str, Any], controls: Controls) -> bool:
        """Whether there are predecessors' fields on the live object that become ours."""
        predecessors = self.options.predecessors
        if not predecessors or controls.ssa == "merge":
            return False
        return inherited(metadata.get("managedFields") or (), self.cluster.manager, predecessors) is not None

    def _with_ignored(self, placed: Placed, live: Body) -> Placed:
        """The object with what is to be ignored as it is in the cluster; its hash stays that of the manifest."""
        pointers = [
            pointer for rule in self.options.ignore if selects(rule.target, placed.resource) for pointer in rule.paths
        ]
        body = leaving(placed.resource.body, live, pointers, self.cluster.manager)
        return replace(placed, resource=replace(placed.resource, body=body))

    def _recreate(
        self,
        placed: Placed,
        before: Body,
        error: ImmutableFieldError,
        controls: Controls,
        obstacles: tuple[Obstacle, ...],
    ) -> Decision:
        asked = controls.recreates or controls_of(before["metadata"]).recreates
        kept = self._kept(placed)
        if not asked and (kept or not self.options.recreate):
            hint = (
                f"{kept}; if you want that, annotate it with {_FORCE}"
                if kept
                else "--recreate deletes it and creates it anew"
            )
            obstacles = (*obstacles, Obstacle(str(placed.resource), _about(placed, error), hint))
        uid = before["metadata"].get("uid", "")
        return replace(
            self._decision(placed, Action.RECREATE, reason=_about(placed, error), uid=uid), obstacles=obstacles
        )

    def _kept(self, placed: Placed) -> str:
        """Why an option for all objects is not enough to delete it; empty where it is."""
        if placed.object_id.kind in _PRECIOUS:
            return "deleting it would delete what is in it as well"
        return "it is protected" if self.options.guards.keeps(placed.object_id) else ""

    def _ownership(self, placed: Placed, live: Live) -> tuple[Obstacle, ...]:
        owner = None if self.options.take_ownership else foreign_owner(live.metadata, self.inventory)
        if owner is None:
            return ()
        hint = "--take-ownership takes such objects over; stop the other tool from managing them first"
        return (Obstacle(str(placed.resource), f"it belongs to {owner}", hint),)

    def _attributed(self, fields: tuple[FieldChange, ...], placed: Placed, before: Body) -> tuple[FieldChange, ...]:
        """Name who owns each live value, and mark drift: we want the same as last time, and something else is there."""
        entry = self.inventory.applied.get(placed.object_id)
        wanted = kept_hash(placed.object_id, placed.desired_hash, str(before["metadata"].get("uid", "")))
        is_drift = entry is not None and entry.desired_hash == wanted
        managed = before["metadata"].get("managedFields") or ()
        return tuple(
            replace(change, is_drift=is_drift, manager=owner_of_field(managed, change.path, self.cluster.manager))
            for change in fields
        )

    def _unchanged(self, placed: Placed, metadata: Mapping[str, Any]) -> Decision:
        decision = _untouched(self._decision(placed, Action.UNCHANGED), str(metadata.get("uid", "")))
        return replace(decision, entry=replace(decision.entry, fingerprint=fingerprint(metadata)))

    def _decision(
        self,
        placed: Placed,
        action: Action,
        *,
        reason: str = "",
        uid: str = "",
        fields: tuple[FieldChange, ...] = (),
        is_deferred: bool = False,
    ) -> Decision:
        resource = placed.resource
        return Decision(
            Change(action, resource.id, resource.api_version, fields, reason, resource.origin),
            InventoryEntry(resource.id, resource.api_version, placed.desired_hash),
            body=resource.body,
            resource_type=placed.resource_type,
            uid=uid,
            is_deferred=is_deferred,
        )


def _untouched(decision: Decision, uid: str) -> Decision:
    """One that writes nothing, so that what the inventory keeps of the object is known already."""
    kept = kept_hash(decision.object_id, decision.entry.desired_hash, uid)
    return replace(decision, entry=replace(decision.entry, desired_hash=kept), body=None)


def differs(before: Body, after: Body) -> bool:
    """Whether the server would store anything else but status and its own metadata (flux pkg/ssa/manager_diff.go)."""
    return _content(before) != _content(after)


def _content(body: Body) -> dict[str, Any]:
    content = {key: value for key, value in body.items() if key not in {"status", "metadata"}}
    metadata = body.get("metadata") or {}
    content["metadata"] = {key: value for key, value in metadata.items() if key not in _SERVER_FIELDS and value}
    return content


def _conflict(placed: Placed, conflict: FieldConflictError) -> Obstacle:
    fields: dict[str, list[str]] = {}
    # The API server names them in no particular order.
    for manager, path in sorted(conflict.conflicts):
        fields.setdefault(manager, []).append(path)
    owners = "; ".join(f"{manager} owns {', '.join(paths)}" for manager, paths in fields.items())
    hint = "--force-conflicts takes these fields; or leave them out of the manifests"
    if any(manager.startswith("kubectl") for manager in fields):
        hint = (
            "--force-conflicts takes these fields (of objects once applied by kubectl that is what you want);"
            " or leave them out of the manifests"
        )
    return Obstacle(str(placed.resource), owners or conflict.message, hint)


def _refusal(placed: Placed, error: PipelineError) -> Obstacle:
    """The obstacle for what the API server says about one object.

    Raises:
        ClusterError: it said nothing, so that there is no use in asking about the next object.
    """
    if error.code == _UNREACHABLE:
        raise error
    family = ClusterError if isinstance(error, ClusterError) else RefusedError
    return Obstacle(str(placed.resource), _about(placed, error), error.hint or "", family)


def _about(placed: Placed, error: PipelineError) -> str:
    """The message without the object's name, which the obstacle's subject has already."""
    name = str(placed.object_id)
    if error.message.startswith(f"{name}: "):
        return error.message.removeprefix(f"{name}: ")
    return "it" + error.message.removeprefix(name) if error.message.startswith(f"{name} ") else error.message
