"""Which kinds the API server serves, and under which paths.

Aggregated discovery tells all of it in two answers (Kubernetes 1.27 and newer:
https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery); what it does not tell, such as kinds
that were defined a moment ago, is asked for by group and version.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from threading import Lock
from typing import Any

from pipeline.clusters.kubernetes.failures import failure
from pipeline.clusters.kubernetes.requests import JSON, Request
from pipeline.clusters.kubernetes.transport import Transport
from pipeline.errors import ClusterError
from pipeline.model.cluster import ResourceType

_AGGREGATED = ",".join(
    [*(f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")), JSON]
)
_ABSENT_SECONDS = 1.0
"""For so long a kind that is not served is not asked for again, unless a definition was applied."""
_ABSENT_LIMIT = 256
_SETTLING_SECONDS = 60.0
_UNTOLD = frozenset({403, 404, 406, 503})
_Kinds = dict[tuple[str, str], ResourceType]


class Discovery:
    """Remembers what is served, for as long as the process lives; safe in many threads.

    A kind that is not known is asked for whenever it is needed, so that one defined later is found; one that is known
    stays so until a request finds it gone (``forget``), or its version is asked about again.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = Lock()
        self._kinds: _Kinds = {}
        self._absent: dict[tuple[str, str], float] = {}
        self._settling_until = 0.0

    def load(self) -> None:
        """Ask for everything at once.

        Raises:
            ClusterError: the API server cannot be reached or does not let us in.
        """
        for path in ("/api", "/apis"):
            request = Request("GET", path, self._transport.place, accept=_AGGREGATED)
            response = self._transport.send(request)
            if response.status in _UNTOLD:
                continue
            if response.status != 200:  # noqa: PLR2004 - RFC 9110
                raise failure(request, response.status, response.content)
            self._kinds.update(_understood(request, response.json(), _aggregated_kinds))

    def find(self, api_version: str, kind: str) -> ResourceType | None:
        """How the kind is served, or ``None``.

        Raises:
            ClusterError: the API server does not tell.
        """
        key = (api_version, kind)
        found = self._kinds.get(key)
        if found is not None:
            return found
        now = time.monotonic()
        if not self.is_settling and now - self._absent.get(key, float("-inf")) < _ABSENT_SECONDS:
            return None
        kinds = self._ask(api_version)
        with self._lock:
            others = {known: found for known, found in self._kinds.items() if known[0] != api_version}
            self._kinds = others | kinds
            if key not in kinds:
                self._remember_absent(key)
        return kinds.get(key)

    def forget(self, api_version: str, kind: str) -> None:
        """The kind turned out not to be served any more; it is asked for anew when it is needed again."""
        with self._lock:
            self._kinds = {key: found for key, found in self._kinds.items() if key != (api_version, kind)}

    def definitions_changed(self) -> None:
        """A definition was applied: for a while, kinds may appear at any moment."""
        self._settling_until = time.monotonic() + _SETTLING_SECONDS

    @property
    def is_settling(self) -> bool:
        """Whether a definition was applied so recently that not every API server may know of it."""
        return time.monotonic() < self._settling_until

    def _remember_absent(self, key: tuple[str, str]) -> None:
        now = time.monotonic()
        if len(self._absent) >= _ABSENT_LIMIT:
            self._absent = {known: since for known, since in self._absent.items() if now - since < _ABSENT_SECONDS}
        self._absent[key] = now

    def _ask(self, api_version: str) -> _Kinds:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        request = Request("GET", root, f"discovery of {api_version}")
        response = self._transport.send(request)
        if response.status == 404:  # noqa: PLR2004 - RFC 9110
            return {}
        if response.status != 200:  # noqa: PLR2004 - RFC 9110
            raise failure(request, response.status, response.content)
        return _understood(request, response.json(), partial(_plain_kinds, api_version))


def _understood(request: Request, document: Mapping[str, Any], read: Callable[[Mapping[str, Any]], _Kinds]) -> _Kinds:
    try:
        return read(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ClusterError(f"{request.subject}: what it says about the kinds it serves cannot be read") from None


def _aggregated_kinds(document: Mapping[str, Any]) -> _Kinds:
    """From an APIGroupDiscoveryList; a server without aggregated discovery answers something else, which has none."""
    kinds: _Kinds = {}
    for group in document.get("items") or ():
        name = (group.get("metadata") or {}).get("name", "")
        for version in group.get("versions") or ():
            api_version = f"{name}/{version['version']}" if name else version["version"]
            for resource in version.get("resources") or ():
                kind = (resource.get("responseKind") or {}).get("kind")
                if kind:
                    found = ResourceType(
                        api_version, kind, resource["resource"], namespaced=resource.get("scope") == "Namespaced"
                    )
                    kinds.setdefault((api_version, kind), found)
    return kinds


def _plain_kinds(api_version: str, document: Mapping[str, Any]) -> _Kinds:
    """From an APIResourceList; subresources have a slash in their name."""
    return {(found.api_version, found.kind): found for found in reversed([*_plain(api_version, document)])}


def _plain(api_version: str, document: Mapping[str, Any]) -> Iterator[ResourceType]:
    for resource in document.get("resources") or ():
        if "/" not in resource["name"]:
            yield ResourceType(api_version, resource["kind"], resource["name"], namespaced=resource["namespaced"])
