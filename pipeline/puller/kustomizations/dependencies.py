"""Whether everything that a Kustomization depends on is ready (kustomize-controller ``checkDependencies``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.errors import ExpressionError
from pipeline.model.flux import api
from pipeline.model.flux.artifact import SourceArtifact
from pipeline.model.flux.conditions import Conditions
from pipeline.model.flux.kustomization import Dependency, KustomizationSpec, read_kustomization
from pipeline.model.flux.reading import InvalidObjectError
from pipeline.model.manifests import Body
from pipeline.ports import Expressions
from pipeline.puller.kustomizations.stops import StopError

Find = Callable[[str, str], Body | None]
"""A Kustomization by namespace and name."""


def check_dependencies(
    body: Body, spec: KustomizationSpec, artifact: SourceArtifact, find: Find, expressions: Expressions, retry: float
) -> None:
    """Return if all are ready.

    Raises:
        StopError: one is not, or its expression makes no sense; ``retry`` is when to look again, in seconds.
    """
    for dependency in spec.depends_on:
        name = f"{dependency.namespace}/{dependency.name}"
        found = find(dependency.namespace, dependency.name)
        if found is None:
            raise _not_ready(f"dependency '{name}' not found", retry)
        if dependency.ready_expr:
            _evaluate(dependency, name, body, found, expressions, retry)
        else:
            why = _lacks(found, spec, artifact)
            if why:
                raise _not_ready(f"dependency '{name}' {why}", retry)


def _evaluate(
    dependency: Dependency, name: str, body: Body, found: Body, expressions: Expressions, retry: float
) -> None:
    variables: dict[str, Any] = {"self": body, "dep": found}
    try:
        is_ready = expressions.evaluate(dependency.ready_expr, variables)
    except ExpressionError as error:
        if error.is_final:
            message = f"failed to evaluate dependency {name}: {error.message}"
            raise StopError(api.INVALID_CEL_EXPRESSION, message, is_final=True) from None
        raise _not_ready(f"dependency '{name}': its readyExpr fails: {error.message}", retry) from None
    if not is_ready:
        raise _not_ready(f"dependency '{name}' is not ready according to readyExpr eval", retry)


def _lacks(found: Body, spec: KustomizationSpec, artifact: SourceArtifact) -> str:
    """What keeps it from counting as ready; empty where nothing does."""
    status = found.get("status") or {}
    if found["metadata"].get("generation") != status.get("observedGeneration"):
        return "is not ready"
    if not Conditions.of(found).is_true(api.READY):
        return "is not ready"
    try:
        source = read_kustomization(found).source
    except InvalidObjectError:
        return "is not ready"
    if source == spec.source and status.get("lastAppliedRevision") != artifact.revision:
        return "revision is not up to date"
    return ""


def _not_ready(message: str, retry: float) -> StopError:
    return StopError(api.DEPENDENCY_NOT_READY, message, retry_after=retry, is_waiting=True)
