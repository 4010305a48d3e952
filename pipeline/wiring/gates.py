"""Gates, and what they are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.model.artifact.reference import is_reference, parse_reference
from pipeline.model.manifests import Body, Manifests, Resource
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.sources import Source
from pipeline.model.validation.custom_kinds import CRD, CRD_GROUP, definitions_in
from pipeline.model.validation.options import ValidationOptions
from pipeline.ports import Cluster, Environment, Gate, Places, Reporter
from pipeline.wiring.building import renderers
from pipeline.wiring.stores import registry

CLUSTER = "cluster"
"""In place of a file: ask the cluster for its definitions."""


def gates(
    options: ValidationOptions, environment: Environment, reporter: Reporter, cluster: Callable[[], Cluster]
) -> tuple[Gate, ...]:
    """The chosen gates, in order; ``cluster`` is only asked where ``options.crds`` says so.

    Files are read, and the cluster asked, at most once, and only for gates that need them.
    """
    definitions = cache(lambda: custom_definitions(options, environment, reporter, cluster))
    return tuple(_gate(name, options, definitions, environment, reporter) for name in options.chosen_gates)


def _gate(
    name: str,
    options: ValidationOptions,
    definitions: Callable[[], Sequence[Body]],
    environment: Environment,
    reporter: Reporter,
) -> Gate:
    if name == "schema":
        from pipeline.gates.schema import SchemaGate

        return SchemaGate(options.kubernetes, definitions)
    if name == "cel":
        from pipeline.expressions.kubernetes import KubernetesPrograms
        from pipeline.gates.cel import CelGate

        policies = _all_objects_of(options.policies, environment, reporter)
        return CelGate(definitions(), policies, KubernetesPrograms())
    if name == "lint":
        from pipeline.gates.lint import LintGate

        return LintGate()
    if name == "kyverno":
        from pipeline.gates.kyverno import KyvernoGate

        return KyvernoGate(_all_objects_of(options.kyverno, environment, reporter), environment)
    if name == "opa":
        from pipeline.gates.opa import OpaGate

        return OpaGate([Path(name) for name in options.opa], environment)
    raise ConfigurationError(f"there is no gate '{name}'")


def custom_definitions(
    options: ValidationOptions, environment: Environment, reporter: Reporter, cluster: Callable[[], Cluster]
) -> tuple[Body, ...]:
    """Every CustomResourceDefinition of the named files and folders, and of the cluster where it is named.

    Raises:
        ConfigurationError: a file or folder does not exist or holds none, or the cluster serves none.
    """
    found: list[Body] = []
    for name in options.crds:
        found.extend(_of_cluster(cluster()) if name == CLUSTER else _of_files(name, environment, reporter))
    return tuple(found)


def _of_files(name: str, environment: Environment, reporter: Reporter) -> tuple[Body, ...]:
    found = definitions_in(_objects_of(name, CRD, environment, reporter))
    if not found:
        raise ConfigurationError(f"'{name}' holds no {CRD}")
    return found


def _all_objects_of(names: Sequence[str], environment: Environment, reporter: Reporter) -> list[Resource]:
    return [item for name in names for item in _objects_of(name, "policy", environment, reporter)]


def _objects_of(name: str, what: str, environment: Environment, reporter: Reporter) -> Manifests:
    from pipeline.stages.build import build

    if not Path(name).exists():
        raise ConfigurationError(f"'{name}' does not exist; expected a file or folder with a {what}")
    return build((Source(Path(name)),), renderers(environment, reporter)).manifests


def _of_cluster(cluster: Cluster) -> tuple[Body, ...]:
    served = cluster.resource_type(f"{CRD_GROUP}/v1", CRD)
    if served is None:
        raise ConfigurationError(f"{cluster.context} serves no CustomResourceDefinitions")
    return tuple(cluster.list_objects(served, None))


def places(sources: Sequence[Source] = ()) -> Places:
    """Where fields are written in files on disk, and in the patches of sources that are kustomizations."""
    from pipeline.renderers.kustomize_patches import Patches
    from pipeline.renderers.places import SourcePlaces, read_file

    return SourcePlaces(read_file, Patches([Path(source.path) for source in sources]).of)


def places_in(contents: Callable[[], Mapping[str, bytes]]) -> Places:
    """The same in files that are elsewhere; they are asked for when somebody looks for something in them."""
    from pipeline.renderers.places import SourcePlaces

    asked = cache(contents)
    return SourcePlaces(lambda file: asked().get(file))


def read_manifests(name: str, options: RegistryOptions, environment: Environment, reporter: Reporter) -> Manifests:
    """What an artifact holds, or a folder or file builds to; nothing is verified.

    Raises:
        ArtifactNotFoundError: there is no such artifact.
        PipelineError: it cannot be read, whatever it is.
    """
    if is_reference(name):
        from pipeline.stages.fetch import read_artifact

        reference = parse_reference(name)
        return read_artifact(reference, registry(reference.repository, options, environment, reporter))[0]
    from pipeline.stages.build import build

    return build((Source(Path(name)),), renderers(environment, reporter)).manifests
