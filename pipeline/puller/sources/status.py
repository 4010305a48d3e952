"""The status of a source under way, with conditions as source-controller sets them.

Rules: source-controller ``internal/controller/ocirepository_controller.go`` and ``internal/reconcile``, fluxcd/pkg
``runtime/conditions``; what ``kubectl wait``, ``flux get`` and kstatus make of an object rests on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.model.artifact.manifest import ANNOTATION_SOURCE
from pipeline.model.flux.api import (
    ARTIFACT_IN_STORAGE,
    ARTIFACT_OUTDATED,
    FETCH_FAILED,
    NEW_ARTIFACT,
    PROGRESSING_WITH_RETRY,
    READY,
    RECONCILING,
    REQUESTED_AT,
    SOURCE_VERIFIED,
    STALLED,
    STORAGE_OPERATION_FAILED,
    SUCCEEDED,
)
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.conditions import Condition, Conditions, Status, cut
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.manifests import Body
from pipeline.puller.sources.failing import NEW_REVISION, Again, SourceError

MAX_SOURCE_MESSAGE = 4000
"""Characters; a status may hold the same message three times and must stay far below what etcd takes."""
_FIRST = {STALLED: 0, RECONCILING: 1, READY: 2}


class NewStatus:
    """Begins as the status was and becomes what it will be."""

    def __init__(self, body: Body, now: float) -> None:
        self._body = body
        self._now = now
        self._before: Mapping[str, Any] = body.get("status") or {}
        self._conditions = Conditions.of(body)
        self._generation = int(body["metadata"].get("generation") or 0)
        self.artifact = SourceArtifact.of(body)
        self._observed = {
            key: self._before[key]
            for key in ("observedIgnore", "observedLayerSelector")
            if self._before.get(key) is not None
        }
        self._progress = self._first_progress()

    @property
    def is_verified(self) -> bool:
        """Whether a signature was accepted for this very generation of the object."""
        found = self._conditions.get(SOURCE_VERIFIED)
        return found is not None and found.is_true and found.observed_generation == self._generation

    @property
    def is_asked_anew(self) -> bool:
        """Whether the spec has changed since the object was brought up to date, or never was."""
        return self._before.get("observedGeneration") != self._generation

    def begin(self) -> None:
        """Forget what is to be found out anew."""
        self._clear(STALLED, STORAGE_OPERATION_FAILED)
        found = self._conditions.get(SOURCE_VERIFIED)
        if found is not None and not found.is_true:
            self._clear(SOURCE_VERIFIED)

    def outdated(self, revision: str, name: str) -> None:
        """There is a new revision."""
        message = f"new revision '{revision}' for '{name}'"
        if self.artifact is not None:
            self._mark(ARTIFACT_OUTDATED, "True", NEW_REVISION, message)
        self._progress = f"building artifact: {message}"

    def verified(self, revision: str, policies: str = "") -> None:
        """Its signature was accepted; ``policies`` are those that it satisfies beyond what the spec asks for."""
        by = f" by the trust policy {policies}" if policies else ""
        self._mark(SOURCE_VERIFIED, "True", SUCCEEDED, f"verified signature of revision {revision}{by}")

    def unverified(self) -> None:
        """Nobody asks for a signature any more."""
        self._clear(SOURCE_VERIFIED)

    def observe(self, content_configuration: Mapping[str, Any]) -> None:
        """The artifact was made by these values of ``observedIgnore`` and ``observedLayerSelector``."""
        self._observed = dict(content_configuration)

    def was_made_by(self, content_configuration: Mapping[str, Any]) -> bool:
        """Whether the artifact was made by these values."""
        return self._observed == dict(content_configuration)

    def succeed(self) -> tuple[ObjectEvent, ...]:
        """The artifact is there and up to date; returns what there is to tell."""
        assert self.artifact is not None  # noqa: S101 - who calls this has just set it
        self._clear(FETCH_FAILED, STORAGE_OPERATION_FAILED, ARTIFACT_OUTDATED, RECONCILING, STALLED)
        message = f"stored artifact for digest '{self.artifact.revision}'"
        self._mark(ARTIFACT_IN_STORAGE, "True", SUCCEEDED, message)
        self._mark(READY, "True", SUCCEEDED, message)
        return self._news(self.artifact)

    def fail(self, error: SourceError) -> tuple[ObjectEvent, ...]:
        """It could not be brought up to date; the last good artifact stays. Returns what there is to tell."""
        message = cut(error.message, MAX_SOURCE_MESSAGE)
        self._mark(error.condition, "False" if error.condition == SOURCE_VERIFIED else "True", error.reason, message)
        self._clear(STALLED, RECONCILING)
        if error.again is Again.WHEN_CHANGED:
            self._mark(STALLED, "True", error.reason, message)
        else:
            self._mark(RECONCILING, "True", PROGRESSING_WITH_RETRY, self._progress)
        if self.artifact is None:
            self._clear(ARTIFACT_IN_STORAGE)
        self._mark(READY, "False", error.reason, message)
        return (ObjectEvent(Severity.ERROR, error.reason, message),)

    def document(self, *, handled: bool) -> dict[str, Any]:
        """The whole status; ``handled`` where this generation needs no more work."""
        observed = self._generation if handled else int(self._before.get("observedGeneration") or -1)
        conditions = sorted(self._conditions, key=lambda item: (_FIRST.get(item.type, len(_FIRST)), item.type))
        requested = (self._body["metadata"].get("annotations") or {}).get(REQUESTED_AT)
        handled_at = requested or self._before.get("lastHandledReconcileAt")
        optional = {
            "url": self.artifact.url if self.artifact else None,
            "artifact": self.artifact.document() if self.artifact else None,
            "lastHandledReconcileAt": handled_at,
            **self._observed,
        }
        status = {"observedGeneration": observed, "conditions": [item.document() for item in conditions]}
        return status | {key: value for key, value in optional.items() if value is not None}

    def _first_progress(self) -> str:
        if self.artifact is None:
            return "building artifact"
        observed = self._before.get("observedGeneration")
        if observed != self._generation:
            return f"processing object: new generation {observed} -> {self._generation}"
        return "reconciliation in progress"

    def _news(self, artifact: SourceArtifact) -> tuple[ObjectEvent, ...]:
        before = SourceArtifact.of(self._body)
        failures = Conditions.of(self._body)
        recovered = any(failures.get(kind) is not None for kind in (FETCH_FAILED, STORAGE_OPERATION_FAILED))
        is_new = before is None or before.digest != artifact.digest
        if not is_new and not recovered:
            return ()
        url = str(self._body["spec"].get("url"))
        message = f"stored artifact with revision '{artifact.revision}' from '{url}'"
        source = artifact.metadata.get(ANNOTATION_SOURCE)
        if source and artifact.origin_revision:
            message += f", origin source '{source}', origin revision '{artifact.origin_revision}'"
        metadata = {"revision": artifact.revision, "digest": artifact.digest}
        if artifact.origin_revision:
            metadata["originRevision"] = artifact.origin_revision
        reason = NEW_ARTIFACT if is_new else SUCCEEDED
        return (ObjectEvent(Severity.INFO, reason, cut(message, MAX_SOURCE_MESSAGE), metadata),)

    def _mark(self, condition_type: str, status: Status, reason: str, message: str) -> None:
        condition = Condition(condition_type, status, reason, cut(message, MAX_SOURCE_MESSAGE), self._generation)
        self._conditions = self._conditions.with_(condition, now=self._now)

    def _clear(self, *condition_types: str) -> None:
        self._conditions = self._conditions.without(*condition_types)
