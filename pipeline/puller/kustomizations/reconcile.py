"""One Kustomization, from its source's artifact to a status that says what became of it.

The order is Flux's: source, dependencies, build, apply, prune, health. Health is not waited for here: that is handed to
whoever looks for all, and the reconciliation is finished when it is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ExpressionError, PipelineError
from pipeline.model.documents.durations import format_duration
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.kustomization import KustomizationSpec, read_kustomization
from pipeline.model.flux.outcome import ObjectEvent, Outcome
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
    timeout_message,
    wants_health,
)
from pipeline.puller.kustomizations.dependencies import check_dependencies
from pipeline.puller.kustomizations.parts import Parts
from pipeline.puller.kustomizations.records import Record
from pipeline.puller.kustomizations.rendering import Inputs, Rendered, gather_inputs, render
from pipeline.puller.kustomizations.status_inventory import StatusInventory, inventory_of
from pipeline.puller.kustomizations.stops import LED, StopError
from pipeline.puller.kustomizations.targets import Target
from pipeline.puller.kustomizations.telling import Telling
from pipeline.puller.kustomizations.unchanged import unchanged_healths


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything is applied, and its health is still to come; ``finish`` makes the outcome of what is found."""

    wait: HealthWait
    finish: Callable[[Body, Verdicts], Outcome] = field(compare=False)
    events: tuple[ObjectEvent, ...] = ()
    revision: str = ""
    """Of the artifact that was applied."""


def reconcile_kustomization(
    body: Body, parts: Parts, *, since: float, deadline: float | None = None
) -> Outcome | Waiting:
    """Bring what the Kustomization names to what its source has; never raises for what is wrong with it alone.

    ``since`` (``time.monotonic``): when the last reason to look came up. ``deadline`` (seconds since the epoch): until
    when an earlier wait for the same would have gone on.

    Raises:
        RefusedError: another puller leads now, and nothing more may be written.
    """
    run = _Run(body, parts, since, deadline)
    try:
        return run.reconcile()
    except StopError as stop:
        return run.telling.stopped(stop)
    except PipelineError as error:
        if error.code == LED:
            raise
        return run.telling.stopped(StopError(api.RECONCILIATION_FAILED, error.message))


class _Run:
    """One reconciliation under way."""

    def __init__(self, body: Body, parts: Parts, since: float, deadline: float | None) -> None:
        self.telling = Telling(body, parts)
        self._body = body
        self._parts = parts
        self._since = since
        self._deadline = deadline
        self._namespace = str(body["metadata"].get("namespace") or "")
        self._uid = str(body["metadata"].get("uid") or "")

    def reconcile(self) -> Outcome | Waiting:
        parts = self._parts
        spec = self.telling.spec = self._read()
        rules = self._rules(spec)
        source, artifact = self._source(spec)
        self.telling.artifact = artifact
        retry = parts.options.requeue_dependency
        check_dependencies(self._body, spec, artifact, self._find, parts.expressions, retry)
        target = parts.targets.of(spec, self._namespace)
        inputs = gather_inputs(self._body, spec, artifact, source, parts)
        record = self._record(target)
        if record is not None and record.inputs == inputs.hash and not self._owes_pruning(record):
            healths = unchanged_healths(record, target, parts.snapshots, since=self._since, with_health=spec.wait)
            if healths is not None:
                return self._unchanged(record, healths, target, rules, spec)
        rendered = render(self._body, spec, inputs, parts)
        self.telling.digest = rendered.digest
        store = StatusInventory(self._body, record, self.telling.announce, parts.is_leading)
        if drift.is_report_only(self._body, rendered.digest):
            return self.telling.reported(drift.find(self._body, spec, rendered, target, store, parts))
        applied = apply_rendered(self._body, spec, rendered, target, store, parts)
        record = self._remember(inputs, rendered, target, applied)
        self.telling.overridden = applied.overridden
        events = self.telling.change_events(applied.changes, applied.overridden)
        return self._check_health(spec, rules, target, record, applied.skipped, events)

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
        record = self._parts.records.get(self._uid)
        return record if record is not None and record.identity == target.identity else None

    def _owes_pruning(self, record: Record) -> bool:
        """Whether the status lists what was not applied last, such as after a crash."""
        return inventory_of(self._body, None).applied.keys() != record.applied.keys()

    def _remember(self, inputs: Inputs, rendered: Rendered, target: Target, applied: Applied) -> Record:
        record = Record(
            inputs=inputs.hash,
            digest=rendered.digest,
            identity=target.identity,
            applied=applied.inventory.applied,
            finished_jobs=finished_jobs(rendered.manifests),
        )
        self._parts.records.put(self._uid, record)
        return record

    def _unchanged(
        self,
        record: Record,
        healths: Mapping[ObjectId, Health | None],
        target: Target,
        rules: HealthRules,
        spec: KustomizationSpec,
    ) -> Outcome | Waiting:
        """Nothing is to be applied; whether all is healthy may be known already."""
        self.telling.digest = record.digest
        is_told_by_rules = spec.wait and not spec.health_expressions
        if is_told_by_rules and all(item is None or item.is_current for item in healths.values()):
            self.telling.applied(record.applied)
            return self.telling.succeeded(health=self.telling.passed())
        return self._check_health(spec, rules, target, record, frozenset(), ())

    def _check_health(
        self,
        spec: KustomizationSpec,
        rules: HealthRules,
        target: Target,
        record: Record,
        skipped: frozenset[ObjectId],
        events: tuple[ObjectEvent, ...],
    ) -> Outcome | Waiting:
        telling = self.telling
        telling.applied(record.applied)
        if not wants_health(spec):
            return telling.succeeded(events=events, has_changed=bool(events))
        applied = ((id_, item.api_version) for id_, item in record.applied.items() if id_ not in skipped)
        key = Key.of(KUSTOMIZATION, self._body)
        awaited = awaited_objects(applied, record.finished_jobs, spec, rules, key.object_id)
        if not awaited:
            return telling.succeeded(health=telling.passed(), events=events, has_changed=bool(events))
        telling.announce_waiting()
        deadline = self._deadline or self._parts.clock.now() + spec.effective_timeout
        wait = HealthWait(key, target.identity, target.cluster, awaited, deadline)

        def finish(body: Body, verdicts: Verdicts) -> Outcome:
            telling.go_on_with(body)
            if verdicts.is_healthy:
                return telling.succeeded(health=telling.passed(), has_changed=bool(events))
            message = f"health check failed after {telling.took()}: {timeout_message(verdicts)}"
            return telling.stopped(StopError(api.HEALTH_CHECK_FAILED, message))

        return Waiting(wait, finish, events, telling.revision)
