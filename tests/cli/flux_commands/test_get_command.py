from __future__ import annotations

import json

import pytest
import yaml

from pipeline import wiring
from tests.cli.flux_commands.conftest import Gitless
from tests.unit.flux_commands.objects import AFTER, BEFORE, failed, kustomization, source
from tests.unit.flux_commands.worlds import World

HERE = "flux-system"


class EventfulClock:
    """Each time it is asked something has changed, until the user interrupts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changes = iter([None, AFTER, BEFORE])

    def now(self) -> float:
        try:
            digest = next(self._changes)
        except StopIteration:
            raise KeyboardInterrupt from None
        if digest:
            self._world.put(kustomization(digest, namespace=HERE))
        return 1_800_000_000.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"slept for {seconds}")


@pytest.fixture(autouse=True)
def _furnished(world: World) -> None:
    world.put(source(namespace=HERE))
    world.put(kustomization(namespace=HERE))
    world.put(kustomization(namespace="apps", name="broken", conditions=failed("BuildFailed")))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("get", ["ocirepository/shop", "kustomization/shop"]),
        ("get all", ["ocirepository/shop", "kustomization/shop"]),
        ("get sources", ["shop"]),
        ("get sources all", ["shop"]),
        ("get sources oci", ["shop"]),
        ("get source oci shop", ["shop"]),
        ("get sources shop", ["shop"]),
        ("get kustomizations", ["shop"]),
        ("get ks shop", ["shop"]),
        ("get ks -n apps", ["broken"]),
        ("get ks -A --status-selector ready=false", ["apps"]),
        ("get ks -A", ["apps", HERE]),
    ],
)
def test_kinds_are_named_as_flux_names_them(gitless: Gitless, line: str, expected: list[str]) -> None:
    outcome = gitless(*line.split(), "--no-header")

    assert (outcome.code, outcome.err) == (0, "")
    assert [row.split()[0] for row in outcome.out.splitlines() if row] == expected


def test_the_source_is_shown_where_asked_and_in_wide(gitless: Gitless) -> None:
    assert "OCIRepository/flux-system/shop" not in gitless("get", "ks").out
    assert "OCIRepository/flux-system/shop" in gitless("get", "ks", "--show-source").out
    assert "OCIRepository/flux-system/shop" in gitless("get", "ks", "-o", "wide").out


def test_json_and_yaml_are_the_same_document(gitless: Gitless) -> None:
    document = gitless("get", "-o", "json").document

    assert [item["kind"] for item in document["objects"]] == ["OCIRepository", "Kustomization"]
    assert yaml.safe_load(gitless("get", "-o", "yaml").out) == document


def test_nothing_found_is_told_on_stderr(gitless: Gitless) -> None:
    outcome = gitless("get", "all", "-n", "default")

    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "There is no OCIRepository and no Kustomization in namespace default\n"
    assert gitless("get", "ks", "-l", "a=b").err == "There is no Kustomization that matches in namespace flux-system\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("get helmreleases", "is no kind"),
        ("get sources git", "no sources of type git"),
        ("get ks one two", "one name is enough"),
        ("get all shop", "all takes no name"),
        ("get ks --status-selector ready", "selects no status"),
        ("get ks -o xml", "'xml' is not one of"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(gitless: Gitless, line: str, told: str) -> None:
    outcome = gitless(*line.split())

    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err


def test_a_missing_object_ends_with_6(gitless: Gitless) -> None:
    outcome = gitless("get", "ks", "missing")

    assert (outcome.code, outcome.out) == (6, "")
    assert "no Kustomization missing in namespace flux-system" in outcome.err


def test_watching_goes_on_under_the_same_columns(
    gitless: Gitless, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = EventfulClock(world)
    monkeypatch.setattr(wiring, "clock", lambda: clock)

    outcome = gitless("get", "ks", "--watch")
    lines = outcome.out.splitlines()

    assert (outcome.code, outcome.err.strip()) == (130, "interrupted")
    assert [line.split()[0] for line in lines] == ["NAME", "shop", "shop"]
    assert lines[1].index("sha256") == lines[2].index("sha256")


def test_watching_in_json_is_a_line_per_change(gitless: Gitless, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = EventfulClock(world)
    monkeypatch.setattr(wiring, "clock", lambda: clock)

    documents = [json.loads(line) for line in gitless("get", "ks", "-w", "-o", "json").out.splitlines()]

    assert [document["kind"] for document in documents] == ["GetResult", "GetResult"]
