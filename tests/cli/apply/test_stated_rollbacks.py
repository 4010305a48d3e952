"""A rollback that somebody signed is followed by ``apply``, as the puller follows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.apply.shops import REPOSITORY, SETTINGS, Shop


@pytest.fixture
def first(delivered: Shop) -> str:
    """The digest to go back to; what came after it is applied and its tag moved back."""
    found = delivered.run("list", REPOSITORY, "-o", "json").document["artifacts"]
    digest: str = next(item["digest"] for item in found if item["tag"] == "first")
    delivered.run("apply", f"{REPOSITORY}:next", "--key", "cosign.pub", "-n", "shop")
    return digest


def roll_back(shop: Shop, digest: str, *options: str) -> None:
    arguments = ("--to", digest, "--reason", "orders fail", "--key", "cosign.pub")
    shop.run("rollback", f"{REPOSITORY}:next", *arguments, *options)


def apply(shop: Shop, digest: str, *options: str, code: int = 0) -> str:
    outcome = shop.run("apply", f"{REPOSITORY}@{digest}", "--key", "cosign.pub", "-n", "shop", *options, code=code)
    return outcome.out + outcome.err


def test_a_signed_rollback_is_applied(delivered: Shop, first: str) -> None:
    roll_back(delivered, first, "--signing-key", "cosign.key")

    assert "rolled back as a signed statement asks" in apply(delivered, first)
    assert delivered.cluster.bodies()[SETTINGS]["data"] == {"color": "blue"}


def test_a_plan_to_go_back_is_applied_where_the_rollback_is_signed(delivered: Shop, first: str) -> None:
    options = ("--inventory", "shop-app", "--max-prune", "100%")
    refused = delivered.plan(*options, reference=f"{REPOSITORY}@{first}").out
    assert "applying refuses that without --allow-rollback" in refused
    roll_back(delivered, first, "--signing-key", "cosign.key")
    assert "as a signed statement asks" in delivered.plan(*options, reference=f"{REPOSITORY}@{first}").out

    assert delivered.apply("-o", "json").document["rollback"] is True


@pytest.mark.parametrize("options", [(), ("--signing-key", "reviewer.key")])
def test_a_rollback_that_nobody_signed_who_is_believed_is_refused(
    delivered: Shop, first: str, options: tuple[str, ...]
) -> None:
    roll_back(delivered, first, *options)

    told = apply(delivered, first, code=4)

    assert "--allow-rollback, or let who signs it state the rollback" in told


def test_the_chain_follows_it_too(delivered: Shop, first: str) -> None:
    delivered.run("apply", f"{REPOSITORY}:next", "--key", "cosign.pub", "-n", "default", "--take-ownership")
    roll_back(delivered, first, "--signing-key", "cosign.key")
    package = json.loads(Path("results/package.json").read_text())
    Path("results/package.json").write_text(
        json.dumps({**package, "digest": first, "digestUrl": f"{REPOSITORY}@{first}"})
    )
    settings = {
        "apiVersion": "gitless.dev/v1", "kind": "Pipeline", "name": "shop-app",
        "artifact": {"repository": REPOSITORY}, "trust": {"keys": ["cosign.pub"]},
    }  # fmt: skip
    Path("gitless.yaml").write_text(json.dumps(settings))

    out = delivered.run("run", "--from", "apply", "--to", "apply", "--results-dir", "results").out

    assert "This is a rollback" in out
