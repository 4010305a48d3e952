"""The status of a Kustomization, composed from what was there and what happened; nothing is written here.

Conditions and reasons: kustomize-controller ``internal/controller``; history: ``pkg/apis/meta/history.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.model.documents.durations import format_duration
from pipeline.model.flux import api
from pipeline.model.flux.conditions import Condition, Conditions, Status, timestamp
from pipeline.model.manifests import Body

DRIFTED = "Drifted"
"""Ours: what a Kustomization in report-only mode would correct."""
DRIFT_DETECTED = "DriftDetected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One rendering that was tried, for the history."""

    digest: str
    revision: str
    origin_revision: str
    seconds: float

    def metadata(self) -> dict[str, str]:
        """What the history says about it."""
        origin = {"originRevision": self.origin_revision} if self.origin_revision else {}
        return {"revision": self.revision, **origin}


@dataclass(frozen=True, slots=True)
class Draft:
    """A status in the making; every method returns the next one."""

    generation: int
    requested_at: str
    now: float
    """Seconds since the epoch."""
    conditions: Conditions
    fields: Mapping[str, Any] = field(hash=False)
    """The other fields of the status."""

    @classmethod
    def of(cls, body: Body, now: float) -> Draft:
        """From the object as it is."""
        metadata = body["metadata"]
        requested = (metadata.get("annotations") or {}).get(api.REQUESTED_AT, "")
        fields = {key: value for key, value in (body.get("status") or {}).items() if key != "conditions"}
        return cls(int(metadata.get("generation") or 0), requested, now, Conditions.of(body), fields)

    def at(self, now: float) -> Draft:
        """The same, later."""
        return replace(self, now=now)

    def with_fields(self, **fields: Any) -> Draft:  # noqa: ANN401 - JSON values
        """With these fields; ``None`` removes one."""
        merged = {**self.fields, **fields}
        return replace(self, fields={key: value for key, value in merged.items() if value is not None})

    def with_condition(self, condition_type: str, status: Status, reason: str, message: str) -> Draft:
        """With that condition, observed for the present generation."""
        condition = Condition(condition_type, status, reason, message, self.generation)
        return replace(self, conditions=self.conditions.with_(condition, now=self.now))

    def without_conditions(self, *condition_types: str) -> Draft:
        """Without these conditions."""
        return replace(self, conditions=self.conditions.without(*condition_types))

    def progressing(self, message: str) -> Draft:
        """Something is under way."""
        draft = self.without_conditions(api.STALLED)
        draft = draft.with_condition(api.RECONCILING, "True", api.PROGRESSING, message)
        return draft.with_condition(api.READY, "Unknown", api.PROGRESSING, "Reconciliation in progress")

    def ready(self, revision: str, origin_revision: str, *, health: str = "") -> Draft:
        """Everything is as the revision has it; ``health`` is what the health checks say, empty without any."""
        draft = self.without_conditions(api.RECONCILING, api.STALLED)
        if health:
            draft = draft.with_condition(api.HEALTHY, "True", api.SUCCEEDED, health)
        else:
            draft = draft.without_conditions(api.HEALTHY)
        draft = draft.with_condition(api.READY, "True", api.RECONCILIATION_SUCCEEDED, f"Applied revision: {revision}")
        return draft.with_fields(
            lastAppliedRevision=revision,
            lastAppliedOriginRevision=origin_revision or None,
            lastAttemptedRevision=revision,
            observedGeneration=self.generation,
        ).handled()

    def failed(self, reason: str, message: str) -> Draft:
        """It did not work, and is tried again."""
        draft = self.without_conditions(api.STALLED)
        draft = draft.with_condition(
            api.RECONCILING, "True", api.PROGRESSING_WITH_RETRY, "The reconciliation failed and is tried again"
        )
        if reason in {api.HEALTH_CHECK_FAILED, api.HEALTH_CHECK_CANCELED}:
            draft = draft.with_condition(api.HEALTHY, "False", reason, message)
        return draft.with_condition(api.READY, "False", reason, message).handled()

    def stalled(self, reason: str, message: str) -> Draft:
        """It cannot work before somebody changes something."""
        draft = self.without_conditions(api.RECONCILING)
        draft = draft.with_condition(api.READY, "False", reason, message)
        draft = draft.with_condition(api.STALLED, "True", reason, message)
        return draft.with_fields(observedGeneration=self.generation).handled()

    def handled(self) -> Draft:
        """The request to reconcile now, if there is one, has been answered."""
        return self.with_fields(lastHandledReconcileAt=self.requested_at) if self.requested_at else self

    def recorded(self, attempt: Attempt, reason: str) -> Draft:
        """With the attempt in the history: its like is counted up and comes first."""
        history = self.fields.get("history")
        entries: Sequence[Mapping[str, Any]] = history if isinstance(history, list) else ()
        return self.with_fields(history=upsert(entries, attempt, reason, self.now))

    def status(self) -> dict[str, Any]:
        """As it is stored."""
        return {**self.fields, "conditions": self.conditions.document()}


def upsert(history: Sequence[Mapping[str, Any]], attempt: Attempt, reason: str, now: float) -> list[Mapping[str, Any]]:
    """The history with one attempt more: at most :data:`api.MAX_HISTORY` entries, newest first."""
    like = next(
        (
            item
            for item in history
            if (item.get("digest"), item.get("lastReconciledStatus")) == (attempt.digest, reason)
        ),
        None,
    )
    entry: dict[str, Any] = {
        "digest": attempt.digest,
        "firstReconciled": timestamp(now) if like is None else like.get("firstReconciled") or timestamp(now),
        "lastReconciled": timestamp(now),
        "lastReconciledDuration": format_duration(round(attempt.seconds, 3)),
        "lastReconciledStatus": reason,
        "totalReconciliations": 1 if like is None else int(like.get("totalReconciliations") or 0) + 1,
        "metadata": attempt.metadata(),
    }
    rest = [item for item in history if item is not like]
    return [entry, *rest][: api.MAX_HISTORY]


def last_success(body: Body) -> str:
    """The digest of the rendering that was last reconciled with success; empty where the last one failed."""
    history = (body.get("status") or {}).get("history")
    if not isinstance(history, list) or not history or not isinstance(history[0], Mapping):
        return ""
    latest = history[0]
    is_success = latest.get("lastReconciledStatus") == api.RECONCILIATION_SUCCEEDED
    return str(latest.get("digest") or "") if is_success else ""


def status_patch(before: Body, status: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON merge patch that turns the object's status into that one; empty where nothing differs."""
    old = before.get("status") or {}
    patch: dict[str, Any] = {key: value for key, value in status.items() if old.get(key) != value}
    patch |= {key: None for key in old if key not in status}
    return {key: _replacing(old.get(key), value) for key, value in patch.items()}


def _replacing(old: object, new: object) -> object:
    """What a merge patch must say for the new value: it merges mappings, so what is gone is taken out by name."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    gone = {name: None for name in old if name not in new}
    return {**{name: _replacing(old.get(name), value) for name, value in new.items()}, **gone}
