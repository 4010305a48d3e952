from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ClusterError, UsageError, VerificationError
from pipeline.model.applying.inventory import Inventory, InventoryEntry
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.lineage import source_step
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.trace import TraceResult, require_managed
from pipeline.operations.trace import Subject, trace
from pipeline.reports.text.trace import render
from tests.unit.inspecting.conftest import World
from tests.unit.inspecting.support import CONFIG_MAPS

SUBJECT = Subject("v1", "ConfigMap", "shop", "a")


def labels(name: str, namespace: str = "shop") -> dict[str, str]:
    return {"kustomize.toolkit.fluxcd.io/name": name, "kustomize.toolkit.fluxcd.io/namespace": namespace}


def config_map(world: World, name: str = "a", **metadata: Any) -> None:  # noqa: ANN401 - parts of metadata
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop", **metadata}}
    world.server.create(CONFIG_MAPS, body, manager="test")


def traced(world: World, inventory: Inventory | None = None) -> TraceResult:
    return trace(SUBJECT, world.server, lambda _namespace, _name: inventory)


def test_kustomizations_that_apply_each_other_end_the_chain(world: World) -> None:
    config_map(world, labels=labels("one"))
    world.kustomization("one", labels=labels("two"))
    world.kustomization("two", labels=labels("one"))

    assert [step.name for step in traced(world).kustomizations] == ["one", "two"]


def test_owners_that_own_each_other_end_the_climb(world: World) -> None:
    for name, owner in (("a", "b"), ("b", "a")):
        config_map(world, name, ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": owner, "uid": "u"}])

    with pytest.raises(VerificationError, match="managed by no Kustomization"):
        require_managed(traced(world))


def test_labels_without_an_entry_in_the_inventory_are_doubted(world: World) -> None:
    config_map(world, labels=labels("apps"))
    world.kustomization("apps", status={"inventory": {"entries": [{"id": "shop_b__ConfigMap", "v": "v1"}]}})

    result = traced(world)

    assert result.is_managed
    assert not result.kustomizations[0].lists
    assert "does not list the object" in render(result, color=False)


def test_a_missing_source_and_a_missing_status_are_said(world: World) -> None:
    config_map(world, labels=labels("apps"))
    world.kustomization("apps", source={"kind": "OCIRepository", "name": "gone"}, suspend=True)

    lines = render(traced(world), color=False).splitlines()

    assert "Revision:        none applied yet" in lines
    assert "Suspended:       yes" in lines
    assert "Status:          not reconciled yet" in lines
    assert lines[-2:] == ["OCIRepository:   shop/gone", "Status:          does not exist"]


def test_a_source_of_a_kind_that_is_not_served_is_not_found(world: World) -> None:
    config_map(world, labels=labels("apps"))
    world.kustomization("apps", source={"kind": "GitRepository", "name": "fleet"})

    source = traced(world).kustomizations[0].source

    assert source is not None
    assert (source.kind, source.found) == ("GitRepository", False)


def test_inventories_that_are_gone_or_do_not_list_the_object_are_told_apart(world: World) -> None:
    config_map(world, labels={"gitless.dev/inventory-name": "app", "gitless.dev/inventory-namespace": "shop"})
    object_id = ObjectId("", "ConfigMap", "shop", "a")
    listed = Inventory(
        "shop",
        "app",
        applied={object_id: InventoryEntry(object_id, "v1")},
        repository="oci://r.test/a",
        digest="sha256:1",
    )

    with pytest.raises(VerificationError, match="labels of inventory shop/app, which does not exist"):
        require_managed(traced(world))
    assert "does not list the object" in render(traced(world, Inventory("shop", "app")), color=False)
    assert "Artifact:        oci://r.test/a@sha256:1" in render(traced(world, listed), color=False)


def test_labels_of_both_show_who_really_lists_the_object(world: World) -> None:
    ours = {"gitless.dev/inventory-name": "app", "gitless.dev/inventory-namespace": "shop"}
    config_map(world, labels=ours | labels("apps"))
    world.kustomization("apps")
    object_id = ObjectId("", "ConfigMap", "shop", "a")
    inventory = Inventory("shop", "app", applied={object_id: InventoryEntry(object_id, "v1")})

    result = traced(world, inventory)

    assert result.inventory is not None
    assert (result.kustomizations[0].lists, result.inventory.lists) == (False, True)
    assert result.is_managed


def test_what_is_not_there_or_not_served_is_an_error(world: World) -> None:
    with pytest.raises(ClusterError, match="ConfigMap shop/a does not exist in memory"):
        traced(world)
    with pytest.raises(UsageError, match=r"serves no Widget in example\.org/v1"):
        trace(Subject("example.org/v1", "Widget", "shop", "a"), world.server, lambda *_: None)


def test_objects_outside_namespaces_need_none(world: World) -> None:
    namespaces = ResourceType("v1", "Namespace", "namespaces", namespaced=False)
    assert world.server.read(namespaces, "", "shop") is not None

    found = trace(Subject("v1", "Namespace", "flux-system", "shop"), world.server, lambda *_: None)

    assert found.object_id == ObjectId("", "Namespace", "", "shop")


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"url": "u"}, {}, "Verified:        no: its spec asks for no verification"),
        ({"verify": {"provider": "cosign"}}, {}, "Verified:        no: cosign has not yet"),
        (
            {"verify": {"provider": "cosign"}},
            {"conditions": [{"type": "SourceVerified", "status": "False", "message": "no\nmatch\x1b[1m"}]},
            "Verified:        no: no match\\u001b[1m",
        ),
    ],
)
def test_a_source_that_is_not_verified_says_why(
    world: World, spec: dict[str, Any], status: dict[str, Any], expected: str
) -> None:
    config_map(world, labels=labels("apps"))
    world.kustomization("apps")
    world.source("shop", spec=spec, status=status)
    step = source_step(("OCIRepository", "shop", "shop"), {"spec": spec, "status": status})
    assert not (step.verified and step.verified.is_true)

    result = traced(world)
    kustomization = result.kustomizations[0]
    shown = render(
        TraceResult(
            cluster="memory",
            object_id=result.object_id,
            kustomizations=(type(kustomization)(namespace="shop", name="apps", found=True, lists=True, source=step),),
        ),
        color=False,
    )

    assert expected in shown.splitlines()


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"digest": "sha256:1", "semver": "1.x", "tag": "t"}, "digest sha256:1"),
        ({"semver": "1.x", "tag": "t"}, "semver 1.x"),
        ({"tag": "t"}, "tag t"),
        ({}, "tag latest"),
    ],
)
def test_what_a_source_asks_for_is_told_as_flux_decides_it(reference: dict[str, str], expected: str) -> None:
    assert source_step(("OCIRepository", "a", "b"), {"spec": {"ref": reference}}).reference == expected
