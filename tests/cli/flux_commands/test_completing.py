from __future__ import annotations

from typing import Any

import click
import pytest

from pipeline.cli.completing import flux_objects, kustomizations
from pipeline.errors import ClusterError
from tests.unit.flux_commands.objects import kustomization, source
from tests.unit.flux_commands.worlds import World


def completed(*words: str, incomplete: str = "", **parameters: Any) -> list[str]:  # noqa: ANN401 - options' values
    context = click.Context(click.Command("get"))
    context.params = {"namespace": "apps", "words": words, **parameters}
    return [item.value for item in flux_objects(context, click.Argument(["words"], nargs=-1), incomplete)]


@pytest.fixture(autouse=True)
def _furnished(world: World) -> None:
    world.put(source(name="source-a"))
    world.put(kustomization(name="shop"))
    world.put(kustomization(name="site"))
    world.put(kustomization(name="other", namespace="default"))


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ((), "", ["source", "kustomization"]),
        ((), "k", ["kustomization"]),
        (("source",), "", ["oci"]),
        (("source", "oci"), "", ["source-a"]),
        (("ks",), "s", ["shop", "site"]),
        (("kustomization", "shop"), "si", ["site"]),
        (("helmrelease",), "", []),
    ],
)
def test_kinds_and_then_names_are_completed(words: tuple[str, ...], incomplete: str, expected: list[str]) -> None:
    assert completed(*words, incomplete=incomplete) == expected


def test_names_of_every_namespace_are_completed_where_asked() -> None:
    assert completed("ks", all_namespaces=True) == ["shop", "site", "other"]


def test_kustomizations_are_completed_for_their_option() -> None:
    context = click.Context(click.Command("wait"))
    context.params = {"namespace": "apps"}

    assert [item.value for item in kustomizations(context, click.Option(["--kustomization"]), "sh")] == ["shop"]


def test_a_cluster_out_of_reach_completes_nothing(world: World) -> None:
    def away(operation: str, subject: str) -> None:
        raise ClusterError("the API server cannot be reached")

    world.server.before = away

    assert completed("ks") == []
