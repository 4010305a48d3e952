"""A Kustomization that is being deleted: its objects go or stay, as its deletion policy has it (Flux: ``finalize``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pipeline.errors import PipelineError
from pipeline.model.deployments.record import Deployed
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux import api
from pipeline.model.flux.kustomization import DeletionPolicy, KustomizationSpec, read_kustomization
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.flux.reading import InvalidObjectError
from pipeline.model.manifests import Body
from pipeline.puller.deployments import Deployment
from pipeline.puller.kustomizations.applying import apply_options, named
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.status_inventory import inventory_of
from pipeline.puller.kustomizations.stops import led_by_another
from pipeline.puller.kustomizations.targets import Target
from pipeline.stages.remove import remove

POLL = 2.0
"""Seconds between two looks at what is still being deleted, as for Flux."""
_SHOWN = 50


def finalize(body: Body, parts: Parts) -> tuple[bool, tuple[ObjectEvent, ...]]:
    """Whether the Kustomization may go now, and what to tell; otherwise this is to be called again.

    Raises:
        PipelineError: something could not be deleted; to be tried again.
    """
    try:
        spec = read_kustomization(body)
    except InvalidObjectError as error:
        text = f"its objects are left in the cluster, for its spec cannot be read: {error.message}"
        return True, (ObjectEvent(Severity.ERROR, api.INVALID_SPEC, text),)
    if not parts.is_leading():
        raise led_by_another()
    inventory = inventory_of(body, None)
    if not inventory.known or not deletes_objects(spec):
        return True, ()
    namespace = body["metadata"]["namespace"]
    target = parts.targets.of(spec, namespace)
    if target.service_account and not _exists(target, parts):
        listed = "\n".join(named(object_id) for object_id in [*inventory.known][:_SHOWN])
        text = f"unable to prune objects, for service account {target.service_account} is gone:\n{listed}"
        return True, (ObjectEvent(Severity.ERROR, api.PRUNE_FAILED, text),)
    removal = remove(target.cluster, inventory, apply_options(body, _pruning(spec), dry_run=False))
    if removal.outcome.failed:
        raise removal.outcome.error()
    lines = [f"{named(change.object_id)} deleted" for change in removal.outcome.pruned[:_SHOWN]]
    events = (ObjectEvent(Severity.INFO, "Succeeded", "\n".join(lines)),) if lines else ()
    if spec.deletion_policy is not DeletionPolicy.WAIT_FOR_TERMINATION or not removal.remaining:
        return True, events
    if _deleted_for(body, parts) < spec.effective_timeout:
        return False, events
    left = ", ".join(named(object_id) for object_id in sorted(removal.remaining)[:_SHOWN])
    text = f"failed to wait for resources termination within {format_duration(spec.effective_timeout)}: {left}"
    return True, (*events, ObjectEvent(Severity.ERROR, api.PRUNE_FAILED, text))


def deletion(body: Body, events: Iterable[ObjectEvent], parts: Parts) -> Deployment | None:
    """What is to be recorded of a Kustomization that is gone; ``None`` where nothing was ever recorded of it.

    ``events`` are what :func:`finalize` told: after a failure not everything is gone.
    """
    status = body.get("status") or {}
    revision = str(status.get("lastAppliedRevision") or status.get("lastAttemptedRevision") or "")
    try:
        spec = read_kustomization(body)
    except InvalidObjectError:
        return None
    cluster = parts.options.recorded_cluster(spec, body["metadata"]["namespace"])
    if not revision or not cluster:
        return None
    stays = not deletes_objects(spec) or any(event.severity is Severity.ERROR for event in events)
    return Deployment(
        body=body,
        cluster=cluster,
        source=(spec.source.namespace, spec.source.name),
        digest=revision.rpartition("@")[2],
        rendering="",
        time=parts.clock.now(),
        result=Deployed.DELETED,
        message="objects of it are left in the cluster" if stays else "",
        stays=stays,
    )


def deletes_objects(spec: KustomizationSpec) -> bool:
    """Whether the objects go with the Kustomization."""
    if spec.suspend:
        return False
    if spec.deletion_policy is DeletionPolicy.MIRROR_PRUNE:
        return spec.prune
    return spec.deletion_policy is not DeletionPolicy.ORPHAN


def _pruning(spec: KustomizationSpec) -> KustomizationSpec:
    return replace(spec, prune=True)


def _exists(target: Target, parts: Parts) -> bool:
    namespace, _, name = target.service_account.partition("/")
    try:
        return parts.api.read(api.SERVICE_ACCOUNTS, namespace, name) is not None
    except PipelineError:
        return True


def _deleted_for(body: Body, parts: Parts) -> float:
    """Seconds since the deletion was asked for."""
    text = str(body["metadata"].get("deletionTimestamp", ""))
    try:
        return parts.clock.now() - datetime.fromisoformat(text).timestamp()
    except ValueError:
        return float("inf")
