"""``gitless trust check`` at the door of the puller that runs, or of Flux."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.integration.puller.conftest import Ground, Signing
from tests.reconciling import World

pytestmark = [pytest.mark.cluster, pytest.mark.registry, pytest.mark.xdist_group("puller")]


def check(ground: Ground, world: World, signing: Signing, capsys: pytest.CaptureFixture[str], *options: str) -> Outcome:
    place = ("--kubeconfig", str(ground.plane.kubeconfig), "-n", world.namespace)
    repository = f"oci://{world.registry}/{world.namespace}/app"
    key = str(Path(signing.folder) / "cosign.pub")
    code = run_guarded(
        application,
        ["trust", "check", "--key", key, "--repository", repository, "--source", "app", *place, *options, "-o", "json"],
    )
    captured = capsys.readouterr()
    return Outcome(code, captured.out, captured.err)


def at_the_puller(outcome: Outcome) -> list[str]:
    return [trial["outcome"] for trial in outcome.document["trials"] if trial["door"] == "puller"]


def test_the_puller_refuses_what_a_verified_source_would_have_to_take(
    ground: Ground, world: World, signing: Signing, capsys: pytest.CaptureFixture[str]
) -> None:
    signing.keys(world, "cosign")
    world.source(verify={"provider": "cosign", "secretRef": {"name": "cosign"}})

    outcome = check(ground, world, signing, capsys)

    assert outcome.code == 0, outcome
    assert at_the_puller(outcome) == ["refused", "refused"]
    assert [body["metadata"]["name"] for body in world.list("OCIRepository")] == ["app"]


def test_a_source_that_verifies_nothing_is_an_open_door(
    ground: Ground, world: World, signing: Signing, capsys: pytest.CaptureFixture[str]
) -> None:
    world.source()

    outcome = check(ground, world, signing, capsys)

    assert outcome.code == 7, outcome
    assert at_the_puller(outcome) == ["accepted", "accepted"]
    assert "puller" in outcome.err
    assert [body["metadata"]["name"] for body in world.list("OCIRepository")] == ["app"]


def test_a_source_that_is_not_there_is_named(
    ground: Ground, world: World, signing: Signing, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = check(ground, world, signing, capsys)

    assert outcome.code == 6
    assert f"{world.namespace}/app does not exist" in outcome.err
