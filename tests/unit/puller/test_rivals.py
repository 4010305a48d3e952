from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux.api import DEPLOYMENTS, LEASES
from pipeline.puller.leases import lease_name, written_time
from pipeline.puller.rivals import Rival, find_rivals, verdict
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock

_KUSTOMIZE = "kustomize-controller-leader-election"
_SOURCE = "source-controller-leader-election"
_SHARD = "sharding.fluxcd.io/key=gitless"
_REST = "!sharding.fluxcd.io/key"


@pytest.fixture
def api() -> MemoryApiServer:
    return MemoryApiServer(namespaces=("flux-system", "gitless-system", "tenants"))


def _lease(api: MemoryApiServer, namespace: str, name: str, holder: str, age: float = 5.0) -> None:
    spec = {
        "holderIdentity": holder,
        "leaseDurationSeconds": 35,
        "renewTime": written_time(MemoryClock().now() - age),
    }
    metadata = {"name": name, "namespace": namespace}
    body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
    api.create(LEASES, body, manager="test")


def _deployment(api: MemoryApiServer, namespace: str, name: str, *arguments: str) -> None:
    pod = {"spec": {"containers": [{"name": "manager", "args": ["--log-level=info", *arguments]}]}}
    metadata = {"name": name, "namespace": namespace}
    body: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    api.create(DEPLOYMENTS, {**body, "spec": {"template": pod}}, manager="test")


def _found(api: MemoryApiServer, *namespaces: str, **options: Any) -> tuple[Rival, ...]:  # noqa: ANN401
    return find_rivals(api, namespaces or ("flux-system",), MemoryClock(), **options)


def _hide(api: MemoryApiServer, *subjects: str) -> None:
    def deny(operation: str, subject: str) -> None:
        if operation == "list" and subject in subjects:
            raise ClusterError("may not", code="cluster.denied")

    api.before = deny


def test_an_empty_cluster_has_no_rivals(api: MemoryApiServer) -> None:
    assert _found(api) == ()
    assert verdict((), "").message == ""


def test_who_renewed_its_lease_lately_is_at_work(api: MemoryApiServer) -> None:
    _lease(api, "flux-system", _KUSTOMIZE, "kustomize-controller-6d9f7c-abcde_1234")
    _lease(api, "flux-system", _SOURCE, "source-controller-5c8b-fghij_5678", age=71.0)
    _lease(api, "flux-system", "helm-controller-leader-election", "helm-controller-1-2_3")

    assert _found(api) == (Rival("kustomize-controller", "flux-system", "kustomize-controller-6d9f7c-abcde_1234", ""),)


def test_a_released_lease_is_nobodys(api: MemoryApiServer) -> None:
    _lease(api, "flux-system", _KUSTOMIZE, "")

    assert _found(api) == ()


def test_rivals_are_found_in_namespaces_that_nobody_named(api: MemoryApiServer) -> None:
    _lease(api, "tenants", _SOURCE, "source-controller-1-2_3")

    assert [rival.namespace for rival in _found(api)] == ["tenants"]


def test_without_the_right_to_see_everything_the_given_namespaces_are_looked_at(api: MemoryApiServer) -> None:
    _lease(api, "tenants", _SOURCE, "source-controller-1-2_3")
    _lease(api, "flux-system", _SOURCE, "source-controller-1-2_3")
    _hide(api, "Lease *", "Lease gitless-system", "Deployment flux-system")

    assert [rival.namespace for rival in _found(api, "flux-system", "gitless-system")] == ["flux-system"]


def test_the_selector_of_a_shard_is_read_from_its_deployment(api: MemoryApiServer) -> None:
    _deployment(api, "flux-system", "kustomize-controller", f"--watch-label-selector={_REST}")
    _deployment(api, "flux-system", "kustomize-controller-a", "--watch-label-selector", "sharding.fluxcd.io/key=a")
    _lease(api, "flux-system", lease_name(_REST, base=_KUSTOMIZE), "kustomize-controller-1-2_3")
    _lease(
        api,
        "flux-system",
        lease_name("sharding.fluxcd.io/key=a", base=_KUSTOMIZE),
        "kustomize-controller-a-1-2_3",
    )

    assert [rival.selector for rival in _found(api)] == [_REST, "sharding.fluxcd.io/key=a"]


def test_usual_selectors_are_recognised_without_seeing_deployments(api: MemoryApiServer) -> None:
    _lease(api, "flux-system", lease_name(_REST, base=_KUSTOMIZE), "kustomize-controller-1-2_3")
    _lease(api, "flux-system", lease_name(_SHARD, base=_SOURCE), "source-controller-1-2_3")
    _lease(api, "flux-system", lease_name("team=x", base=_SOURCE), "source-controller-x-1-2_3")
    _hide(api, "Deployment flux-system")

    found = {rival.holder: rival.selector for rival in _found(api, our_selector=_SHARD)}

    assert found == {
        "kustomize-controller-1-2_3": _REST,
        "source-controller-1-2_3": _SHARD,
        "source-controller-x-1-2_3": None,
    }


def test_another_puller_is_a_rival_and_our_own_lease_is_not(api: MemoryApiServer) -> None:
    _lease(api, "gitless-system", lease_name(), "gitless-puller-1-2_3")
    _lease(api, "flux-system", lease_name(), "gitless-puller-4-5_6")

    found = _found(api, ours=("gitless-system", lease_name()))

    assert [(rival.controller, rival.namespace) for rival in found] == [("gitless puller", "flux-system")]


def test_who_looks_at_its_own_namespace_alone_is_known_by_its_deployment(api: MemoryApiServer) -> None:
    _deployment(api, "tenants", "source-controller", "--watch-all-namespaces=false")
    _lease(api, "tenants", _SOURCE, "source-controller-1-2_3")

    (rival,) = _found(api)

    assert rival.own_namespace_only
    assert not verdict([rival], "", our_namespace="flux-system").is_fight
    assert verdict([rival], "", our_namespace="tenants").is_fight
    assert verdict([rival], "").is_fight


def test_leases_that_cannot_be_had_for_another_reason_are_an_error(api: MemoryApiServer) -> None:
    def fail(operation: str, subject: str) -> None:
        raise ClusterError("down", code="cluster.unreachable")

    api.before = fail

    with pytest.raises(ClusterError, match="down"):
        _found(api)


def _rival(selector: str | None) -> Rival:
    return Rival("kustomize-controller", "flux-system", "kustomize-controller-1-2_3", selector)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (_SHARD, _REST),
        (_SHARD, "sharding.fluxcd.io/key=other"),
        (_SHARD, "sharding.fluxcd.io/key in (a, b)"),
        (_SHARD, "sharding.fluxcd.io/key!=gitless"),
        (f"{_SHARD},team=a", "team=b"),
        (_REST, "sharding.fluxcd.io/key"),
    ],
)
def test_shards_that_never_meet_may_work_side_by_side(ours: str, theirs: str) -> None:
    assert verdict([_rival(theirs)], ours).message == ""
    assert not verdict([_rival(theirs)], ours).is_fight


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("", ""),
        ("", _REST),
        ("", None),
        (_SHARD, ""),
        (_SHARD, _SHARD),
        (_SHARD, "sharding.fluxcd.io/key"),
        (_SHARD, "team=a"),
        (_REST, "sharding.fluxcd.io/key!=a"),
    ],
)
def test_who_would_reconcile_the_same_objects_is_refused(ours: str, theirs: str | None) -> None:
    refused = verdict([_rival(theirs)], ours)

    assert refused.is_fight
    assert "kustomize-controller in namespace flux-system reconciles" in refused.message
    assert "--watch-label-selector" in refused.hint


def test_a_shard_that_cannot_be_seen_is_warned_of() -> None:
    doubtful = verdict([_rival(None)], _SHARD)

    assert not doubtful.is_fight
    assert "cannot be seen" in doubtful.message
    assert _SHARD in doubtful.hint


def test_every_rival_is_named() -> None:
    source = Rival("source-controller", "flux-system", "source-controller-1-2_3", "")

    message = verdict([_rival(""), source], "").message

    assert "kustomize-controller in namespace flux-system and source-controller in namespace flux-system" in message
