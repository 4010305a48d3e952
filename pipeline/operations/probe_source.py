"""Probe: see whether the puller in a cluster refuses an artifact, by a source that is verified as another one is."""

from __future__ import annotations

from typing import Any, Final

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.printable import printable
from pipeline.model.flux.api import OCI_REPOSITORIES, READY, SHARD_LABEL, SOURCE_VERIFIED, STALLED
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.conditions import Condition, Conditions
from pipeline.model.manifests import Body, Resource
from pipeline.model.outcome.trust_check import DoorOutcome, DoorTrial
from pipeline.operations.create import MANAGER
from pipeline.operations.writing import wait_for
from pipeline.ports import ApiServer, Clock

DOOR: Final = "puller"
_REFUSED: Final = "VerificationError"
_POLICY: Final = "gitless.dev/trust-policy"
"""Annotation by which a source names its trust policy."""
_WIDTH: Final = 400
_GOING: Final = 30.0
"""Seconds that the deletion may take."""


def probe_body(source: Body, artifact: PinnedReference, name: str) -> Body:
    """A source of the artifact beside another one, verified and logged in alike; nothing is applied from it."""
    spec = {key: value for key, value in source["spec"].items() if key not in {"ref", "url", "suspend"}}
    metadata: dict[str, Any] = {"name": name, "namespace": source["metadata"]["namespace"]}
    for kind, key in (("annotations", _POLICY), ("labels", SHARD_LABEL)):
        value = (source["metadata"].get(kind) or {}).get(key)
        if value is not None:
            metadata[kind] = {key: value}
    return {
        "apiVersion": OCI_REPOSITORIES.api_version,
        "kind": OCI_REPOSITORIES.kind,
        "metadata": metadata,
        "spec": {**spec, "url": str(artifact.repository), "ref": {"digest": artifact.digest}},
    }


def probe_source(body: Body, what: str, server: ApiServer, clock: Clock, *, timeout: float) -> DoorTrial:
    """Create the source, wait for the puller's word, and delete the source again; ``what`` is wrong with the artifact.

    Raises:
        ClusterError: it could not be created, read or deleted.
    """
    created = server.create(OCI_REPOSITORIES, body, manager=MANAGER)
    object_id = Resource.from_body(body).id
    try:
        decided = wait_for(
            lambda: _decided(server.read(OCI_REPOSITORIES, object_id.namespace, object_id.name)), clock, timeout
        )
        outcome, message = decided or (
            DoorOutcome.UNKNOWN,
            _last_word(server.read(OCI_REPOSITORIES, object_id.namespace, object_id.name), timeout),
        )
    finally:
        server.delete(OCI_REPOSITORIES, object_id, uid=created["metadata"]["uid"])
        # Flux's controller holds it by a finalizer for a moment.
        wait_for(
            lambda: server.read(OCI_REPOSITORIES, object_id.namespace, object_id.name) is None or None, clock, _GOING
        )
    return DoorTrial(
        door=DOOR,
        artifact=what,
        digest_url=f"{body['spec']['url']}@{body['spec']['ref']['digest']}",
        outcome=outcome,
        code=_REFUSED if outcome is DoorOutcome.REFUSED else "",
        message=printable(message, _WIDTH),
    )


def _decided(live: Body | None) -> tuple[DoorOutcome, str] | None:
    """What the puller has made of it; ``None`` while it may yet change its mind."""
    if live is None:
        return DoorOutcome.UNKNOWN, "somebody else deleted the source"
    conditions = Conditions.of(live)
    artifact = SourceArtifact.of(live)
    if artifact is not None or conditions.is_true(READY):
        return DoorOutcome.ACCEPTED, f"it serves {artifact.revision}" if artifact else "the source is ready"
    for kind in (SOURCE_VERIFIED, READY):
        found = conditions.get(kind)
        if found is not None and found.status == "False" and found.reason == _REFUSED:
            return DoorOutcome.REFUSED, found.message
    stalled = conditions.get(STALLED)
    if stalled is not None and stalled.is_true:
        return DoorOutcome.UNKNOWN, _told(stalled)
    return None


def _last_word(live: Body | None, timeout: float) -> str:
    ready = Conditions.of(live or {}).get(READY)
    if ready is None:
        return f"nobody has looked at the source for {timeout:.0f}s; is the puller installed and running?"
    return f"no verdict after {timeout:.0f}s: {_told(ready)}"


def _told(condition: Condition) -> str:
    return f"{condition.reason}: {condition.message}"
