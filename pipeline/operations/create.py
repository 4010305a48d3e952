"""Create or update one object, and wait until it is ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline.errors import ClusterError, ExistsError, StaleError, UsageError, VerificationError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES, READY, STALLED
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.conditions import Condition, Conditions
from pipeline.model.manifests import Body, ObjectId, Resource
from pipeline.model.outcome.create import CreateResult
from pipeline.model.plan import Action
from pipeline.operations.writing import wait_for, written
from pipeline.ports import ApiServer, Clock, Reporter

MANAGER: Final = "gitless"
"""Field manager of what users create by hand."""
_TRIES: Final = 5


def create(
    body: Body, resource_type: ResourceType, server: ApiServer, *, timeout: float, reporter: Reporter, clock: Clock
) -> CreateResult:
    """Create the object, or replace labels and content of the one that is there; wait for what becomes ready.

    Raises:
        VerificationError: it is not ready in time, or will never be.
        UsageError: a Secret of another type is there.
        ClusterError: anything else.
    """
    object_id = Resource.from_body(body).id
    if resource_type in {OCI_REPOSITORIES, KUSTOMIZATIONS}:
        require_served(server, resource_type)
    action, stored = write(server, resource_type, body)
    revision = ""
    ready = resource_type in {OCI_REPOSITORIES, KUSTOMIZATIONS}
    if ready:
        reporter.info(f"{object_id} {_DONE[action]}; waiting for it to be ready")
        generation = int(stored["metadata"].get("generation") or 0)
        live = await_ready(server, resource_type, object_id, generation, timeout=timeout, clock=clock)
        revision = revision_of(live)
    return CreateResult(
        cluster=server.context,
        object_id=object_id,
        api_version=resource_type.api_version,
        action=action,
        ready=ready,
        revision=revision,
    )


_DONE: Final = {Action.CREATE: "created", Action.CONFIGURE: "updated", Action.UNCHANGED: "is as asked for already"}


def require_served(server: ApiServer, resource_type: ResourceType) -> None:
    """Refuse where the cluster does not know the kind.

    Raises:
        ClusterError: it does not.
    """
    if server.resource_type(resource_type.api_version, resource_type.kind) is None:
        raise ClusterError(
            f"the cluster knows no {resource_type.kind} of {resource_type.api_version}",
            hint="gitless install brings the definitions and the puller",
            code="cluster.not-installed",
        )


def write(server: ApiServer, resource_type: ResourceType, body: Body) -> tuple[Action, Body]:
    """Create it or, as the flux CLI does, put its labels and content in place of the live one's."""
    metadata = body["metadata"]
    for _ in range(_TRIES):
        live = server.read(resource_type, metadata["namespace"], metadata["name"])
        try:
            if live is None:
                return Action.CREATE, server.create(resource_type, body, manager=MANAGER)
            stored = server.replace(resource_type, _in_place_of(live, body), manager=MANAGER)
            return written(live, stored), stored
        except (StaleError, ExistsError):
            continue
    raise StaleError(
        f"{resource_type.kind} {metadata['namespace']}/{metadata['name']} changes faster than it can be written",
        hint="see who else writes it: its metadata.managedFields",
    )


def _in_place_of(live: Body, body: Body) -> Body:
    if live.get("type") != body.get("type"):
        raise UsageError(
            f"Secret {body['metadata']['namespace']}/{body['metadata']['name']} is there with type {live.get('type')};"
            f" expected {body.get('type')}, and a type cannot be changed",
            hint="delete it first, or choose another name",
        )
    labels = dict(live["metadata"].get("labels") or {}) | dict(body["metadata"].get("labels") or {})
    metadata = dict(live["metadata"]) | ({"labels": labels} if labels else {})
    content = {key: value for key, value in body.items() if key not in {"apiVersion", "kind", "metadata"}}
    kept = {key: value for key, value in live.items() if key not in content and key != "metadata"}
    return {**kept, **content, "metadata": metadata}


def await_ready(
    server: ApiServer,
    resource_type: ResourceType,
    object_id: ObjectId,
    generation: int,
    *,
    timeout: float,
    clock: Clock,
    accept: Callable[[Body], bool] = lambda _: True,
) -> Body:
    """Wait until the object is ready in that generation or a later one, and as ``accept`` asks for.

    Raises:
        VerificationError: it is not ready in time, or never will be as it stands.
    """

    def look() -> Body | None:
        live = server.read(resource_type, object_id.namespace, object_id.name)
        if live is None:
            raise VerificationError(f"{object_id} was deleted while it was waited for", code="verification.gone")
        conditions = Conditions.of(live)
        stalled = conditions.get(STALLED)
        if stalled is not None and stalled.is_true and _speaks_of(stalled, live, generation):
            raise VerificationError(
                f"{object_id} cannot become ready: {stalled.reason}: {stalled.message}", code="verification.stalled"
            )
        ready = conditions.get(READY)
        is_ready = ready is not None and ready.is_true and _speaks_of(ready, live, generation)
        return live if is_ready and accept(live) else None

    found = wait_for(look, clock, timeout)
    if found is None:
        raise VerificationError(
            f"{object_id} is not ready after {timeout:.0f}s: {_last_word(server, resource_type, object_id)}",
            hint="it goes on trying; `gitless get all` shows how far it is",
            code="verification.timeout",
        )
    return found


def revision_of(live: Body) -> str:
    """What a source fetched or a Kustomization applied last; empty where that was nothing yet."""
    artifact = SourceArtifact.of(live)
    if artifact is not None:
        return artifact.revision
    return str((live.get("status") or {}).get("lastAppliedRevision") or "")


def _speaks_of(condition: Condition, live: Body, generation: int) -> bool:
    """Whether the condition was written for that generation, or a later one."""
    status = (live.get("status") or {}).get("observedGeneration")
    observed = condition.observed_generation or (status if isinstance(status, int) else -1)
    return observed >= generation


def _last_word(server: ApiServer, resource_type: ResourceType, object_id: ObjectId) -> str:
    live = server.read(resource_type, object_id.namespace, object_id.name)
    ready = Conditions.of(live or {}).get(READY)
    if ready is None:
        return "nobody has looked at it; is the puller installed and running (gitless check)?"
    return f"{ready.reason}: {ready.message}"
