"""Deletes one of Flux's objects, once it is known what goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.errors import ClusterError, VerificationError
from pipeline.model.cluster import ResourceType
from pipeline.model.documents.durations import format_duration
from pipeline.model.documents.printable import printable
from pipeline.model.flux.api import KUSTOMIZATIONS
from pipeline.model.flux.deletion import Consequences, consequences_of_deleting
from pipeline.model.flux.lineage import source_reference
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.outcome.delete import DeleteResult
from pipeline.operations.finding import read_existing
from pipeline.ports import ApiServer, Clock

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_SHOWN = 5
_LONGEST_NAME = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What is about to be deleted, and nothing else: ``uid`` is the object's that was looked at."""

    resource_type: ResourceType
    object_id: ObjectId
    uid: str
    consequences: Consequences | None = None
    users: tuple[ObjectId, ...] = field(default=())
    """Kustomizations whose source it is, as far as they may be seen."""


def plan_deletion(resource_type: ResourceType, namespace: str, name: str, server: ApiServer) -> Deletion:
    """Look at the object and at what depends on it; nothing is deleted.

    Raises:
        ClusterError: it does not exist, or cannot be read.
    """
    body = read_existing(server, resource_type, namespace, name)
    is_kustomization = resource_type == KUSTOMIZATIONS
    return Deletion(
        resource_type=resource_type,
        object_id=ObjectId(resource_type.group, resource_type.kind, namespace, name),
        uid=str(body["metadata"].get("uid") or ""),
        consequences=consequences_of_deleting(body) if is_kustomization else None,
        users=() if is_kustomization else _users(resource_type, namespace, name, server),
    )


def warnings(deletion: Deletion) -> Sequence[str]:
    """What somebody should know before saying yes, one sentence each."""
    told: list[str] = []
    if deletion.users:
        named = _named([f"{item.namespace}/{item.name}" for item in deletion.users])
        told.append(f"Kustomizations that use it will fail until it is back: {named}")
    found = deletion.consequences
    if found is None:
        return told
    number = f"{len(found.objects)} object{'' if len(found.objects) == 1 else 's'}"
    where = " in another cluster" if found.remote else ""
    if not found.objects:
        told.append("it has applied nothing")
    elif not found.prunes:
        told.append(f"{number} that it applied{where} will stay: {found.why}")
    elif not found.is_guarded:
        told.append(f"{number} that it applied{where} will stay, though {found.why}: it has no finalizer")
    else:
        told.append(f"{number} that it applied{where} will be deleted with it: {found.why}")
        if found.kustomizations:
            named = _named([f"{item.namespace}/{item.name}" for item in found.kustomizations])
            told.append(f"Kustomizations are among them, which may delete theirs in turn: {named}")
    return told


def perform_deletion(deletion: Deletion, server: ApiServer, clock: Clock, *, timeout: float | None) -> DeleteResult:
    """Delete it, and wait up to ``timeout`` seconds (``None``: not at all) until it is gone.

    Raises:
        VerificationError: it is still there after that time.
        ClusterError: it may not be deleted, or is another object by now.
    """
    object_id = deletion.object_id
    server.delete(deletion.resource_type, object_id, uid=deletion.uid)
    is_gone = _wait(deletion, server, clock, timeout) if timeout is not None else _is_gone(deletion, server)
    return DeleteResult(
        cluster=server.context, object_id=object_id, is_gone=is_gone, consequences=deletion.consequences
    )


def _wait(deletion: Deletion, server: ApiServer, clock: Clock, timeout: float) -> bool:
    deadline = clock.now() + timeout
    pause = _FIRST_PAUSE
    while not _is_gone(deletion, server):
        left = deadline - clock.now()
        if left <= 0:
            raise VerificationError(
                f"{deletion.object_id} is marked for deletion, and still there after {format_duration(timeout)}",
                hint="its finalizers are removed by who serves it: see `gitless logs`, or do not wait, with --no-wait",
                code="verification.timeout",
            )
        clock.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)
    return True


def _is_gone(deletion: Deletion, server: ApiServer) -> bool:
    """Another object of that name counts as gone."""
    object_id = deletion.object_id
    body = server.read(deletion.resource_type, object_id.namespace, object_id.name)
    return body is None or str(body["metadata"].get("uid") or "") != deletion.uid


def _users(resource_type: ResourceType, namespace: str, name: str, server: ApiServer) -> tuple[ObjectId, ...]:
    wanted = (resource_type.kind, namespace, name)
    found = (body for body in _kustomizations(namespace, server) if source_reference(body) == wanted)
    return tuple(
        sorted(
            ObjectId(KUSTOMIZATIONS.group, KUSTOMIZATIONS.kind, body["metadata"]["namespace"], body["metadata"]["name"])
            for body in found
        )
    )


def _kustomizations(namespace: str, server: ApiServer) -> Sequence[Body]:
    """All, or those of the namespace where more may not be seen; none where not even they may be."""
    for scope in (None, namespace):
        try:
            return server.list(KUSTOMIZATIONS, scope).items
        except ClusterError as error:
            if error.code not in {"cluster.denied", "cluster.kind-unknown"}:
                raise
    return ()


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(printable(name, _LONGEST_NAME) for name in names[:_SHOWN]) + (
        f" and {more} more" if more > 0 else ""
    )
