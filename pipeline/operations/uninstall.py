"""Take the puller away and leave running what it applied.

The order matters. The process goes first and is waited for: while it works, the deletion of a Kustomization is an order
to prune. Then the custom resources lose their finalizers, then the definitions go, and the custom resources with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import DEPLOYMENTS, FINALIZER, KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.flux.definitions import DEFINITIONS
from pipeline.model.installation.kinds import DEFINITION_TYPE, NAMESPACES, OWN_KINDS, PODS
from pipeline.model.installation.labels import GITLESS, INSTANCE, PART_OF, PULLER, instance_selector
from pipeline.model.installation.standing import is_ours
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.uninstall import UninstallResult
from pipeline.model.plan import Action, Change
from pipeline.operations.install import running_rivals
from pipeline.operations.writing import INSTALL_MANAGER, wait_for
from pipeline.ports import ApiServer, Clock, Reporter

_ONE_NAMESPACE: Final = "--watch-all-namespaces=false"


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallSettings:
    """How far to go; ``timeout`` in seconds, for the process to end."""

    keep_namespace: bool = False
    keep_definitions: bool = False
    dry_run: bool = False
    timeout: float = 300.0


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose custom resources are let go, and why definitions stay; both decided before anything is taken away."""

    namespace: str | None
    served_by_others: str
    keep_definitions: str
    keep_namespace: str


def uninstall(
    namespace: str, server: ApiServer, settings: UninstallSettings, *, reporter: Reporter, clock: Clock
) -> UninstallResult:
    """Remove the installation of that namespace; what it applied stays and is reconciled by nobody.

    Raises:
        ClusterError: the process did not end in time, or anything else.
    """
    scope = _scope(namespace, server, settings)
    changes = list(_take_away(namespace, server, settings, reporter, clock))
    released: tuple[ObjectId, ...] = ()
    if scope.served_by_others:
        reporter.info(f"custom resources keep their finalizers: {scope.served_by_others}")
    else:
        released = tuple(_release(scope.namespace, server, settings, reporter))
    changes += _definitions(scope, server, settings)
    changes += _namespace(namespace, scope, server, settings)
    for change in changes:
        if change.action is Action.SKIP:
            reporter.info(f"left alone: {change.object_id}: {change.reason}")
    return UninstallResult(
        cluster=server.context,
        namespace=namespace,
        dry_run=settings.dry_run,
        changes=tuple(changes),
        released=released,
    )


def _scope(namespace: str, server: ApiServer, settings: UninstallSettings) -> _Scope:
    others = [f"{rival} of Flux" for rival in running_rivals(server)]
    for body in server.list(DEPLOYMENTS, None, f"{PART_OF}={GITLESS}").items:
        place = body["metadata"]["namespace"]
        if place != namespace and (body["metadata"].get("labels") or {}).get(INSTANCE):
            others.append(f"{place}/{body['metadata']['name']}")
    served = f"{', '.join(others)} serves them" if others else ""
    own = server.read(DEPLOYMENTS, namespace, PULLER)
    watched = namespace if own is not None and _ONE_NAMESPACE in _arguments(own) else None
    elsewhere = watched is not None and any(
        item["metadata"]["namespace"] != namespace for item in _custom_resources(server, None)
    )
    keep = "asked to be kept" if settings.keep_definitions else served
    keep = keep or ("other namespaces have objects of this kind" if elsewhere else "")
    objects_stay = bool(keep) or not _are_definitions_ours(server)
    return _Scope(
        watched,
        served,
        keep,
        "asked to be kept" if settings.keep_namespace else _lives_in(namespace, server, objects_stay=objects_stay),
    )


def _are_definitions_ours(server: ApiServer) -> bool:
    found = (server.read(DEFINITION_TYPE, "", definition["metadata"]["name"]) for definition in DEFINITIONS)
    return all(live is None or is_ours(live) for live in found)


def _arguments(deployment: Mapping[str, Any]) -> list[str]:
    containers = ((deployment.get("spec") or {}).get("template") or {}).get("spec", {}).get("containers") or ()
    return [argument for container in containers for argument in container.get("args") or ()]


def _lives_in(namespace: str, server: ApiServer, *, objects_stay: bool) -> str:
    """Why deleting the namespace would stop or lose something; empty where it would not."""
    if objects_stay and next(_custom_resources(server, namespace), None) is not None:
        return "sources and Kustomizations are in it"
    for body in _custom_resources(server, None, (KUSTOMIZATIONS,)):
        entries = ((body.get("status") or {}).get("inventory") or {}).get("entries") or ()
        for entry in entries:
            if str(entry.get("id") or "").startswith(f"{namespace}_"):
                name = f"{body['metadata']['namespace']}/{body['metadata']['name']}"
                return f"Kustomization {name} has applied objects in it"
    return ""


def _custom_resources(
    server: ApiServer,
    namespace: str | None,
    kinds: tuple[ResourceType, ...] = (KUSTOMIZATIONS, OCI_REPOSITORIES),
) -> Iterator[Mapping[str, Any]]:
    for kind in kinds:
        if server.resource_type(kind.api_version, kind.kind) is not None:
            yield from server.list(kind, namespace).items


def _take_away(
    namespace: str, server: ApiServer, settings: UninstallSettings, reporter: Reporter, clock: Clock
) -> Iterator[Change]:
    for kind in OWN_KINDS:
        place = namespace if kind.namespaced else None
        for body in server.list(kind, place, instance_selector(namespace), metadata_only=True).items:
            metadata = body["metadata"]
            object_id = ObjectId(kind.group, kind.kind, metadata.get("namespace") or "", metadata["name"])
            if not settings.dry_run:
                server.delete(kind, object_id, uid=metadata["uid"])
                reporter.detail(f"deleted {object_id}")
            yield Change(Action.PRUNE, object_id, kind.api_version)
        if kind == DEPLOYMENTS and not settings.dry_run:
            _await_end(namespace, server, settings.timeout, reporter, clock)


def _await_end(namespace: str, server: ApiServer, timeout: float, reporter: Reporter, clock: Clock) -> None:
    """Nothing else may go while the process works."""
    reporter.info(f"waiting for the pods of {namespace}/{PULLER} to end")

    def look() -> bool | None:
        gone = server.read(DEPLOYMENTS, namespace, PULLER) is None
        pods = server.list(PODS, namespace, f"app={PULLER}", metadata_only=True).items
        return True if gone and not pods else None

    if wait_for(look, clock, timeout) is None:
        raise ClusterError(
            f"the pods of {namespace}/{PULLER} did not end within {timeout:.0f}s",
            hint=f"see `kubectl -n {namespace} get pods -l app={PULLER}`, and uninstall again: it goes on from here",
            code="cluster.timeout",
        )


def _release(
    namespace: str | None, server: ApiServer, settings: UninstallSettings, reporter: Reporter
) -> Iterator[ObjectId]:
    """Remove the puller's finalizer: without it nobody would, and deletion would wait for ever."""
    for kind in (KUSTOMIZATIONS, OCI_REPOSITORIES):
        for body in _custom_resources(server, namespace, (kind,)):
            metadata = body["metadata"]
            finalizers = metadata.get("finalizers") or ()
            if FINALIZER not in finalizers:
                continue
            others = [finalizer for finalizer in finalizers if finalizer != FINALIZER]
            object_id = ObjectId(kind.group, kind.kind, metadata["namespace"], metadata["name"])
            if not settings.dry_run:
                server.merge_patch(
                    kind, object_id, {"metadata": {"finalizers": others or None}}, manager=INSTALL_MANAGER
                )
                reporter.detail(f"released {object_id}")
            yield object_id


def _definitions(scope: _Scope, server: ApiServer, settings: UninstallSettings) -> Iterator[Change]:
    for definition in DEFINITIONS:
        name = definition["metadata"]["name"]
        live = server.read(DEFINITION_TYPE, "", name)
        if live is None:
            continue
        object_id = ObjectId(DEFINITION_TYPE.group, DEFINITION_TYPE.kind, "", name)
        keep = scope.keep_definitions or ("" if is_ours(live) else "somebody else brought it")
        if keep:
            yield Change(Action.SKIP, object_id, DEFINITION_TYPE.api_version, reason=keep)
            continue
        if not settings.dry_run:
            server.delete(DEFINITION_TYPE, object_id, uid=live["metadata"]["uid"])
        yield Change(Action.PRUNE, object_id, DEFINITION_TYPE.api_version)


def _namespace(namespace: str, scope: _Scope, server: ApiServer, settings: UninstallSettings) -> Iterator[Change]:
    live = server.read(NAMESPACES, "", namespace)
    if live is None:
        return
    object_id = ObjectId("", NAMESPACES.kind, "", namespace)
    keep = scope.keep_namespace or ("" if is_ours(live) else "it was there before")
    if keep:
        yield Change(Action.SKIP, object_id, NAMESPACES.api_version, reason=keep)
        return
    if not settings.dry_run:
        server.delete(NAMESPACES, object_id, uid=live["metadata"]["uid"])
    yield Change(Action.PRUNE, object_id, NAMESPACES.api_version)
