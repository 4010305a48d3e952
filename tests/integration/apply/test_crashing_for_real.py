"""The run dies right after each of its writes, before it learns of it; the next run gets to the same end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pipeline.model.applying.inventory import Inventory
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import Body, ObjectId
from pipeline.ports import Cluster
from tests.integration.apply.conftest import Target

pytestmark = pytest.mark.cluster


class DiedError(BaseException):
    """Like SIGKILL: nothing that handles errors sees it."""


class Dying:
    """Hands everything to the real cluster; dies after the given number of writes."""

    def __init__(self, cluster: Cluster, writes: int) -> None:
        self._cluster = cluster
        self._left = writes

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        return getattr(self._cluster, name)

    def apply(
        self,
        body: Body,
        *,
        dry_run: bool = False,
        force: bool = False,
        metadata_only: bool = False,
        expected: Mapping[str, Any] | None = None,
    ) -> Body:
        answer = self._cluster.apply(body, dry_run=dry_run, force=force, metadata_only=metadata_only, expected=expected)
        if not dry_run:
            self._written()
        return answer

    def delete(self, resource_type: ResourceType, object_id: ObjectId, *, uid: str, dry_run: bool = False) -> None:
        self._cluster.delete(resource_type, object_id, uid=uid, dry_run=dry_run)
        self._written()

    def save_inventory(self, inventory: Inventory) -> Inventory:
        saved = self._cluster.save_inventory(inventory)
        self._written()
        return saved

    def _written(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise DiedError


def test_killed_after_any_write_the_next_run_repairs(target: Target) -> None:
    before = [target.config_map("stays"), target.config_map("goes"), target.deployment("web", app="one")]
    after = [
        target.config_map("stays", key="changed"),
        target.config_map("new"),
        target.service(),
        target.deployment("web", app="two"),
    ]
    target.apply(target.config_map("foreign"), inventory="foreign")
    foreign = target.existing("v1", "ConfigMap", "foreign")
    deaths = 0
    for writes in range(1, 50):
        target.apply(*before, recreate=True)
        dying = replace(target, cluster=Dying(target.cluster, writes))
        try:
            dying.apply(*after, recreate=True, concurrency=1)
        except DiedError:
            deaths += 1
        else:
            break
        target.apply(*after, recreate=True)

        names = {name for name in names_of(target, "v1", "ConfigMap") if "gitless" not in name}
        assert names == {"foreign", "kube-root-ca.crt", "new", "stays"}
        assert target.existing("v1", "ConfigMap", "stays")["data"] == {"key": "changed"}
        assert target.existing("apps/v1", "Deployment", "web")["spec"]["selector"]["matchLabels"] == {"app": "two"}
        inventory = target.cluster.load_inventory(target.namespace, "shop")
        assert inventory is not None
        assert sorted(key.name for key in inventory.applied) == ["new", "stays", "web", "web"]
        assert not inventory.pending
        assert target.apply(*after).plan.is_empty
    # Intention, four objects of which one is deleted first, one prune, and the inventory at the end.
    assert deaths == 8
    assert target.existing("v1", "ConfigMap", "foreign") == foreign


def names_of(target: Target, api_version: str, kind: str) -> Iterator[str]:
    found = target.cluster.resource_type(api_version, kind)
    assert found is not None
    return (item["metadata"]["name"] for item in target.cluster.list_metadata(found, target.namespace))
