"""Whether a cluster knows the kinds that the commands are about."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType
from pipeline.ports import ApiServer


def require_served(server: ApiServer, resource_types: Iterable[ResourceType]) -> None:
    """Check that the definitions are there.

    Raises:
        ClusterError: one is not; the hint says how to get it.
    """
    for wanted in resource_types:
        if server.resource_type(wanted.api_version, wanted.kind) is None:
            raise ClusterError(
                f"{server.context} serves no {wanted.kind} of {wanted.api_version}",
                hint="install the definitions and the puller with `gitless install`, or choose another --context",
                code="cluster.not-installed",
            )
