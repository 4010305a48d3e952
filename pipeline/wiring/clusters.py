"""API servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import (
    ApiServer,
    Cluster,
    Environment,
    Reporter,
)

if TYPE_CHECKING:
    from pipeline.clusters.kubernetes.connection import Connection


def cluster(options: ClusterOptions, environment: Environment, reporter: Reporter) -> Cluster:
    """The API server of the chosen context, or the one we run in."""
    from pipeline.clusters.kubernetes import connect

    return connect(options, environment, reporter)


def connection(
    options: ClusterOptions,
    environment: Environment,
    reporter: Reporter,
    *,
    observe: Callable[[str, int, float], None] | None = None,
) -> Connection:
    """What the clients of both ports are made from, sharing connections and credentials.

    ``observe`` is told method, status (0: no answer) and seconds of every exchange.
    """
    from pipeline.clusters.kubernetes import connections

    return connections(options, environment, reporter, observe=observe)


def remote_connection(
    kubeconfig: bytes,
    subject: str,
    environment: Environment,
    reporter: Reporter,
    *,
    observe: Callable[[str, int, float], None] | None = None,
) -> Connection:
    """The cluster of a kubeconfig's text, which somebody else wrote; ``subject`` says where it is from."""
    from pipeline.clusters.kubernetes import remote_connections

    return remote_connections(kubeconfig, subject, environment, reporter, observe=observe)


def api_server(options: ClusterOptions, environment: Environment, reporter: Reporter) -> ApiServer:
    """The same API server, seen through single objects and streams."""
    from pipeline.clusters.kubernetes import connect_api

    return connect_api(options, environment, reporter)
