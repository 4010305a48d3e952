from __future__ import annotations

import json

import pytest

from pipeline import wiring
from pipeline.model.artifact.manifest import Descriptor
from tests.cli.flux_commands.conftest import Gitless
from tests.unit.flux_commands.objects import BEFORE, OURS, URL, failed, kustomization, source
from tests.unit.flux_commands.worlds import World

WANTED = f"{URL}@{OURS}"


class Registry:
    """Knows one tag."""

    asked: list[str]

    def __init__(self) -> None:
        self.asked = []

    def resolve(self, tag: str) -> Descriptor:
        self.asked.append(tag)
        return Descriptor("application/vnd.oci.image.manifest.v1+json", OURS, 100)


def test_a_delivered_digest_ends_with_0(gitless: Gitless, world: World) -> None:
    world.put(source())
    world.put(kustomization())

    outcome = gitless("wait", WANTED, "-n", "apps")

    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        f"{WANTED}: delivered after 0.0s on memory",
        "  ✓ Kustomization apps/shop: applied and ready",
    ]


def test_a_failure_ends_with_7_a_report_and_one_error(gitless: Gitless, world: World) -> None:
    world.put(source())
    world.put(kustomization(BEFORE, OURS, failed("BuildFailed", "no such file")))

    outcome = gitless("wait", WANTED, "-n", "apps", "-o", "json", "--log-format", "json")

    assert outcome.code == 7
    assert outcome.document["outcome"] == "failed"
    assert json.loads(outcome.err.splitlines()[-1])["code"] == "verification.failed"


def test_time_running_out_ends_with_7_and_a_hint(gitless: Gitless, world: World) -> None:
    world.put(source(BEFORE))
    world.put(kustomization(BEFORE))

    outcome = gitless("wait", WANTED, "-n", "apps", "--timeout", "50ms")

    assert outcome.code == 7
    assert ": timeout after" in outcome.out
    assert "--reconcile" in outcome.err


def test_a_tag_is_resolved_once_and_its_digest_told(
    gitless: Gitless, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry()
    monkeypatch.setattr(wiring, "registry", lambda *_: registry)
    world.put(source())
    world.put(kustomization())

    outcome = gitless("wait", f"{URL}:main", "-n", "apps", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert (registry.asked, outcome.document["tag"]) == (["main"], "main")
    assert f"{URL}:main is {OURS}" in outcome.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"wait {URL}", "names no artifact"),
        ("wait oci-layout:out:v1", "no cluster reads it"),
        ("wait shop", "is not an artifact reference"),
        (f"wait {WANTED} --timeout soon", "is not a duration"),
        (f"wait {WANTED}", "no OCIRepository in namespace flux-system reads oci://registry.example/acme/shop"),
    ],
)
def test_what_can_never_be_delivered_ends_with_2(gitless: Gitless, line: str, told: str) -> None:
    outcome = gitless(*line.split())

    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err
