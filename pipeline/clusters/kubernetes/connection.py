"""One API server under one identity, from which the clients of both ports are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.clusters.kubernetes.api import KubernetesApi
from pipeline.clusters.kubernetes.cluster import KubernetesCluster
from pipeline.clusters.kubernetes.discovery import Discovery
from pipeline.clusters.kubernetes.requests import MANAGER
from pipeline.clusters.kubernetes.transport import Transport


@dataclass(frozen=True, slots=True)
class Connection:
    """Connections, credentials and what is served; all that is made from it shares them, and is safe in many threads.

    Attributes:
        context: how the user names the cluster.
        default_namespace: where objects go that name no namespace.
    """

    transport: Transport
    discovery: Discovery
    context: str
    default_namespace: str

    def cluster(self, *, manager: str = MANAGER, default_namespace: str | None = None) -> KubernetesCluster:
        """``ports.Cluster`` with that field manager."""
        return KubernetesCluster(
            self.transport,
            self.discovery,
            context=self.context,
            default_namespace=default_namespace or self.default_namespace,
            manager=manager,
        )

    def api(self) -> KubernetesApi:
        """``ports.ApiServer``."""
        return KubernetesApi(
            self.transport, self.discovery, context=self.context, default_namespace=self.default_namespace
        )

    def impersonating(self, user: str) -> Connection:
        """The same, acting as a user such as ``system:serviceaccount:NAMESPACE:NAME``.

        What is served is still asked for under our own identity.

        Raises:
            ClusterError: no user can have that name.
        """
        return replace(self, transport=self.transport.impersonating(user))

    def close(self) -> None:
        """Let idle connections go; for one to another cluster that is no longer needed."""
        self.transport.close()
