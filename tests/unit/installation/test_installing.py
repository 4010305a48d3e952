"""The order in which an installation comes about, and what stops it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import ClusterError, RefusedError, VerificationError
from pipeline.model.flux.api import DEPLOYMENTS
from pipeline.model.flux.definitions import OCI_REPOSITORY
from pipeline.model.installation.kinds import DEFINITION_TYPE
from pipeline.model.plan import Action
from tests.unit.installation.worlds import OPTIONS, World, with_flux


def test_definitions_are_established_before_anything_else_is_written(world: World) -> None:
    world.establishes = False
    with pytest.raises(ClusterError, match="was not established within 60s"):
        world.install()
    assert {line.split()[1] for line in world.writes()} == {"CustomResourceDefinition.apiextensions.k8s.io"}


def test_a_puller_that_does_not_come_up_is_an_error_that_names_it(world: World) -> None:
    world.works = False
    with pytest.raises(VerificationError, match=r"Deployment flux-system/gitless-puller is not available"):
        world.install(timeout=20.0)
    assert world.read(DEPLOYMENTS, "flux-system", "gitless-puller") is not None


def test_nothing_is_written_where_controllers_of_flux_work(world: World) -> None:
    with_flux(world)
    world.writes()
    with pytest.raises(RefusedError, match="flux-system/kustomize-controller"):
        world.install()
    assert world.writes() == []


def test_controllers_that_are_scaled_to_nothing_are_no_rivals(world: World) -> None:
    with_flux(world, replicas=0)
    assert world.install().ready


def test_a_share_of_ones_own_or_force_installs_beside_them(world: World) -> None:
    with_flux(world)
    assert world.install(force=True).ready
    shard = replace(OPTIONS.puller, watch_label_selector="sharding.fluxcd.io/key=two")
    assert world.install(replace(OPTIONS, puller=shard)).ready


def foreign_definition(*versions: str) -> dict[str, Any]:
    body = deepcopy(OCI_REPOSITORY)
    body["metadata"]["labels"] = {"app.kubernetes.io/part-of": "flux"}
    body["spec"]["versions"] = [{**body["spec"]["versions"][0], "name": version} for version in versions]
    return body


def test_definitions_of_flux_are_left_alone_and_told_about(world: World) -> None:
    world.put(DEFINITION_TYPE, foreign_definition("v1beta2", "v1"))
    world._live_on(DEFINITION_TYPE, foreign_definition("v1beta2", "v1"))

    result = world.install()

    (kept,) = [change for change in result.changes if change.action is Action.SKIP]
    assert (kept.object_id.name, kept.reason) == (
        "ocirepositories.source.toolkit.fluxcd.io",
        "flux brought it, and it serves v1",
    )
    assert [line for line in world.talk.lines if line.startswith("left alone:")]
    live = world.read(DEFINITION_TYPE, "", "ocirepositories.source.toolkit.fluxcd.io")
    assert live is not None
    assert live["metadata"]["labels"] == {"app.kubernetes.io/part-of": "flux"}


def test_definitions_without_the_version_are_refused_before_anything_is_written(world: World) -> None:
    world.put(DEFINITION_TYPE, foreign_definition("v1beta2"))
    world.writes()
    with pytest.raises(RefusedError, match="in v1beta2, and not in v1"):
        world.install()
    assert world.writes() == []


def test_a_second_installation_writes_nothing_but_its_questions(world: World) -> None:
    world.install()
    versions = {line: world.read(*line) for line in ((DEPLOYMENTS, "flux-system", "gitless-puller"),)}
    result = world.install()
    assert {change.action for change in result.changes} == {Action.UNCHANGED}
    assert versions == {line: world.read(*line) for line in versions}
