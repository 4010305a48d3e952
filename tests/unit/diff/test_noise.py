from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from pipeline.model.comparison.differences import compare, drop_noise


def make(**metadata: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it", **metadata}}


@pytest.mark.parametrize(
    "metadata",
    [
        {"uid": "1"},
        {"resourceVersion": "7"},
        {"generation": 3},
        {"creationTimestamp": None},
        {"creationTimestamp": "2026-01-01T00:00:00Z"},
        {"managedFields": [{"manager": "kubectl"}]},
        {"selfLink": "/x"},
        {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}},
        {"annotations": {"config.kubernetes.io/origin": "path: x"}},
        {"annotations": {"internal.config.kubernetes.io/index": "1"}},
        {"annotations": {}},
        {"labels": None},
        {"labels": {"gitless.dev/inventory-name": "shop", "gitless.dev/inventory-namespace": "shop"}},
        {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "shop"}},
        {"ownerReferences": []},
    ],
)
def test_what_nobody_decided_is_dropped(metadata: dict[str, Any]) -> None:
    assert drop_noise(make(**metadata)) == make()
    assert compare(make(), make(**metadata)) == ()


def test_status_is_dropped_but_only_at_the_top() -> None:
    body = make() | {"status": {"a": 1}, "spec": {"status": "x"}}
    assert drop_noise(body) == make() | {"spec": {"status": "x"}}


@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {"note": "x"}},
        {"annotations": {"gitless.dev/prune": "disabled"}},
        {"labels": {"app.kubernetes.io/managed-by": "Helm"}},
        {"finalizers": ["a"]},
    ],
)
def test_what_somebody_decided_stays(metadata: dict[str, Any]) -> None:
    assert drop_noise(make(**metadata)) == make(**metadata)


def test_the_body_itself_is_left_as_it_is() -> None:
    body = make(uid="1", annotations={"config.kubernetes.io/path": "x"}) | {"spec": {"a": None, "env": []}}
    copy = deepcopy(body)
    drop_noise(body)
    assert body == copy
