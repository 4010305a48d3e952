from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.flux.selecting import parse_status_selector
from pipeline.operations.following import Selection
from pipeline.operations.get import Query, get, watch
from pipeline.operations.suspend import Targets, switch
from tests.unit.flux_commands.objects import AFTER, failed, kustomization, source
from tests.unit.flux_commands.worlds import World

ALL = (OCI_REPOSITORIES, KUSTOMIZATIONS)


def switched(world: World, *names: str, suspend: bool) -> list[tuple[str, bool]]:
    done = switch(Targets(KUSTOMIZATIONS, "apps", names), world.server, suspend=suspend)
    return [(item.key.name, item.is_changed) for item in done]


def spec_of(world: World, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = world.read(kustomization(name=name))["spec"]
    return spec


def test_the_named_ones_are_suspended_once_each(world: World) -> None:
    world.put(kustomization(name="a"))
    world.put(kustomization(name="b", spec={"suspend": True}))
    world.put(kustomization(name="c"))

    assert switched(world, "b", "a", "a", suspend=True) == [("a", True), ("b", False)]
    assert [spec_of(world, name).get("suspend") for name in "abc"] == [True, True, None]


def test_all_of_a_namespace_are_resumed_and_nothing_of_it_stays_behind(world: World) -> None:
    world.put(kustomization(name="a", spec={"suspend": True}))
    world.put(kustomization(name="b"))
    world.put(kustomization(name="elsewhere", namespace="default", spec={"suspend": True}))

    assert switched(world, suspend=False) == [("a", True), ("b", False)]
    assert "suspend" not in spec_of(world, "a")
    assert world.read(kustomization(name="elsewhere", namespace="default"))["spec"]["suspend"] is True


def test_where_one_is_missing_none_is_changed(world: World) -> None:
    world.put(kustomization(name="a"))

    with pytest.raises(ClusterError, match="apps/missing does not exist"):
        switched(world, "a", "missing", suspend=True)

    assert "suspend" not in spec_of(world, "a")


def names(world: World, **how: Any) -> list[str]:  # noqa: ANN401 - those of Selection, and status
    status = how.pop("status", None)
    selector = parse_status_selector(status) if status else None
    return [
        item.key.name for item in get(Query(ALL, Selection(**{"namespace": "apps", **how}), selector), world.server)
    ]


@pytest.fixture
def furnished(world: World) -> World:
    world.put(kustomization(name="b", conditions=failed("BuildFailed"), metadata={"labels": {"app": "b"}}))
    world.put(kustomization(name="a"))
    world.put(kustomization(name="elsewhere", namespace="flux-system"))
    world.put(source(name="s"))
    return world


def test_objects_come_kind_by_kind_in_the_order_of_their_names(furnished: World) -> None:
    assert names(furnished) == ["s", "a", "b"]
    assert names(furnished, namespace=None) == ["s", "a", "b", "elsewhere"]


def test_objects_are_selected_by_labels_name_and_status(furnished: World) -> None:
    assert names(furnished, labels="app=b") == ["b"]
    assert names(furnished, name="a") == ["a"]
    assert names(furnished, status="ready=false") == ["b"]
    assert names(furnished, namespace="default") == []


def test_a_name_that_does_not_exist_is_an_error_that_says_where_it_looked(furnished: World) -> None:
    with pytest.raises(ClusterError, match="no OCIRepository or Kustomization c in namespace apps") as caught:
        names(furnished, name="c")
    assert "-A" in (caught.value.hint or "")
    with pytest.raises(ClusterError, match="in any namespace"):
        names(furnished, name="c", namespace=None)


def test_watching_shows_all_and_then_each_that_changes(furnished: World) -> None:
    query = Query((KUSTOMIZATIONS,), Selection("apps"), parse_status_selector("ready=true"))
    changes = watch(query, furnished.server, furnished)

    assert [item.key.name for item in next(changes)] == ["a"]
    furnished.delete(kustomization(name="b"))
    furnished.put(kustomization(name="c", conditions=[]))
    furnished.put(kustomization(AFTER, name="a"))
    ((changed,),) = islice(changes, 1)
    changes.close()  # type: ignore[attr-defined]

    assert (changed.key.name, changed.digest) == ("a", AFTER)
    assert "Kustomization apps/b is gone" in furnished.lines
