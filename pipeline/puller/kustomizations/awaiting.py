"""Which objects' health a Kustomization waits for, and how it is told (Flux: ``checkHealth``)."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.model.flux.kustomization import HealthExpressions, KustomizationSpec
from pipeline.model.health import WITHOUT_STATUS, Health, HealthStatus, health_of_missing
from pipeline.model.health.expressions import HealthRules
from pipeline.model.manifests import ObjectId, Resource, group_of
from pipeline.puller.health_waits import Verdicts
from pipeline.stages.waiting import Awaited


def wants_health(spec: KustomizationSpec) -> bool:
    """Whether there is anything to wait for."""
    return spec.wait or bool(spec.health_checks)


def finished_jobs(resources: Iterable[Resource]) -> frozenset[ObjectId]:
    """Jobs with a time to live, which may have finished and gone."""
    return frozenset(item.id for item in resources if health_of_missing(item.body).is_current)


def awaited_objects(
    applied: Iterable[tuple[ObjectId, str]],
    jobs: frozenset[ObjectId],
    spec: KustomizationSpec,
    rules: HealthRules,
    own: ObjectId,
) -> tuple[Awaited, ...]:
    """What is waited for: with ``wait`` everything that was applied (id and API version), else ``healthChecks``.

    What was applied and is healthy by being there needs no look. A Kustomization never waits for itself.
    """
    if spec.wait:
        wanted = [
            (object_id, api_version)
            for object_id, api_version in applied
            if (object_id.group, object_id.kind) not in WITHOUT_STATUS
            or _has_expressions(object_id, spec.health_expressions)
        ]
    else:
        wanted = [
            (ObjectId(group_of(item.api_version), item.kind, item.namespace, item.name), item.api_version)
            for item in spec.health_checks
        ]
    return tuple(
        Awaited(
            object_id,
            api_version,
            Health(HealthStatus.CURRENT) if object_id in jobs else None,
            rules.health if _has_expressions(object_id, spec.health_expressions) else None,
        )
        for object_id, api_version in wanted
        if object_id != own
    )


def timeout_message(verdicts: Verdicts) -> str:
    """What is not healthy, as Flux says it."""
    listed = ", ".join(
        f"{_named(object_id)} status: '{item.status.value}'" + (f": {item.message}" if item.message else "")
        for object_id, item in verdicts.unhealthy[:20]
    )
    more = f" and {len(verdicts.unhealthy) - 20} more" if len(verdicts.unhealthy) > 20 else ""  # noqa: PLR2004 - as above
    if verdicts.is_timeout:
        return f"timeout waiting for: [{listed}{more}]"
    return f"failed early due to stalled resources: [{listed}{more}]"


def _named(object_id: ObjectId) -> str:
    return "/".join(part for part in (object_id.kind, object_id.namespace, object_id.name) if part)


def _has_expressions(object_id: ObjectId, expressions: tuple[HealthExpressions, ...]) -> bool:
    return any(
        group_of(item.api_version) == object_id.group and item.kind in {"", object_id.kind} for item in expressions
    )
