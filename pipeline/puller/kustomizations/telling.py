"""What one reconciliation says: its status on the way and at the end, and its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.artifact.manifest import ANNOTATION_SOURCE
from pipeline.model.deployments.record import Deployed
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.inventory import inventory_document
from pipeline.model.flux.kustomization import KustomizationSpec
from pipeline.model.flux.kustomization_status import Attempt, Draft
from pipeline.model.flux.outcome import ObjectEvent, Outcome, Severity
from pipeline.model.manifests import Body, ObjectId
from pipeline.model.plan import Change, Plan
from pipeline.puller.deployments import Deployment
from pipeline.puller.keys import KUSTOMIZATION, Key
from pipeline.puller.kustomizations import drift
from pipeline.puller.kustomizations.applying import change_lines
from pipeline.puller.kustomizations.awaiting import wants_health
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.status_inventory import status_entries
from pipeline.puller.kustomizations.stops import StopError

Applied = Mapping[ObjectId, InventoryEntry]


class Telling:
    """The status in the making, and what is known so far about the attempt."""

    def __init__(self, body: Body, parts: Parts) -> None:
        self._body = body
        self._parts = parts
        self._began = parts.clock.now()
        self._draft = Draft.of(body, self._began)
        self._applied: Applied | None = None
        self.has_announced = False
        """Whether the status says already that something is under way."""
        self.spec: KustomizationSpec | None = None
        self.artifact: SourceArtifact | None = None
        self.digest = ""
        """Of the rendering; empty before there is one."""
        self.overridden: tuple[str, ...] = ()
        """Guards that were overridden for what was applied."""

    @property
    def revision(self) -> str:
        """Of the artifact; empty before it is known."""
        return self.artifact.revision if self.artifact is not None else ""

    def go_on_with(self, body: Body) -> None:
        """The object as it is now, some time later."""
        self._body, self._draft = body, Draft.of(body, self._parts.clock.now())

    def applied(self, applied: Applied) -> None:
        """Everything is applied and pruned; this is what is in the cluster now."""
        self._applied = applied

    def announce(self, inventory: Inventory) -> None:
        """Say in the status what is about to be in the cluster, before anything is written.

        Raises:
            ClusterError: it could not be said, so that nothing must be written.
        """
        draft = self._unknown_health(self._progressing("Applying"))
        self._save(draft.with_fields(inventory=inventory_document(status_entries(inventory))))

    def announce_waiting(self) -> None:
        """Say that health is being waited for, unless something like it was said before.

        Raises:
            ClusterError: it could not be said.
        """
        if not self.has_announced:
            self._save(self._unknown_health(self._progressing("Running health checks for")))

    def stopped(self, stop: StopError) -> Outcome:
        """It ended early."""
        if not stop.is_waiting:
            self._tell_deployed(Deployed.FAILED, stop.reason)
        draft = self._now()
        if self.artifact is not None and stop.reason != api.DEPENDENCY_NOT_READY:
            draft = draft.with_fields(lastAttemptedRevision=self.artifact.revision)
        if self.digest:
            draft = draft.recorded(self._attempt(), stop.reason)
        draft = draft.with_fields(inventory=self._inventory())
        draft = draft.without_conditions(api.GUARD_TRIPPED)
        if stop.reason == api.GUARD_TRIPPED:
            draft = draft.with_condition(api.GUARD_TRIPPED, "True", stop.reason, stop.message)
        draft = draft.stalled(stop.reason, stop.message) if stop.is_final else draft.failed(stop.reason, stop.message)
        severity = Severity.INFO if stop.is_waiting else Severity.ERROR
        event = ObjectEvent(severity, stop.reason, stop.message, self._metadata())
        retry = stop.retry_after
        if retry is None and self.spec is not None:
            retry = self.spec.interval if stop.is_final else self.spec.effective_retry_interval
        return Outcome(status=draft.status(), events=(event,), requeue_after=retry, succeeded=False)

    def succeeded(self, *, health: str = "", events: Iterable[ObjectEvent] = (), has_changed: bool = False) -> Outcome:
        """All is as the artifact has it; ``health`` is what the checks say, empty without any."""
        artifact, spec = self._known()
        self._tell_deployed(Deployed.HEALTHY if health else Deployed.APPLIED)
        before, draft = self._draft, self._now()
        healthy = draft.conditions.get(api.HEALTHY)
        if health and not has_changed and healthy is not None and healthy.is_true:
            # Nothing new: the old text is as true as another number of seconds would be.
            health = healthy.message or health
        draft = draft.ready(artifact.revision, artifact.origin_revision, health=health)
        if draft.conditions.get(drift.DRIFTED) is not None:
            self._parts.tell_drift(Key.of(KUSTOMIZATION, self._body), 0)
        draft = draft.with_fields(inventory=self._inventory()).without_conditions(drift.DRIFTED, api.GUARD_TRIPPED)
        draft = draft.recorded(self._attempt(), api.RECONCILIATION_SUCCEEDED)
        told = list(events)
        is_news = not before.conditions.is_true(api.READY)
        if has_changed or is_news or before.fields.get("lastAppliedRevision") != artifact.revision:
            text = f"Reconciliation finished in {self.took()}, next run in {format_duration(spec.interval)}"
            metadata = {**self._metadata(), "commit_status": "update"}
            told.append(ObjectEvent(Severity.INFO, api.RECONCILIATION_SUCCEEDED, text, metadata))
        return Outcome(status=draft.status(), events=tuple(told), requeue_after=spec.interval)

    def reported(self, changes: tuple[Change, ...]) -> Outcome:
        """Drift was looked for and is only told."""
        artifact, spec = self._known()
        draft = self._now()
        ready, healthy = draft.conditions.get(api.READY), draft.conditions.get(api.HEALTHY)
        if ready is None or (not ready.is_true and ready.reason != api.HEALTH_CHECK_FAILED):
            # What kept it from being looked at is over, and this very rendering was applied before.
            health = healthy.message if healthy is not None and healthy.is_true else ""
            draft = draft.ready(artifact.revision, artifact.origin_revision, health=health)
        draft = draft.handled().without_conditions(api.RECONCILING, api.STALLED)
        draft = draft.with_fields(observedGeneration=draft.generation)
        draft, events = drift.told(draft, changes, self._metadata())
        self._parts.tell_drift(Key.of(KUSTOMIZATION, self._body), len(changes))
        return Outcome(status=draft.status(), events=events, requeue_after=spec.interval)

    def change_events(self, changes: tuple[Change, ...], overridden: tuple[str, ...]) -> tuple[ObjectEvent, ...]:
        """One event for everything that was done to the cluster; none where nothing was."""
        guards = [f"a guard was overridden: {line}" for line in overridden]
        lines = "\n".join(line for line in (*guards, change_lines(Plan(changes))) if line)
        return (ObjectEvent(Severity.INFO, api.PROGRESSING, lines, self._metadata()),) if lines else ()

    def passed(self) -> str:
        """What health checks say that went well."""
        return f"Health check passed in {self.took()}"

    def took(self) -> str:
        """How long it has taken so far."""
        return format_duration(round(self._parts.clock.now() - self._began, 3))

    def _tell_deployed(self, result: Deployed, message: str = "") -> None:
        """Have it recorded, but for clusters that have no name in records."""
        tell, artifact, spec = self._parts.tell_deployed, self.artifact, self.spec
        if tell is None or artifact is None or spec is None:
            return
        cluster = self._parts.options.recorded_cluster(spec, self._body["metadata"]["namespace"])
        if not cluster:
            return
        tell(
            Deployment(
                body=self._body,
                cluster=cluster,
                source=(spec.source.namespace, spec.source.name),
                digest=artifact.manifest_digest,
                rendering=self.digest,
                time=self._parts.clock.now(),
                result=result,
                message=message,
                path=spec.path,
                origin=artifact.metadata.get(ANNOTATION_SOURCE, ""),
                revision=artifact.origin_revision,
                overrides=self.overridden,
                applied=self._applied,
                has_secret_inputs=spec.has_secret_inputs,
            )
        )

    def _progressing(self, what: str) -> Draft:
        artifact, spec = self._known()
        timeout = format_duration(spec.effective_timeout)
        draft = self._now().progressing(f"{what} revision {artifact.revision} with a timeout of {timeout}")
        return draft.with_fields(lastAttemptedRevision=artifact.revision)

    def _unknown_health(self, draft: Draft) -> Draft:
        """What was healthy may not be any more, until it has been looked at."""
        if not wants_health(self._known()[1]):
            return draft
        return draft.with_condition(api.HEALTHY, "Unknown", api.PROGRESSING, "Health checks are still to come")

    def _save(self, draft: Draft) -> None:
        self._parts.save_status(self._body, draft.status())
        self.has_announced = True

    def _now(self) -> Draft:
        return self._draft.at(self._parts.clock.now())

    def _inventory(self) -> object:
        """What is in the cluster; before all is applied that is what was announced."""
        if self._applied is not None:
            metadata = self._body["metadata"]
            return inventory_document(status_entries(Inventory(metadata["namespace"], metadata["name"], self._applied)))
        saved = self._parts.kustomizations.get(Key.of(KUSTOMIZATION, self._body)) or self._body
        return (saved.get("status") or {}).get("inventory")

    def _attempt(self) -> Attempt:
        artifact, _ = self._known()
        seconds = self._parts.clock.now() - self._began
        origin = artifact.origin_revision
        return Attempt(digest=self.digest, revision=artifact.revision, origin_revision=origin, seconds=seconds)

    def _metadata(self) -> Mapping[str, str]:
        if self.artifact is None:
            return {}
        origin = self.artifact.origin_revision
        return {"revision": self.artifact.revision, **({"originRevision": origin} if origin else {})}

    def _known(self) -> tuple[SourceArtifact, KustomizationSpec]:
        assert self.artifact is not None  # noqa: S101 - read before anything is rendered
        assert self.spec is not None  # noqa: S101 - read first of all
        return self.artifact, self.spec
