"""Writing single objects and waiting for what becomes of them: what the commands around the puller have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from pipeline.model.cluster import ResourceType
from pipeline.model.comparison.noise import SERVER_METADATA
from pipeline.model.health.rules import health
from pipeline.model.health.verdict import Health
from pipeline.model.manifests import Body, Resource
from pipeline.model.plan import Action, Change
from pipeline.ports import ApiServer, Clock

INSTALL_MANAGER: Final = "gitless-install"
"""Field manager of what an installation consists of."""
_PAUSE: Final = 0.5
"""Seconds between two looks."""

Found = TypeVar("Found")


def apply_object(server: ApiServer, resource_type: ResourceType, body: Body, *, dry_run: bool) -> Change:
    """Apply one object of the installation, whoever owns its fields, and say what that changed."""
    object_id = Resource.from_body(body).id
    before = server.read(resource_type, object_id.namespace, object_id.name)
    after = server.apply(resource_type, body, manager=INSTALL_MANAGER, force=True, dry_run=dry_run)
    return Change(written(before, after), object_id, resource_type.api_version)


def written(before: Body | None, after: Body) -> Action:
    """What writing did to an object."""
    if before is None:
        return Action.CREATE
    return Action.UNCHANGED if _content(before) == _content(after) else Action.CONFIGURE


def _content(body: Body) -> dict[str, Any]:
    metadata = {key: value for key, value in body["metadata"].items() if key not in SERVER_METADATA}
    return {key: value for key, value in body.items() if key != "status"} | {"metadata": metadata}


def wait_for(look: Callable[[], Found | None], clock: Clock, seconds: float) -> Found | None:
    """Look again and again until there is something to see; ``None`` where there was not in time."""
    deadline = clock.now() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if clock.now() >= deadline:
            return None
        clock.sleep(_PAUSE)


def health_of(server: ApiServer, resource_type: ResourceType, namespace: str, name: str, now: float) -> Health:
    """How the live object is."""
    return health(server.read(resource_type, namespace, name), now=now)
