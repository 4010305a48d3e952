"""One Kustomization, from its source's artifact to a status that says what became of it.

The order is Flux's: source, dependencies, build, apply, prune, health. Health is not waited for here: that is handed to
whoever looks for all, and the reconciliation is finished when it is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ExpressionError, PipelineError
from pipeline.model.applying.inventory import Inventory
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.inventory import inventory_document
from pipeline.model.flux.kustomization import KustomizationSpec, read_kustomization
from pipeline.model.flux.kustomization_status import Attempt, Draft
from pipeline.model.flux.outcome import ObjectEvent, Outcome, Severity
from pipeline.model.flux.reading import InvalidObjectError
from pipeline.model.health import Health
from pipeline.model.health.expressions import HealthRules
from pipeline.model.manifests import Body, ObjectId
from pipeline.puller.health_waits import HealthWait, Verdicts
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY, Key
from pipeline.puller.kustomizations import drift
from pipeline.puller.kustomizations.applying import Applied, apply_rendered
from pipeline.puller.kustomizations.awaiting import (
    awaited_objects,
    finished_jobs,
    own_id,
    timeout_message,
    wants_health,
)
from pipeline.puller.kustomizations.dependencies import check_dependencies
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.records import Record
from pipeline.puller.kustomizations.rendering import Inputs, Rendered, gather_inputs, render
from pipeline.puller.kustomizations.status_inventory import StatusInventory, inventory_of, status_entries
from pipeline.puller.kustomizations.stops import StopError
from pipeline.puller.kustomizations.targets import Target
from pipeline.puller.kustomizations.unchanged import unchanged_healths


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything is applied, and its health is still to come; ``finish`` makes the outcome of what is found."""

    wait: HealthWait
    finish: Callable[[Body, Verdicts], Outcome] = field(compare=False)
    events: tuple[ObjectEvent, ...] = ()


def reconcile_kustomization(
    body: Body, parts: Parts, *, since: float, deadline: float | None = None
) -> Outcome | Waiting:
    """Bring what the Kustomization names to what its source has; never raises for what is wrong with it alone.

    ``since`` (``time.monotonic``): when the last reason to look came up. ``deadline`` (seconds since the epoch): until
    when an earlier wait for the same would have gone on.
    """
    run = _Run(body, parts, since, deadline)
    try:
        return run.reconcile()
    except StopError as stop:
        return run.stopped(stop)
    except PipelineError as error:
        if error.code == "refused.led":
            raise
        return run.stopped(StopError(api.RECONCILIATION_FAILED, error.message))


class _Run:
    """One reconciliation under way."""

    def __init__(self, body: Body, parts: Parts, since: float, deadline: float | None) -> None:
        self._body = body
        self._parts = parts
        self._since = since
        self._deadline = deadline
        self._began = parts.clock.now()
        self._draft = Draft.of(body, self._began)
        self._spec: KustomizationSpec | None = None
        self._artifact: SourceArtifact | None = None
        self._digest = ""

    def reconcile(self) -> Outcome | Waiting:
        spec = self._spec = self._read()
        rules = self._rules(spec)
        source, artifact = self._source(spec)
        self._artifact = artifact
        check_dependencies(
            self._body, spec, artifact, self._find, self._parts.expressions, self._parts.options.requeue_dependency
        )
        target = self._parts.targets.of(spec, self._namespace)
        inputs = gather_inputs(self._body, spec, artifact, source, self._parts)
        record = self._record(target)
        if record is not None and record.inputs == inputs.hash and not self._owes_pruning(record):
            healths = unchanged_healths(record, target, self._parts.snapshots, since=self._since, with_health=spec.wait)
            if healths is not None:
                return self._unchanged(record, healths, target, rules, spec)
        rendered = render(self._body, spec, inputs, self._parts)
        self._digest = rendered.digest
        store = StatusInventory(self._body, record, self._announce, self._parts.is_leading)
        if drift.is_report_only(self._body, rendered.digest):
            return self._report(spec, rendered, target, store)
        applied = apply_rendered(self._body, spec, rendered, target, store, self._parts)
        record = self._remember(inputs, rendered, target, applied)
        return self._after_applying(spec, rules, target, record, applied)

    def stopped(self, stop: StopError) -> Outcome:
        """The outcome of a reconciliation that ended early."""
        draft = self._draft.at(self._parts.clock.now())
        if self._artifact is not None and stop.reason != api.DEPENDENCY_NOT_READY:
            draft = draft.with_fields(lastAttemptedRevision=self._artifact.revision)
        if self._digest and self._artifact is not None:
            draft = draft.recorded(self._attempt(), stop.reason)
        # What was announced stays listed: it may be in the cluster.
        listed = self._parts.kustomizations.get(Key.of(KUSTOMIZATION, self._body))
        inventory = ((listed or self._body).get("status") or {}).get("inventory")
        draft = draft.with_fields(inventory=inventory)
        draft = draft.stalled(stop.reason, stop.message) if stop.is_final else draft.failed(stop.reason, stop.message)
        severity = Severity.INFO if stop.is_waiting else Severity.ERROR
        event = ObjectEvent(severity, stop.reason, stop.message, self._event_metadata())
        retry = stop.retry_after
        if retry is None and self._spec is not None:
            retry = self._spec.interval if stop.is_final else self._spec.effective_retry_interval
        return Outcome(status=draft.status(), events=(event,), requeue_after=retry, succeeded=False)

    @property
    def _namespace(self) -> str:
        return str(self._body["metadata"].get("namespace") or "")

    def _read(self) -> KustomizationSpec:
        try:
            return read_kustomization(self._body)
        except InvalidObjectError as error:
            raise StopError(api.INVALID_SPEC, error.message, is_final=True) from None

    def _rules(self, spec: KustomizationSpec) -> HealthRules:
        rules = HealthRules(spec.health_expressions, self._parts.expressions)
        try:
            rules.check()
        except ExpressionError as error:
            raise StopError(api.INVALID_CEL_EXPRESSION, error.message, is_final=True) from None
        return rules

    def _source(self, spec: KustomizationSpec) -> tuple[Body, SourceArtifact]:
        reference = spec.source
        if reference.kind != OCI_REPOSITORY:
            raise StopError(
                api.ARTIFACT_FAILED,
                f"spec.sourceRef.kind is {reference.kind}, and this puller serves {OCI_REPOSITORY} alone;"
                " Flux's own controllers serve the others",
                is_final=True,
            )
        if self._parts.options.no_cross_namespace_refs and reference.namespace != self._namespace:
            raise StopError(
                api.ACCESS_DENIED,
                f"can't access '{reference}', cross-namespace references have been blocked",
                is_final=True,
            )
        found = self._parts.sources.get(Key(OCI_REPOSITORY, reference.namespace, reference.name))
        if found is None:
            raise StopError(api.ARTIFACT_FAILED, f"Source '{reference}' not found", is_waiting=True)
        artifact = SourceArtifact.of(found)
        if artifact is None:
            wait = self._parts.options.requeue_dependency
            message = f"Source artifact not found, retrying in {format_duration(wait)}"
            raise StopError(api.ARTIFACT_FAILED, message, retry_after=wait, is_waiting=True)
        return found, artifact

    def _find(self, namespace: str, name: str) -> Body | None:
        return self._parts.kustomizations.get(Key(KUSTOMIZATION, namespace, name))

    def _record(self, target: Target) -> Record | None:
        record = self._parts.records.get(str(self._body["metadata"].get("uid", "")))
        return record if record is not None and record.identity == target.identity else None

    def _owes_pruning(self, record: Record) -> bool:
        """Whether the status lists what was not applied last, such as after a crash."""
        return inventory_of(self._body, None).applied.keys() != record.applied.keys()

    def _announce(self, inventory: Inventory) -> None:
        """Say in the status what is about to be in the cluster, before anything is written."""
        assert self._artifact is not None  # noqa: S101 - nothing is announced before there is one
        draft = self._draft.at(self._parts.clock.now()).progressing(
            f"Applying revision {self._artifact.revision} with a timeout of {format_duration(self._timeout)}"
        )
        draft = draft.with_fields(
            lastAttemptedRevision=self._artifact.revision, inventory=inventory_document(status_entries(inventory))
        )
        self._parts.save_status(self._body, draft.status())

    @property
    def _timeout(self) -> float:
        assert self._spec is not None  # noqa: S101 - read first of all
        return self._spec.effective_timeout

    def _unchanged(
        self,
        record: Record,
        healths: Mapping[ObjectId, Health | None],
        target: Target,
        rules: HealthRules,
        spec: KustomizationSpec,
    ) -> Outcome | Waiting:
        self._digest = record.digest
        is_plain = spec.wait and not spec.health_expressions
        if not wants_health(spec):
            return self._succeeded(record, health="", changed=False)
        if is_plain and all(item is None or item.is_current for item in healths.values()):
            return self._succeeded(record, health=self._passed(), changed=False)
        return self._wait(spec, rules, target, record, frozenset(), ())

    def _after_applying(
        self, spec: KustomizationSpec, rules: HealthRules, target: Target, record: Record, applied: Applied
    ) -> Outcome | Waiting:
        events = self._change_events(applied)
        if not wants_health(spec):
            return self._succeeded(record, health="", changed=bool(events), events=events)
        return self._wait(spec, rules, target, record, applied.skipped, events)

    def _wait(
        self,
        spec: KustomizationSpec,
        rules: HealthRules,
        target: Target,
        record: Record,
        skipped: frozenset[ObjectId],
        events: tuple[ObjectEvent, ...],
    ) -> Outcome | Waiting:
        applied = ((key, item.api_version) for key, item in record.applied.items() if key not in skipped)
        awaited = awaited_objects(applied, record.finished_jobs, spec, rules, own_id(self._body))
        if not awaited:
            return self._succeeded(
                record, health=self._passed() if spec.wait else "", changed=bool(events), events=events
            )
        deadline = self._deadline or self._parts.clock.now() + self._timeout
        wait = HealthWait(Key.of(KUSTOMIZATION, self._body), target.identity, target.cluster, awaited, deadline)

        def finish(body: Body, verdicts: Verdicts) -> Outcome:
            self._draft = Draft.of(body, self._parts.clock.now())
            self._body = body
            if verdicts.is_healthy:
                return self._succeeded(record, health=self._passed(), changed=bool(events))
            took = format_duration(round(self._parts.clock.now() - self._began, 3))
            stop = StopError(api.HEALTH_CHECK_FAILED, f"health check failed after {took}: {timeout_message(verdicts)}")
            return self.stopped(stop)

        return Waiting(wait, finish, events)

    def _passed(self) -> str:
        return f"Health check passed in {format_duration(round(self._parts.clock.now() - self._began, 3))}"

    def _succeeded(
        self, record: Record, *, health: str, changed: bool, events: tuple[ObjectEvent, ...] = ()
    ) -> Outcome:
        assert self._artifact is not None  # noqa: S101 - nothing succeeds without
        assert self._spec is not None  # noqa: S101 - the same
        was_ready = self._draft.conditions.is_true(api.READY)
        before = self._draft.fields.get("lastAppliedRevision")
        draft = self._draft.at(self._parts.clock.now())
        if not changed and health and draft.conditions.is_true(api.HEALTHY):
            # Nothing new: the old text is as true as another time would be.
            found = draft.conditions.get(api.HEALTHY)
            health = found.message if found is not None and found.message else health
        draft = draft.ready(self._artifact.revision, self._artifact.origin_revision, health=health)
        listed = Inventory(self._namespace, self._body["metadata"]["name"], record.applied)
        draft = draft.with_fields(inventory=inventory_document(status_entries(listed)))
        draft = draft.without_conditions(drift.DRIFTED).recorded(self._attempt(), api.RECONCILIATION_SUCCEEDED)
        told = list(events)
        if changed or not was_ready or before != self._artifact.revision:
            seconds = format_duration(round(self._parts.clock.now() - self._began, 3))
            text = f"Reconciliation finished in {seconds}, next run in {format_duration(self._spec.interval)}"
            metadata = {**self._event_metadata(), "commit_status": "update"}
            told.append(ObjectEvent(Severity.INFO, api.RECONCILIATION_SUCCEEDED, text, metadata))
        return Outcome(status=draft.status(), events=tuple(told), requeue_after=self._spec.interval)

    def _report(self, spec: KustomizationSpec, rendered: Rendered, target: Target, store: StatusInventory) -> Outcome:
        """Only tell what applying would correct."""
        found = drift.find(self._body, spec, rendered, target, store, self._parts)
        draft = self._draft.at(self._parts.clock.now()).handled()
        draft = draft.without_conditions(api.RECONCILING, api.STALLED)
        draft = draft.with_fields(observedGeneration=draft.generation)
        draft, events = drift.told(draft, found, self._event_metadata())
        return Outcome(status=draft.status(), events=events, requeue_after=spec.interval)

    def _remember(self, inputs: Inputs, rendered: Rendered, target: Target, applied: Applied) -> Record:
        record = Record(
            inputs=inputs.hash,
            digest=rendered.digest,
            identity=target.identity,
            applied=applied.inventory.applied,
            finished_jobs=finished_jobs(rendered.manifests),
        )
        self._parts.records.put(str(self._body["metadata"].get("uid", "")), record)
        return record

    def _attempt(self) -> Attempt:
        assert self._artifact is not None  # noqa: S101 - nothing is rendered without
        return Attempt(
            digest=self._digest,
            revision=self._artifact.revision,
            origin_revision=self._artifact.origin_revision,
            seconds=self._parts.clock.now() - self._began,
        )

    def _change_events(self, applied: Applied) -> tuple[ObjectEvent, ...]:
        from pipeline.model.plan import Plan
        from pipeline.puller.kustomizations.applying import change_lines

        lines = change_lines(Plan(applied.changes))
        if not lines:
            return ()
        return (ObjectEvent(Severity.INFO, api.PROGRESSING, lines, self._event_metadata()),)

    def _event_metadata(self) -> Mapping[str, str]:
        if self._artifact is None:
            return {}
        origin = self._artifact.origin_revision
        return {"revision": self._artifact.revision, **({"originRevision": origin} if origin else {})}
