from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.flux.api import FINALIZER, KUSTOMIZATIONS
from pipeline.model.flux.deletion import consequences_of_deleting
from pipeline.model.flux.tree import kustomization_id
from pipeline.model.manifests import ObjectId
from pipeline.operations.delete import Deletion, warnings


def kustomization(*objects: ObjectId, finalizers: tuple[str, ...] = (FINALIZER,), **spec: object) -> dict[str, Any]:
    return {
        "metadata": {"finalizers": list(finalizers)},
        "spec": spec,
        "status": {"inventory": {"entries": [{"id": item.inventory_id, "v": "v1"} for item in objects]}},
    }


def told(body: dict[str, Any]) -> list[str]:
    deletion = Deletion(
        resource_type=KUSTOMIZATIONS,
        object_id=kustomization_id("a", "b"),
        uid="u",
        consequences=consequences_of_deleting(body),
    )
    return list(warnings(deletion))


WEB = ObjectId("apps", "Deployment", "shop", "web")
NESTED = kustomization_id("shop", "inner\x07")


@pytest.mark.parametrize(
    ("spec", "prunes", "why"),
    [
        ({"prune": True}, True, "prune is true"),
        ({"prune": False}, False, "prune is false"),
        ({}, False, "prune is false"),
        ({"prune": True, "deletionPolicy": "MirrorPrune"}, True, "prune is true"),
        ({"prune": True, "deletionPolicy": "Orphan"}, False, "deletionPolicy is Orphan"),
        ({"prune": False, "deletionPolicy": "Delete"}, True, "deletionPolicy is Delete"),
        ({"prune": False, "deletionPolicy": "WaitForTermination"}, True, "deletionPolicy is WaitForTermination"),
        ({"prune": True, "suspend": True}, False, "it is suspended"),
    ],
)
def test_the_spec_decides_whether_objects_go_too(spec: dict[str, Any], prunes: bool, why: str) -> None:  # noqa: FBT001 - a column
    found = consequences_of_deleting(kustomization(WEB, **spec))

    assert (found.prunes, found.why, found.objects) == (prunes, why, (WEB,))


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        (kustomization(prune=True), ["it has applied nothing"]),
        (kustomization(WEB, prune=True), ["1 object that it applied will be deleted with it: prune is true"]),
        (kustomization(WEB, prune=False), ["1 object that it applied will stay: prune is false"]),
        (
            kustomization(WEB, finalizers=(), prune=True),
            ["1 object that it applied will stay, though prune is true: it has no finalizer"],
        ),
        (
            kustomization(WEB, NESTED, prune=True, kubeConfig={"secretRef": {"name": "k"}}),
            [
                "2 objects that it applied in another cluster will be deleted with it: prune is true",
                "Kustomizations are among them, which may delete theirs in turn: shop/inner",
            ],
        ),
    ],
)
def test_what_goes_is_said_before_anybody_says_yes(body: dict[str, Any], sentences: list[str]) -> None:
    assert told(body) == sentences


def test_those_who_use_a_source_are_named() -> None:
    users = tuple(kustomization_id("shop", f"k{number}") for number in range(7))
    deletion = Deletion(resource_type=KUSTOMIZATIONS, object_id=kustomization_id("a", "b"), uid="u", users=users)

    assert warnings(deletion) == [
        "Kustomizations that use it will fail until it is back: shop/k0, shop/k1, shop/k2, shop/k3, shop/k4 and 2 more"
    ]
