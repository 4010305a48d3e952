"""Writing status: what differs, under Flux's status managers, with the answer taken over at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.model.flux import api
from pipeline.model.flux.kustomization_status import status_patch
from pipeline.model.manifests import Body
from pipeline.ports import ApiServer
from pipeline.puller.keys import KUSTOMIZATION, OCI_REPOSITORY, Key
from pipeline.puller.kustomizations.stops import led_by_another
from pipeline.puller.store import ObjectStore

_TYPES = {KUSTOMIZATION: api.KUSTOMIZATIONS, OCI_REPOSITORY: api.OCI_REPOSITORIES}
_MANAGERS = {KUSTOMIZATION: api.KUSTOMIZATION_STATUS_MANAGER, OCI_REPOSITORY: api.SOURCE_STATUS_MANAGER}


class Statuses:
    """Writes to the objects of both kinds, and keeps the store of each up to date with what came of it."""

    def __init__(
        self,
        api_server: ApiServer,
        stores: Mapping[str, ObjectStore],
        is_leading: Callable[[], bool] = lambda: True,
    ) -> None:
        """``is_leading``: whether this process may still write."""
        self._api = api_server
        self._stores = stores
        self._is_leading = is_leading

    def write(self, key: Key, status: Mapping[str, Any]) -> None:
        """Turn the object's status into that one; nothing is sent where nothing differs.

        Raises:
            ClusterError: it could not be written.
            RefusedError: another puller leads now.
        """
        before = self._stores[key.kind].get(key)
        if before is None:
            return
        patch = status_patch(before, status)
        if patch:
            self._patch(key, {"status": patch}, subresource="status")

    def add_finalizer(self, key: Key, body: Body) -> None:
        """Keep the object from going before we have let it.

        Raises:
            StaleError: it has changed meanwhile; whoever changed it causes another look.
        """
        finalizers = [*(body["metadata"].get("finalizers") or ()), api.FINALIZER]
        self._patch(key, _metadata(body, finalizers))

    def remove_finalizer(self, key: Key, body: Body) -> None:
        """Let the object go.

        Raises:
            StaleError: it has changed meanwhile.
        """
        finalizers = [item for item in body["metadata"].get("finalizers") or () if item != api.FINALIZER]
        self._patch(key, _metadata(body, finalizers))

    def _patch(self, key: Key, patch: Mapping[str, Any], *, subresource: str = "") -> None:
        if not self._is_leading():
            raise led_by_another()
        answer = self._api.merge_patch(
            _TYPES[key.kind], key.object_id, patch, manager=_MANAGERS[key.kind], subresource=subresource
        )
        if answer is None:
            self._stores[key.kind].remove(key)
        else:
            self._stores[key.kind].put(answer)


def _metadata(body: Body, finalizers: list[str]) -> dict[str, Any]:
    version = body["metadata"]["resourceVersion"]
    return {"metadata": {"finalizers": finalizers, "resourceVersion": version}}
