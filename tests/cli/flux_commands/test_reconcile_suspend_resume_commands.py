from __future__ import annotations

import pytest

from tests.cli.flux_commands.conftest import Gitless
from tests.unit.flux_commands.objects import condition, failed, kustomization, source
from tests.unit.flux_commands.worlds import World


def test_suspending_and_resuming_is_told_object_by_object(gitless: Gitless, world: World) -> None:
    world.put(kustomization(name="a"))
    world.put(kustomization(name="b", spec={"suspend": True}))

    assert gitless("suspend", "ks", "a", "b", "-n", "apps").out == (
        "Kustomization apps/a suspended\nKustomization apps/b was suspended already\n"
    )
    document = gitless("resume", "ks", "--all", "-A", "-o", "json").document
    assert [(item["name"], item["changed"]) for item in document["objects"]] == [("a", True), ("b", True)]


def test_a_source_is_meant_by_two_words(gitless: Gitless, world: World) -> None:
    world.put(source())

    assert gitless("suspend", "source", "oci", "shop", "-n", "apps").out == "OCIRepository apps/shop suspended\n"
    refused = gitless("reconcile", "source", "oci", "shop", "-n", "apps")
    assert refused.code == 2
    assert "gitless resume source oci shop -n apps" in refused.err


def test_resuming_waits_where_asked(gitless: Gitless, world: World) -> None:
    world.put(kustomization())
    assert gitless("resume", "ks", "shop", "-n", "apps", "--wait").code == 0

    world.put(kustomization(name="broken", conditions=failed("BuildFailed", "no such file")))
    outcome = gitless("resume", "ks", "--all", "-n", "apps", "--wait")

    assert outcome.code == 7
    assert "✓ Kustomization apps/shop" in outcome.out
    assert "✗ Kustomization apps/broken: BuildFailed: no such file" in outcome.out


def test_a_reconciliation_that_nobody_handles_ends_with_7(gitless: Gitless, world: World) -> None:
    world.put(kustomization(conditions=[condition("Ready", "True", "ReconciliationSucceeded", "done")]))

    outcome = gitless("reconcile", "kustomization", "shop", "-n", "apps", "--timeout", "50ms")

    assert outcome.code == 7
    assert "still waiting: not handled yet" in outcome.out
    assert "did not become ready within 50ms" in outcome.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("reconcile kustomization", "name one object"),
        ("reconcile kustomization a b", "name one object"),
        ("reconcile source oci shop --with-source", "a source has none"),
        ("reconcile helmrelease shop", "is no kind"),
        ("reconcile", "Missing argument"),
        ("suspend ks", "say --all"),
        ("suspend ks shop --all", "say --all"),
        ("resume ks shop -A", "-A goes with --all"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(gitless: Gitless, line: str, told: str) -> None:
    outcome = gitless(*line.split())

    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err


def test_what_does_not_exist_ends_with_6(gitless: Gitless) -> None:
    for line in ("reconcile ks shop", "suspend ks shop", "resume source oci shop"):
        assert gitless(*line.split()).code == 6
