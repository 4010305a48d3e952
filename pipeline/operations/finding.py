"""Reading one object that has to be there."""

from __future__ import annotations

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId
from pipeline.ports import ApiServer


def read_existing(server: ApiServer, resource_type: ResourceType, namespace: str, name: str) -> Body:
    """The live object.

    Raises:
        ClusterError: it does not exist, or cannot be read.
    """
    scope = namespace if resource_type.namespaced else ""
    body = server.read(resource_type, scope, name)
    if body is None:
        if server.resource_type(resource_type.api_version, resource_type.kind) is None:
            raise ClusterError(
                f"{server.context} serves no {resource_type.kind} of {resource_type.api_version}",
                hint="install the puller with `gitless install`, or choose another cluster with --context",
                code="cluster.kind-unknown",
            )
        object_id = ObjectId(resource_type.group, resource_type.kind, scope, name)
        raise ClusterError(
            f"{object_id} does not exist in {server.context}",
            hint="look for it in another namespace with -n, or another cluster with --context",
            code="cluster.not-found",
        )
    return body
