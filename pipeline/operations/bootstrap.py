"""Install the puller, and make the cluster reconcile its own configuration from an artifact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pipeline.errors import ClusterError, VerificationError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES, SECRETS
from pipeline.model.installation.options import InstallOptions
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.outcome.bootstrap import BootstrapResult
from pipeline.model.plan import Change
from pipeline.operations.create import await_ready, revision_of
from pipeline.operations.install import InstallSettings, install
from pipeline.operations.writing import apply_object, wait_for
from pipeline.ports import ApiServer, Clock, Reporter

_TYPES: Final = {kind.kind: kind for kind in (SECRETS, OCI_REPOSITORIES, KUSTOMIZATIONS)}
_SERVED_WITHIN: Final = 30.0


def bootstrap(
    options: InstallOptions,
    objects: Sequence[Body],
    server: ApiServer,
    settings: InstallSettings,
    *,
    artifact: str,
    digest: str,
    reporter: Reporter,
    clock: Clock,
) -> BootstrapResult:
    """Install, write the objects, and wait until they are ready; the second time nothing changes.

    Args:
        options: the installation.
        objects: what :func:`~pipeline.model.creating.bootstrapping.bootstrap_objects` made.
        server: the cluster.
        settings: how to go about it.
        artifact: how the artifact was named, for the result.
        digest: what must have been applied in the end; empty: whatever the source finds.
        reporter: hears what is done.
        clock: for waiting.

    Raises:
        VerificationError: it is not ready in time.
        RefusedError: as :func:`~pipeline.operations.install.install` does.
        ClusterError: anything else.
    """
    installed = install(options, server, settings, reporter=reporter, clock=clock)
    changes = () if settings.dry_run else _write(objects, server, reporter, clock)
    revision = ""
    ready = settings.wait and not settings.dry_run
    if ready:
        stored = {change.object_id.kind: change.object_id for change in changes}
        for kind in (OCI_REPOSITORIES, KUSTOMIZATIONS):
            live = _await_digest(server, kind, stored[kind.kind], digest, settings.timeout, reporter, clock)
            revision = revision_of(live)
    return BootstrapResult(
        artifact=artifact,
        path=str(objects[-1]["spec"]["path"]),
        installed=installed,
        changes=changes,
        ready=ready,
        revision=revision,
    )


def _write(objects: Sequence[Body], server: ApiServer, reporter: Reporter, clock: Clock) -> tuple[Change, ...]:
    _await_kinds(server, clock)
    changes = []
    for body in objects:
        change = apply_object(server, _TYPES[body["kind"]], body, dry_run=False)
        reporter.info(f"{change.action.value} {change.object_id}")
        changes.append(change)
    return tuple(changes)


def _await_kinds(server: ApiServer, clock: Clock) -> None:
    """Definitions that were just established may take a moment to be served."""
    for kind in (OCI_REPOSITORIES, KUSTOMIZATIONS):

        def look(kind: ResourceType = kind) -> ResourceType | None:
            return server.resource_type(kind.api_version, kind.kind)

        if wait_for(look, clock, _SERVED_WITHIN) is None:
            raise ClusterError(
                f"{kind.kind} of {kind.api_version} is defined, and not served after {_SERVED_WITHIN:.0f}s",
                hint="try again",
                code="cluster.kind-unknown",
            )


def _await_digest(
    server: ApiServer,
    kind: ResourceType,
    object_id: ObjectId,
    digest: str,
    timeout: float,
    reporter: Reporter,
    clock: Clock,
) -> Body:
    reporter.info(f"waiting for {object_id} to be ready" + (f" at {digest}" if digest else ""))
    generation = int(_metadata(server, kind, object_id).get("generation") or 0)
    return await_ready(
        server,
        kind,
        object_id,
        generation,
        timeout=timeout,
        clock=clock,
        accept=lambda live: revision_of(live).endswith(digest),
    )


def _metadata(server: ApiServer, kind: ResourceType, object_id: ObjectId) -> dict[str, Any]:
    live = server.read(kind, object_id.namespace, object_id.name)
    if live is None:
        raise VerificationError(f"{object_id} was deleted while it was waited for", code="verification.gone")
    return dict(live["metadata"])
