"""Asks for reconciliations, and waits until exactly those are done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.errors import ClusterError, UsageError
from pipeline.model.cluster import ResourceType
from pipeline.model.documents.printable import printable
from pipeline.model.flux.api import OCI_REPOSITORIES, REQUESTED_AT
from pipeline.model.flux.reconciling import Reconciliation, judge_reconciliation, request_token
from pipeline.model.flux.views import AnyView, Key, KustomizationView, view
from pipeline.model.flux.waiting import State
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.reconcile import ReconciledObject, ReconcileResult
from pipeline.operations.finding import read_existing
from pipeline.operations.following import Following, Selection, follow
from pipeline.operations.serving import require_served
from pipeline.ports import ApiServer, Clock, Reporter

COMMAND_MANAGER: Final = "gitless"
"""Field manager of what the commands write into objects that are somebody else's."""
_TOLD = 1000
"""Characters of a condition that are told while waiting; the result has all of it."""
_KINDS_ON_THE_COMMAND_LINE = {OCI_REPOSITORIES.kind: "source oci"}


@dataclass(frozen=True, slots=True)
class Ports:
    """What waiting needs of the world."""

    server: ApiServer
    clock: Clock
    reporter: Reporter


def reconcile(
    resource_type: ResourceType, key: Key, ports: Ports, *, with_source: bool = False, timeout: float
) -> ReconcileResult:
    """Ask the object, and its source before it, to reconcile now; wait for each. Ends at the first that fails.

    Raises:
        UsageError: it is suspended, or its source is of another kind.
        ClusterError: it does not exist, or cannot be read or written.
    """
    require_served(ports.server, (resource_type,))
    item = view(resource_type, read_existing(ports.server, resource_type, key.namespace, key.name))
    steps: list[tuple[ResourceType, AnyView]] = [(resource_type, item)]
    if with_source:
        steps.insert(0, (OCI_REPOSITORIES, _source_of(item, ports.server)))
    for kind, step in steps:
        refuse_suspended(kind, step)
    deadline = ports.clock.now() + timeout
    done: list[ReconciledObject] = []
    for kind, step in steps:
        token = request(kind, step.key, ports)
        done += await_reconciled(kind, {step.key: token}, ports, deadline=deadline)
        if done[-1].state is not State.DELIVERED:
            break
    return ReconcileResult(objects=tuple(done), timeout=timeout)


def request(resource_type: ResourceType, key: Key, ports: Ports) -> str:
    """Annotate the object; returns the request's value.

    Raises:
        ClusterError: the object is gone, or may not be changed.
    """
    token = request_token(ports.clock.now())
    object_id = ObjectId(resource_type.group, resource_type.kind, key.namespace, key.name)
    patch = {"metadata": {"annotations": {REQUESTED_AT: token}}}
    if ports.server.merge_patch(resource_type, object_id, patch, manager=COMMAND_MANAGER) is None:
        raise ClusterError(f"{object_id} was deleted meanwhile", code="cluster.not-found")
    return token


def await_reconciled(
    resource_type: ResourceType, tokens: Mapping[Key, str], ports: Ports, *, deadline: float
) -> list[ReconciledObject]:
    """Wait until every request is handled and its end known, or the time is over; tokens may be empty."""
    began = ports.clock.now()
    namespaces, names = {key.namespace for key in tokens}, {key.name for key in tokens}
    selection = Selection(
        namespaces.pop() if len(namespaces) == 1 else None, name=names.pop() if len(names) == 1 else None
    )
    told: dict[Key, str] = {}
    with follow(ports.server, (resource_type,), selection, ports.reporter) as following:
        while True:
            found = {key: _look(resource_type, key, token, following) for key, token in tokens.items()}
            for key, (_, verdict) in found.items():
                if verdict.state is State.WAITING and told.get(key) != verdict.message:
                    told[key] = verdict.message
                    ports.reporter.info(f"{resource_type.kind} {key}: {printable(verdict.message, _TOLD)}")
            remaining = deadline - ports.clock.now()
            if remaining <= 0 or all(verdict.state is not State.WAITING for _, verdict in found.values()):
                break
            following.next(remaining)
    seconds = ports.clock.now() - began
    return [
        ReconciledObject(
            resource_type=resource_type,
            key=key,
            state=verdict.state,
            revision=item.revision if item else "",
            message=verdict.message,
            seconds=seconds,
        )
        for key, (item, verdict) in found.items()
    ]


def refuse_suspended(resource_type: ResourceType, item: AnyView) -> None:
    """Check that the object may be reconciled.

    Raises:
        UsageError: it is suspended.
    """
    if item.is_suspended:
        words = _KINDS_ON_THE_COMMAND_LINE.get(resource_type.kind, "kustomization")
        raise UsageError(
            f"{resource_type.kind} {item.key} is suspended, so nothing would reconcile it",
            hint=f"gitless resume {words} {item.key.name} -n {item.key.namespace}",
            code="usage.suspended",
        )


def _look(
    resource_type: ResourceType, key: Key, token: str, following: Following
) -> tuple[AnyView | None, Reconciliation]:
    body = following.objects(resource_type).get(key)
    item = None if body is None else view(resource_type, body)
    return item, judge_reconciliation(item, token)


def _source_of(item: AnyView, server: ApiServer) -> AnyView:
    if not isinstance(item, KustomizationView):
        raise UsageError("--with-source is for Kustomizations; a source has none")
    if item.source_kind != OCI_REPOSITORIES.kind:
        raise UsageError(
            f"the source of Kustomization {item.key} is a {item.source_kind}, which cannot be reconciled from here",
            hint="leave out --with-source",
        )
    require_served(server, (OCI_REPOSITORIES,))
    return view(OCI_REPOSITORIES, read_existing(server, OCI_REPOSITORIES, item.source.namespace, item.source.name))
