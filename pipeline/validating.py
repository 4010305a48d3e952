"""Validation as the command and the chain have it: options become gates, and the artifact that came before is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline import wiring
from pipeline.errors import ArtifactNotFoundError
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.validation.options import ValidationOptions
from pipeline.ports import Cluster, Environment, Places, Reporter


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What validation may ask; ``cluster`` is asked only where the options name it."""

    registry: RegistryOptions
    environment: Environment = field(repr=False)
    reporter: Reporter
    cluster: Callable[[], Cluster]


def validate_manifests(
    manifests: Manifests, options: ValidationOptions, around: Surroundings, *, subject: Side, places: Places
) -> ValidateResult:
    """Hold manifests against every gate that the options choose.

    An artifact to compare with that is not there yet, as before the first release, is no error.

    Raises:
        PipelineError: see :func:`pipeline.stages.validate.validate`; or what came before cannot be read.
    """
    from pipeline.stages.validate import validate

    gates = wiring.gates(options, around.environment, around.reporter, around.cluster)
    previous = _previous(options, around)
    return validate(manifests, gates, options, subject=subject, places=places, previous=previous)


def _previous(options: ValidationOptions, around: Surroundings) -> Manifests | None:
    if not options.previous:
        return None
    try:
        return wiring.read_manifests(options.previous, around.registry, around.environment, around.reporter)
    except ArtifactNotFoundError:
        around.reporter.warn(f"{options.previous} is not there (yet): nothing is compared with it")
        return None
