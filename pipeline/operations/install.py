"""Install or upgrade the puller: definitions first, then the rest, then take away what it no longer has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pipeline.errors import ClusterError
from pipeline.model.flux.api import DEPLOYMENTS
from pipeline.model.installation.kinds import DEFINITION_TYPE, NAMESPACES, OWN_KINDS, type_of
from pipeline.model.installation.labels import PULLER, instance_selector
from pipeline.model.installation.manifests import installation
from pipeline.model.installation.options import InstallOptions
from pipeline.model.installation.standing import (
    FLUX_SELECTOR,
    Rival,
    is_ours,
    is_running,
    keep_definition,
    refuse_rivals,
)
from pipeline.model.manifests import Manifests, ObjectId, Resource
from pipeline.model.outcome.install import InstallResult, PullerUnavailableError
from pipeline.model.plan import Action, Change
from pipeline.operations.writing import apply_object, health_of, wait_for
from pipeline.ports import ApiServer, Clock, Reporter

_ESTABLISHED_WITHIN: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallSettings:
    """How to go about it; ``timeout`` in seconds."""

    dry_run: bool = False
    force: bool = False
    """Install beside Flux's controllers."""
    wait: bool = True
    timeout: float = 300.0


def install(
    options: InstallOptions, server: ApiServer, settings: InstallSettings, *, reporter: Reporter, clock: Clock
) -> InstallResult:
    """Bring the cluster to what the options ask for; with nothing to do it writes nothing.

    Raises:
        RefusedError: Flux's controllers serve the same objects, or the cluster's definitions are too old.
        PullerUnavailableError: the puller did not become available in time.
        ClusterError: anything else.
    """
    if not options.puller.watch_label_selector and not settings.force:
        refuse_rivals(running_rivals(server))
    manifests = installation(options)
    if not settings.dry_run:
        _await_deletions(manifests, server, settings.timeout, reporter, clock)
    changes = list(_apply(manifests, server, settings, reporter, clock))
    changes += _prune(manifests, options.namespace, server, dry_run=settings.dry_run)
    result = InstallResult(
        cluster=server.context,
        namespace=options.namespace,
        version=options.version,
        image=options.full_image,
        dry_run=settings.dry_run,
        ready=False,
        changes=tuple(changes),
    )
    if settings.dry_run or not settings.wait:
        return result
    _await_puller(result, server, settings.timeout, reporter, clock)
    return replace(result, ready=True)


def running_rivals(server: ApiServer) -> tuple[Rival, ...]:
    """Flux's controllers of the same kinds that have a working pod."""
    found = server.list(DEPLOYMENTS, None, FLUX_SELECTOR).items
    return tuple(Rival(body["metadata"]["namespace"], body["metadata"]["name"]) for body in found if is_running(body))


def _await_deletions(manifests: Manifests, server: ApiServer, timeout: float, reporter: Reporter, clock: Clock) -> None:
    """Let an earlier uninstallation finish: what is written into what is being deleted goes with it."""
    for resource in manifests:
        if resource.id.kind not in {DEFINITION_TYPE.kind, NAMESPACES.kind}:
            continue

        def look(resource: Resource = resource) -> bool | None:
            live = server.read(type_of(resource.body), "", resource.id.name)
            return True if live is None or not live["metadata"].get("deletionTimestamp") else None

        if look():
            continue
        reporter.info(f"waiting for {resource.id}, which is being deleted")
        if wait_for(look, clock, timeout) is None:
            raise ClusterError(
                f"{resource.id} is being deleted, and is still there after {timeout:.0f}s",
                hint=f"see its status: kubectl get {type_of(resource.body).plural} {resource.id.name} -o yaml",
                code="cluster.terminating",
            )


def _apply(
    manifests: Manifests, server: ApiServer, settings: InstallSettings, reporter: Reporter, clock: Clock
) -> Iterator[Change]:
    # Refuse before the first write.
    kept = {resource.id: reason for resource in manifests if (reason := _why_kept(resource, server))}
    definitions = [resource for resource in manifests if resource.id.kind == DEFINITION_TYPE.kind]
    lacks_namespace = False
    for resource in definitions:
        yield _apply_one(resource, kept.get(resource.id, ""), server, settings, reporter)
    if not settings.dry_run:
        _await_definitions(definitions, server, clock)
    for resource in manifests:
        if resource in definitions:
            continue
        if lacks_namespace and resource.id.namespace:
            # The API server would refuse even to try what goes into a namespace that is not there yet.
            yield Change(Action.CREATE, resource.id, resource.api_version)
            continue
        change = _apply_one(resource, kept.get(resource.id, ""), server, settings, reporter)
        is_new_namespace = resource.id.kind == NAMESPACES.kind and change.action is Action.CREATE
        lacks_namespace = lacks_namespace or (settings.dry_run and is_new_namespace)
        yield change


def _apply_one(
    resource: Resource, kept: str, server: ApiServer, settings: InstallSettings, reporter: Reporter
) -> Change:
    if kept:
        reporter.info(f"left alone: {resource.id}: {kept}")
        return Change(Action.SKIP, resource.id, resource.api_version, reason=kept)
    change = apply_object(server, type_of(resource.body), resource.body, dry_run=settings.dry_run)
    reporter.detail(f"{change.action.value} {resource.id}")
    return change


def _why_kept(resource: Resource, server: ApiServer) -> str:
    """Why a definition or a namespace that somebody else made stays as it is; empty where we may write it."""
    if resource.id.kind not in {DEFINITION_TYPE.kind, NAMESPACES.kind}:
        return ""
    live = server.read(type_of(resource.body), "", resource.id.name)
    if live is None or is_ours(live):
        return ""
    if resource.id.kind == DEFINITION_TYPE.kind:
        return keep_definition(live)
    return "it was there before, and what it demands of its pods may be needed as it is"


def _await_definitions(definitions: list[Resource], server: ApiServer, clock: Clock) -> None:
    for resource in definitions:

        def look(name: str = resource.id.name) -> bool | None:
            return health_of(server, DEFINITION_TYPE, "", name, clock.now()).is_current or None

        if wait_for(look, clock, _ESTABLISHED_WITHIN) is None:
            verdict = health_of(server, DEFINITION_TYPE, "", resource.id.name, clock.now())
            raise ClusterError(
                f"{resource.id} was not established within {_ESTABLISHED_WITHIN:.0f}s: {verdict.message}",
                hint=f"kubectl describe crd {resource.id.name}",
                code="cluster.not-established",
            )


def _prune(manifests: Manifests, namespace: str, server: ApiServer, *, dry_run: bool) -> list[Change]:
    """Delete what an earlier version, or other options, left behind."""
    wanted = {resource.id for resource in manifests}
    changes = []
    for kind in OWN_KINDS:
        place = namespace if kind.namespaced else None
        for body in server.list(kind, place, instance_selector(namespace), metadata_only=True).items:
            metadata = body["metadata"]
            object_id = ObjectId(kind.group, kind.kind, metadata.get("namespace") or "", metadata["name"])
            if object_id in wanted:
                continue
            if not dry_run:
                server.delete(kind, object_id, uid=metadata["uid"])
            changes.append(Change(Action.PRUNE, object_id, kind.api_version, reason="no longer part of it"))
    return changes


def _await_puller(result: InstallResult, server: ApiServer, timeout: float, reporter: Reporter, clock: Clock) -> None:
    namespace = result.namespace
    reporter.info(f"waiting for Deployment {namespace}/{PULLER}")

    def look() -> bool | None:
        return health_of(server, DEPLOYMENTS, namespace, PULLER, clock.now()).is_settled or None

    wait_for(look, clock, timeout)
    verdict = health_of(server, DEPLOYMENTS, namespace, PULLER, clock.now())
    if not verdict.is_current:
        raise PullerUnavailableError(
            f"Deployment {namespace}/{PULLER} is not available: {verdict.message}",
            result,
            hint=f"kubectl -n {namespace} describe pods -l app={PULLER}; installing again goes on from here",
        )
