"""A Kubernetes API server behind ``ports.Cluster``; the ``kubernetes`` package reads kubeconfigs and authenticates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Environment, Reporter

if TYPE_CHECKING:
    from pipeline.clusters.kubernetes.cluster import KubernetesCluster

__all__ = ["connect"]


def connect(options: ClusterOptions, environment: Environment, reporter: Reporter) -> KubernetesCluster:
    """The API server of the chosen context, or the one whose pod we run in; it is asked what it serves at once.

    Raises:
        ClusterError: no usable configuration, or the API server does not answer or does not let us in.
    """
    from pipeline.clusters.kubernetes.access import load_access
    from pipeline.clusters.kubernetes.cluster import KubernetesCluster
    from pipeline.clusters.kubernetes.discovery import Discovery
    from pipeline.clusters.kubernetes.transport import Transport

    access = load_access(options, environment, reporter)
    transport = Transport(access, timeout=options.timeout, reporter=reporter)
    discovery = Discovery(transport)
    discovery.load()
    reporter.detail(f"context {access.context} at {access.server}")
    return KubernetesCluster(
        transport, discovery, context=access.context, default_namespace=options.namespace or access.namespace
    )
