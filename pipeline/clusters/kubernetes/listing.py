"""Lists, page by page: as one snapshot that a watch can go on from, or as they come.

https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.clusters.kubernetes.answers import Response, identified
from pipeline.clusters.kubernetes.failures import failure
from pipeline.clusters.kubernetes.requests import PAGE_SIZE, Request
from pipeline.errors import ClusterError
from pipeline.model.cluster import Listing, ResourceType
from pipeline.model.manifests import Body

_SUCCESS = range(200, 300)
_NOT_FOUND = 404
_GONE = 410
_TRIES = 3

Send = Callable[[Request], Response]


def read_list(send: Send, request: Request, resource_type: ResourceType, *, metadata_only: bool) -> Listing:
    """Everything that answers a list request, all of one version.

    Raises:
        ClusterError: it cannot be had; ``cluster.kind-unknown`` where the type is not served any more.
    """
    for _ in range(_TRIES):
        listing = _snapshot(send, _paged(request), resource_type, metadata_only=metadata_only)
        if listing is not None:
            return listing
    # It changes faster than its pages can be read (or they expire sooner): then all of it in one answer.
    whole = _snapshot(send, request, resource_type, metadata_only=metadata_only)
    if whole is None:
        raise ClusterError(f"{request.subject}: it has expired", hint="try again", code="cluster.failed")
    return whole


def iterate_list(send: Send, request: Request, resource_type: ResourceType, *, metadata_only: bool) -> Iterator[Body]:
    """What answers a list request, each object once, as its pages come; nothing where the type is not served.

    Raises:
        ClusterError: it cannot be had.
    """
    paged = _paged(request)
    seen: set[str] = set()
    for _ in range(_TRIES):
        token: str | None = None
        while token != "":
            page = _page(send, paged, token)
            if page is None:
                break
            for item in page.get("items") or ():
                # A list that had to begin again (410: its snapshot is gone) brings the first pages once more.
                metadata = item["metadata"]
                # Aggregated API servers may have no uids.
                identity = metadata.get("uid") or f"{metadata.get('namespace')}/{metadata['name']}"
                if identity not in seen:
                    seen.add(identity)
                    yield identified(resource_type, item, metadata_only=metadata_only)
            token = (page.get("metadata") or {}).get("continue") or ""
        else:
            return
    raise ClusterError(
        f"{request.subject}: it changes faster than it can be read", hint="try again", code="cluster.failed"
    )


def _snapshot(send: Send, request: Request, resource_type: ResourceType, *, metadata_only: bool) -> Listing | None:
    """All pages of one snapshot; ``None`` where it has expired in between."""
    items: list[Body] = []
    version = ""
    page_request = request
    while True:
        response = send(page_request)
        if response.status == _GONE:
            return None
        if response.status not in _SUCCESS:
            raise failure(page_request, response.status, response.content)
        page = response.object()
        version = version or str(page["metadata"].get("resourceVersion", ""))
        items += [identified(resource_type, item, metadata_only=metadata_only) for item in page.get("items") or ()]
        token = page["metadata"].get("continue")
        if not token:
            return Listing(tuple(items), version)
        page_request = _after(request, token)


def _page(send: Send, request: Request, token: str | None) -> Mapping[str, Any] | None:
    """One page; ``None`` where the list has to begin again."""
    paged = request if token is None else _after(request, token)
    response = send(paged)
    if response.status == _GONE and token is not None:
        return None
    if response.status == _NOT_FOUND:
        return {}
    if response.status not in _SUCCESS:
        raise failure(paged, response.status, response.content)
    page: Mapping[str, Any] = response.object()
    return page


def _paged(request: Request) -> Request:
    return replace(request, query={**request.query, "limit": str(PAGE_SIZE)})


def _after(request: Request, token: str) -> Request:
    return replace(request, query={**request.query, "continue": token})
