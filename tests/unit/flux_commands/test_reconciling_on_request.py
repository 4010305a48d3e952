from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.errors import ClusterError, UsageError, VerificationError
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES, REQUESTED_AT
from pipeline.model.flux.views import Key
from pipeline.model.outcome.reconcile import ReconcileResult, require_reconciled
from pipeline.operations.reconcile import await_reconciled, reconcile
from tests.unit.flux_commands.objects import BEFORE, OURS, failed, kustomization, source
from tests.unit.flux_commands.worlds import World

SHOP = Key("apps", "shop")
ASKED = "not handled yet"


def requested(world: World, body: dict[str, Any]) -> str:
    value: str = world.read(body)["metadata"]["annotations"][REQUESTED_AT]
    return value


def handle(world: World, body: dict[str, Any]) -> None:
    """As the controller does at the end of a pass."""
    token = requested(world, body)
    status = {**body["status"], "lastHandledReconcileAt": token}
    world.put({**body, "metadata": {**body["metadata"], "annotations": {REQUESTED_AT: token}}, "status": status})


def run(world: World, **options: Any) -> ReconcileResult:  # noqa: ANN401 - those of reconcile
    return reconcile(KUSTOMIZATIONS, SHOP, world.ports, **{"timeout": 10.0, **options})


def test_it_ends_once_exactly_this_request_was_handled(world: World) -> None:
    world.put(kustomization(BEFORE))
    world.when(ASKED, lambda: handle(world, kustomization(OURS)))

    result = run(world)

    require_reconciled(result.objects, 10.0)
    assert [(item.revision, item.document()["result"]) for item in result.objects] == [(f"main@{OURS}", "ready")]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", requested(world, kustomization()))


def test_a_failed_reconciliation_is_a_failure_with_the_condition_s_message(world: World) -> None:
    world.put(kustomization())
    world.when(ASKED, lambda: handle(world, kustomization(conditions=failed("BuildFailed", "no such file"))))

    result = run(world)

    with pytest.raises(VerificationError, match="apps/shop did not become ready: BuildFailed: no such file") as caught:
        require_reconciled(result.objects, 10.0)
    assert caught.value.exit_code == 7


def test_the_source_comes_first(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))
    world.when(ASKED, lambda: handle(world, source()))
    world.when(ASKED, lambda: handle(world, kustomization()))

    result = run(world, with_source=True)

    assert [str(item) for item in result.objects] == ["OCIRepository apps/shop", "Kustomization apps/shop"]
    assert result.document()["objects"][1]["digest"] == OURS


def test_where_the_source_fails_the_kustomization_is_not_asked(world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))
    world.when(ASKED, lambda: handle(world, source(BEFORE, *failed("AuthenticationFailed"))))

    result = run(world, with_source=True)

    assert [str(item) for item in result.objects] == ["OCIRepository apps/shop"]
    assert REQUESTED_AT not in world.read(kustomization())["metadata"].get("annotations", {})


def test_a_source_alone_is_reconciled_too(world: World) -> None:
    world.put(source(BEFORE))
    world.when(ASKED, lambda: handle(world, source()))

    result = reconcile(OCI_REPOSITORIES, SHOP, world.ports, timeout=10.0)

    assert result.objects[0].revision == f"main@{OURS}"


@pytest.mark.parametrize("suspended", ["source", "kustomization"])
def test_what_is_suspended_is_refused_before_anything_is_asked(world: World, suspended: str) -> None:
    world.put(source(spec={"suspend": suspended == "source"}))
    world.put(kustomization(spec={"suspend": suspended == "kustomization"}))
    world.server.requests.clear()

    with pytest.raises(UsageError, match="is suspended") as caught:
        run(world, with_source=True)

    words = "source oci" if suspended == "source" else "kustomization"
    assert caught.value.hint == f"gitless resume {words} shop -n apps"
    assert "merge_patch" not in dict(world.server.requests)


def test_a_source_of_another_kind_is_refused(world: World) -> None:
    world.put(kustomization(spec={"sourceRef": {"kind": "GitRepository", "name": "shop"}}))

    with pytest.raises(UsageError, match="is a GitRepository"):
        run(world, with_source=True)


def test_when_time_is_over_it_says_what_it_was_at(world: World) -> None:
    world.put(kustomization())

    result = run(world, timeout=0.1)

    with pytest.raises(VerificationError, match="within 100ms: not handled yet") as caught:
        require_reconciled(result.objects, 0.1)
    assert caught.value.code == "verification.timeout"
    assert result.document()["objects"][0]["result"] == "timeout"


def test_an_object_that_is_deleted_meanwhile_fails(world: World) -> None:
    world.put(kustomization())
    world.when(ASKED, lambda: world.delete(kustomization()))

    assert run(world).objects[0].message == "it was deleted"


def test_an_object_that_does_not_exist_is_named(world: World) -> None:
    with pytest.raises(ClusterError, match="apps/shop does not exist") as caught:
        run(world)
    assert caught.value.code == "cluster.not-found"


def test_several_are_waited_for_at_once(world: World) -> None:
    world.put(kustomization(name="a", conditions=[]))
    world.put(kustomization(name="b", conditions=[]))
    world.when("apps/b", lambda: world.put(kustomization(name="b")))
    world.put(kustomization(name="c"))
    keys = {Key("apps", name): "" for name in "abc"}

    found = await_reconciled(KUSTOMIZATIONS, keys, world.ports, deadline=world.ports.clock.now() + 0.4)

    assert {item.key.name: item.document()["result"] for item in found} == {"a": "timeout", "b": "ready", "c": "ready"}
