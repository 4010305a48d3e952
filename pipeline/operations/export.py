"""Reads objects to be kept as manifests."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import SECRETS
from pipeline.model.flux.exporting import credentials_of, exported
from pipeline.model.manifests import Body
from pipeline.model.outcome.export import ExportResult
from pipeline.operations.finding import read_existing
from pipeline.ports import ApiServer, Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportQuery:
    """Which objects: the named one, or all where ``name`` is empty, of a namespace or (``None``) of all."""

    resource_type: ResourceType
    namespace: str | None
    name: str = ""
    with_credentials: bool = False


def export(query: ExportQuery, server: ApiServer, reporter: Reporter) -> ExportResult:
    """The objects, sorted by namespace and name, each source followed by its Secrets where those are asked for.

    Raises:
        ClusterError: the named object does not exist, or something cannot be read.
    """
    if query.name:
        bodies = [read_existing(server, query.resource_type, query.namespace or "", query.name)]
    else:
        listed = server.list(query.resource_type, query.namespace).items
        bodies = sorted(listed, key=lambda body: (body["metadata"].get("namespace") or "", body["metadata"]["name"]))
    if not bodies:
        where = f"namespace {query.namespace}" if query.namespace else "any namespace"
        reporter.warn(f"there is no {query.resource_type.kind} in {where} of {server.context}")
    objects: list[Body] = []
    told: set[tuple[str, str]] = set()
    for body in bodies:
        objects.append(exported(_typed(body, query.resource_type)))
        for name in credentials_of(body) if query.with_credentials else ():
            key = (body["metadata"]["namespace"], name)
            if key not in told:
                told.add(key)
                objects += _secret(*key, server, reporter)
    return ExportResult(objects=tuple(objects))


def _secret(namespace: str, name: str, server: ApiServer, reporter: Reporter) -> list[Body]:
    body = server.read(SECRETS, namespace, name)
    if body is None:
        reporter.warn(f"Secret {namespace}/{name} does not exist, and is not exported")
        return []
    return [exported(_typed(body, SECRETS))]


def _typed(body: Body, resource_type: ResourceType) -> Body:
    """The items of a list come without their kind."""
    return {"apiVersion": resource_type.api_version, "kind": resource_type.kind, **body}
