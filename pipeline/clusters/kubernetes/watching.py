"""Watches: a line of JSON for each event.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline.clusters.kubernetes.answers import identified
from pipeline.clusters.kubernetes.failures import failure, status_of
from pipeline.clusters.kubernetes.lines import LineStream
from pipeline.clusters.kubernetes.requests import Request
from pipeline.clusters.kubernetes.transport import Transport
from pipeline.errors import ClusterError, PipelineError, WatchExpiredError
from pipeline.model.cluster import ChangeType, ResourceType, WatchEvent

_CHANGES = frozenset(ChangeType)
_GONE = 410
_GRACE = 15.0
"""Seconds after which a watch that the server does not end counts as broken."""
_TOO_LARGE = "ResourceVersionTooLarge"
"""A cause: the version lies in the future, because etcd was restored from an older backup (apimachinery)."""


def open_watch(
    transport: Transport, request: Request, resource_type: ResourceType, *, seconds: float, metadata_only: bool
) -> LineStream[WatchEvent]:
    """The events that answer a watch request."""

    def event_of(line: bytes) -> WatchEvent:
        return _event(request, line, resource_type, metadata_only=metadata_only)

    return LineStream(transport, request, event_of, seconds=seconds + _GRACE, refuse=_refusal)


def watch_query(resource_version: str, seconds: float) -> dict[str, str]:
    """What makes a list request a watch."""
    return {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": resource_version,
        "timeoutSeconds": str(max(1, round(seconds))),
    }


def _event(request: Request, line: bytes, resource_type: ResourceType, *, metadata_only: bool) -> WatchEvent:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        document = None
    match document:
        case {"type": "ERROR", "object": dict(status)}:
            raise _reported(request, status)
        case {"type": str(change), "object": {"metadata": dict()} as body} if change in _CHANGES:
            return WatchEvent(ChangeType(change), identified(resource_type, body, metadata_only=metadata_only))
    # How much it is, not what: it may be a part of a Secret.
    raise ClusterError(
        f"{request.subject}: expected a watch event, got {len(line)} bytes that are none", code="cluster.unreachable"
    )


def _reported(request: Request, status: Mapping[str, Any]) -> PipelineError:
    """The error that an event of type ERROR carries, which is a Status."""
    code = status.get("code")
    return _refusal(request, code if isinstance(code, int) else 500, json.dumps(status).encode())


def _refusal(request: Request, status: int, content: bytes) -> PipelineError:
    if status == _GONE or _is_in_the_future(content):
        return WatchExpiredError(
            f"{request.subject}: version {request.query.get('resourceVersion', '')} is no longer known",
            hint="list again, and watch from there",
        )
    error = failure(request, status, content)
    return error if isinstance(error, ClusterError) else ClusterError(error.message, hint=error.hint)


def _is_in_the_future(content: bytes) -> bool:
    causes = (status_of(content).get("details") or {}).get("causes") or ()
    return any(cause.get("reason") == _TOO_LARGE for cause in causes)
