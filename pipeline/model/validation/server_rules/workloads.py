"""Workloads: their Pods' templates, selectors, strategies and schedules.

Source: k8s.io/kubernetes ``pkg/apis/{apps,batch,core,autoscaling,policy}/validation``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import mapping_at, number_at, text_at
from pipeline.model.manifests import Body
from pipeline.model.validation.field_paths import Steps
from pipeline.model.validation.server_rules.metadata import marks_refusals
from pipeline.model.validation.server_rules.pods import pod_refusals, restart_refusals
from pipeline.model.validation.server_rules.refusal import Refusal, missing
from pipeline.model.validation.server_rules.schedules import schedule_problem
from pipeline.model.validation.server_rules.selectors import own_selector_refusals, selector_refusals

Rule = Callable[[Body, int], Iterator[Refusal]]
"""An object's refusals; the number is the minor version of the oldest Kubernetes in question."""
_ENDING: Final = ("OnFailure", "Never")


def _pod(body: Body, oldest: int) -> Iterator[Refusal]:
    return pod_refusals(mapping_at(body, "spec"), ("spec",), oldest=oldest)


def _template(owner: Mapping[str, Any], place: Steps, oldest: int) -> Iterator[Refusal]:
    """The template in ``template`` of what is at that place."""
    template = mapping_at(owner, "template")
    yield from marks_refusals(mapping_at(template, "metadata"), *place, "template", "metadata")
    yield from pod_refusals(mapping_at(template, "spec"), (*place, "template", "spec"), oldest=oldest)


def _lasting(body: Body, oldest: int) -> Iterator[Refusal]:
    """What keeps its Pods running."""
    spec = mapping_at(body, "spec")
    yield from _template(spec, ("spec",), oldest)
    yield from _kept(spec)


def _kept(spec: Mapping[str, Any]) -> Iterator[Refusal]:
    yield from own_selector_refusals(spec)
    yield from _not_negative(spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    if "spec" in mapping_at(spec, "template"):
        yield from restart_refusals(mapping_at(spec, "template", "spec"), ("spec", "template", "spec"), ("Always",))


def _deployment(body: Body, oldest: int) -> Iterator[Refusal]:
    yield from _lasting(body, oldest)
    strategy = mapping_at(body, "spec", "strategy")
    if text_at(strategy, "type") == "Recreate" and strategy.get("rollingUpdate"):
        hint = "it is for the strategy RollingUpdate"
        yield Refusal(("spec", "strategy", "rollingUpdate"), "may not be there with the strategy Recreate", hint=hint)
    rolling = mapping_at(strategy, "rollingUpdate")
    if all(rolling.get(key) in (0, "0%") for key in ("maxSurge", "maxUnavailable")):
        problem = "is 0 like maxSurge, so that no Pod could be replaced; expected more for one of them"
        yield Refusal(("spec", "strategy", "rollingUpdate", "maxUnavailable"), problem)


def _stateful_set(body: Body, oldest: int) -> Iterator[Refusal]:
    """An API server does not look at the Pods' specification: volumes come of ``volumeClaimTemplates`` later."""
    del oldest
    spec = mapping_at(body, "spec")
    yield from marks_refusals(mapping_at(spec, "template", "metadata"), "spec", "template", "metadata")
    yield from _kept(spec)


def _job(body: Body, oldest: int) -> Iterator[Refusal]:
    yield from _job_spec(mapping_at(body, "spec"), ("spec",), oldest)


def _job_spec(spec: Mapping[str, Any], place: Steps, oldest: int) -> Iterator[Refusal]:
    yield from _template(spec, place, oldest)
    yield from _not_negative(spec, "backoffLimit", "completions", "parallelism", "ttlSecondsAfterFinished", at=place)
    if "spec" in mapping_at(spec, "template"):
        there = (*place, "template", "spec")
        yield from restart_refusals(mapping_at(spec, "template", "spec"), there, _ENDING)


def _cron_job(body: Body, oldest: int) -> Iterator[Refusal]:
    spec = mapping_at(body, "spec")
    schedule = spec.get("schedule")
    if schedule == "":
        yield missing("spec", "schedule")
    elif isinstance(schedule, str) and (problem := schedule_problem(schedule)):
        yield Refusal(("spec", "schedule"), problem, value=schedule)
    template = mapping_at(spec, "jobTemplate")
    yield from marks_refusals(mapping_at(template, "metadata"), "spec", "jobTemplate", "metadata")
    yield from _job_spec(mapping_at(template, "spec"), ("spec", "jobTemplate", "spec"), oldest)


def _autoscaler(body: Body, oldest: int) -> Iterator[Refusal]:
    del oldest
    spec = mapping_at(body, "spec")
    least, most = number_at(spec, "minReplicas"), number_at(spec, "maxReplicas")
    if most is not None and most < 1:
        yield Refusal(("spec", "maxReplicas"), value=most, expected="at least 1")
    elif least is not None and most is not None and least > most:
        yield Refusal(("spec", "maxReplicas"), f"is {most}, which is less than minReplicas, {least}")
    yield from _not_negative(spec, "minReplicas")


def _disruption_budget(body: Body, oldest: int) -> Iterator[Refusal]:
    del oldest
    spec = mapping_at(body, "spec")
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield Refusal(("spec", "maxUnavailable"), "may not be there beside minAvailable")
    yield from selector_refusals(mapping_at(spec, "selector"), ("spec", "selector"))


def _not_negative(spec: Mapping[str, Any], *keys: str, at: Steps = ("spec",)) -> Iterator[Refusal]:
    for key in keys:
        value = number_at(spec, key)
        if value is not None and value < 0:
            yield Refusal((*at, key), value=value, expected="at least 0")


RULES: Final[Mapping[tuple[str, str], Rule]] = {
    ("", "Pod"): _pod,
    ("apps", "DaemonSet"): _lasting,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _lasting,
    ("apps", "StatefulSet"): _stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("batch", "CronJob"): _cron_job,
    ("batch", "Job"): _job,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
}
"""By group and kind."""
