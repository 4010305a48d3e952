"""A Kubernetes API server behind two ports; the ``kubernetes`` package reads kubeconfigs and authenticates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.errors import ClusterError
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Environment, Reporter

if TYPE_CHECKING:
    from pipeline.clusters.kubernetes.access import Access
    from pipeline.clusters.kubernetes.api import KubernetesApi
    from pipeline.clusters.kubernetes.cluster import KubernetesCluster
    from pipeline.clusters.kubernetes.connection import Connection
    from pipeline.clusters.kubernetes.pod_access import PodAccess

__all__ = ["connect", "connect_api", "connections", "remote_connections"]


def connect(options: ClusterOptions, environment: Environment, reporter: Reporter) -> KubernetesCluster:
    """The API server of the chosen context, or the one whose pod we run in; it is asked what it serves at once.

    Raises:
        ClusterError: no usable configuration, or the API server does not answer or does not let us in.
    """
    return connections(options, environment, reporter).cluster()


def connect_api(options: ClusterOptions, environment: Environment, reporter: Reporter) -> KubernetesApi:
    """The same API server, seen through single objects and streams.

    Raises:
        ClusterError: the same.
    """
    return connections(options, environment, reporter).api()


def connections(
    options: ClusterOptions,
    environment: Environment,
    reporter: Reporter,
    *,
    observe: Callable[[str, int, float], None] | None = None,
) -> Connection:
    """What both of them are made from; ``observe`` is told method, status (0: none came) and seconds of each exchange.

    Raises:
        ClusterError: the same.
    """
    from pipeline.clusters.kubernetes.connection import Connection
    from pipeline.clusters.kubernetes.discovery import Discovery
    from pipeline.clusters.kubernetes.transport import Transport

    access = _entrance(options, environment, reporter)
    transport = Transport(access, timeout=options.timeout, reporter=reporter, observe=observe)
    discovery = Discovery(transport)
    discovery.load()
    reporter.detail(f"context {access.context} at {access.server}")
    return Connection(transport, discovery, access.context, options.namespace or access.namespace)


def _entrance(options: ClusterOptions, environment: Environment, reporter: Reporter) -> Access | PodAccess:
    """The context of ``--kubeconfig``, else ``KUBECONFIG``, else ``~/.kube/config``, else the pod we run in."""
    from pipeline.clusters.kubernetes.kubeconfig_files import kubeconfig_files
    from pipeline.clusters.kubernetes.pod_access import PodAccess

    files = kubeconfig_files(options, environment)
    if files:
        from pipeline.clusters.kubernetes.access import load_access

        return load_access(files, options, reporter)
    access = PodAccess(environment)
    if options.context is not None:
        raise ClusterError(
            f"there is no context '{options.context}': no kubeconfig exists, only the pod's own service account",
            code="cluster.configuration",
        )
    return access


def remote_connections(
    kubeconfig: bytes,
    subject: str,
    environment: Environment,
    reporter: Reporter,
    *,
    timeout: float = 30.0,
    observe: Callable[[str, int, float], None] | None = None,
) -> Connection:
    """The API server of the current context of a kubeconfig that somebody else wrote, such as a Secret's content.

    It may neither run programs nor name files: everything it needs has to be in it. ``subject`` says in messages where
    it is from. What it serves is asked for at once.

    Raises:
        ClusterError: it cannot be used (``cluster.configuration``), or the API server does not answer.
    """
    from pipeline.clusters.kubernetes.connection import Connection
    from pipeline.clusters.kubernetes.discovery import Discovery
    from pipeline.clusters.kubernetes.remote_access import RemoteAccess
    from pipeline.clusters.kubernetes.transport import Transport

    access = RemoteAccess.from_text(kubeconfig, subject, environment)
    transport = Transport(access, timeout=timeout, reporter=reporter, observe=observe)
    discovery = Discovery(transport)
    discovery.load()
    return Connection(transport, discovery, access.context, access.namespace)
