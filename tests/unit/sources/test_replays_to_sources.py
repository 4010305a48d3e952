"""Older artifacts than the one that is served: refused, unless somebody asks for them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from pipeline.model.flux.outcome import Severity
from tests.unit.sources.witnesses import Witness, push, witnessed
from tests.unit.sources.worlds import World, source, told

ANYONE = {"provider": "cosign", "matchOIDCIdentity": [{"issuer": ".", "subject": "."}]}
EARLY, LATE, LATER = 1_764_000_000.0, 1_764_003_600.0, 1_764_007_200.0
ISSUED_AT = "gitless.dev/issued-at"


@pytest.fixture
def witness(world: World) -> Witness:
    return witnessed(world)


def verified(**spec: Any) -> dict[str, Any]:  # noqa: ANN401 - a spec's fields
    return source(verify=ANYONE, **spec)


def issued(body: dict[str, Any]) -> str | None:
    found: str | None = body["status"]["artifact"].get("metadata", {}).get(ISSUED_AT)
    return found


def annotate(body: dict[str, Any], value: str) -> None:
    body["metadata"]["annotations"] = {"gitless.dev/allow-rollback": value}


def served(world: World, witness: Witness, **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - a spec's fields
    """A source that serves what was signed late, and now sees what was signed early."""
    old = push(world, witness, b"old", at=EARLY)
    push(world, witness, b"new", at=LATE)
    body = verified(**spec)
    assert world.reconcile(body).succeeded
    world.registry.faults.moved_tags["latest"] = old.digest
    return body


def refused(world: World, body: dict[str, Any]) -> str:
    before = deepcopy(body["status"]["artifact"])
    outcome = world.reconcile(body)
    assert not outcome.succeeded
    assert outcome.requeue_after == 600.0
    assert body["status"]["artifact"] == before
    found = told(body, "SourceVerified")
    assert found is not None
    assert found[:2] == ("False", "VerificationError")
    assert told(body, "Ready") == found
    assert [(event.severity, event.reason) for event in outcome.events] == [(Severity.ERROR, "VerificationError")]
    return found[2]


def test_when_the_artifact_was_signed_is_recorded(world: World, witness: Witness) -> None:
    push(world, witness, at=LATE, annotations={"a": "b", ISSUED_AT: "2099-01-01T00:00:00Z"})
    body = verified()
    world.reconcile(body)
    assert body["status"]["artifact"]["metadata"] == {"a": "b", ISSUED_AT: "2025-11-24T17:00:00Z"}


def test_what_was_signed_before_what_is_served_is_refused_and_not_fetched(world: World, witness: Witness) -> None:
    body = served(world, witness)
    world.calls()
    message = refused(world, body)
    assert "was signed at 2025-11-24T16:00:00Z, before sha256:" in message
    assert "was signed at 2025-11-24T17:00:00Z" in message
    assert "gitless.dev/allow-rollback=sha256:" in message
    assert not world.has_fetched(world.registry.faults.moved_tags["latest"])
    # Not even where it is asked for again and again.
    refused(world, body)
    body["metadata"]["annotations"] = {"reconcile.fluxcd.io/requestedAt": "now"}
    refused(world, body)


def test_it_is_refused_by_another_process_with_an_empty_cache(world: World, witness: Witness) -> None:
    body = served(world, witness)
    world.cache.remove(body["status"]["artifact"]["digest"])
    refused(world, body)
    assert world.files(body) == {"a.yaml": b"new"}


def test_what_was_signed_later_or_at_the_same_time_follows(world: World, witness: Witness) -> None:
    body = served(world, witness)
    for at, expected in ((LATE, "2025-11-24T17:00:00Z"), (LATER, "2025-11-24T18:00:00Z")):
        artifact = push(world, witness, b"%d" % at, at=at)
        world.registry.faults.moved_tags["latest"] = artifact.digest
        assert world.reconcile(body).succeeded
        assert issued(body) == expected


def test_after_a_refusal_the_served_one_is_good_again(world: World, witness: Witness) -> None:
    body = served(world, witness)
    good = deepcopy(body["status"]["artifact"])
    refused(world, body)
    del world.registry.faults.moved_tags["latest"]
    assert world.reconcile(body).succeeded
    assert body["status"]["artifact"] == good


def test_whoever_edits_the_spec_asks_for_what_it_says(world: World, witness: Witness) -> None:
    body = served(world, witness)
    refused(world, body)
    body["metadata"]["generation"] = 2
    outcome = world.reconcile(body)
    assert outcome.succeeded
    assert issued(body) == "2025-11-24T16:00:00Z"
    assert [event.reason for event in outcome.events] == ["NewArtifact", "RolledBack"]
    assert "rolled back on request" in outcome.events[1].message
    # From here on it is what nothing may be older than.
    older = push(world, witness, b"older", at=EARLY - 1)
    world.registry.faults.moved_tags["latest"] = older.digest
    refused(world, body)


def test_an_edit_that_was_followed_is_no_permission_for_later(world: World, witness: Witness) -> None:
    body = served(world, witness)
    moved = world.registry.faults.moved_tags.pop("latest")
    body["metadata"]["generation"] = 2
    assert world.reconcile(body).succeeded
    world.registry.faults.moved_tags["latest"] = moved
    refused(world, body)


@pytest.mark.parametrize("value", ["true", "DIGEST"])
def test_the_annotation_asks_for_a_rollback(world: World, witness: Witness, value: str) -> None:
    body = served(world, witness)
    annotate(body, value.replace("DIGEST", world.registry.faults.moved_tags["latest"]))
    assert world.reconcile(body).succeeded
    assert issued(body) == "2025-11-24T16:00:00Z"
    assert world.files(body) == {"a.yaml": b"old"}


@pytest.mark.parametrize("value", ["", "True", "yes", "sha256:" + "0" * 64])
def test_other_values_ask_for_nothing(world: World, witness: Witness, value: str) -> None:
    body = served(world, witness)
    annotate(body, value)
    refused(world, body)


def test_a_digest_in_the_spec_is_asking_for_it(world: World, witness: Witness) -> None:
    body = served(world, witness)
    body["spec"]["ref"] = {"digest": world.registry.faults.moved_tags["latest"]}
    assert world.reconcile(body).succeeded
    assert world.files(body) == {"a.yaml": b"old"}


def test_nothing_on_record_as_after_flux_accepts(world: World, witness: Witness) -> None:
    body = served(world, witness)
    del body["status"]["artifact"]["metadata"]
    assert world.reconcile(body).succeeded
    assert issued(body) == "2025-11-24T16:00:00Z"


def test_a_record_that_makes_no_sense_is_none(world: World, witness: Witness) -> None:
    body = served(world, witness)
    body["status"]["artifact"]["metadata"] = {ISSUED_AT: "yesterday"}
    assert world.reconcile(body).succeeded


def test_an_artifact_without_a_time_is_told_and_opens_no_way_back(world: World, witness: Witness) -> None:
    body = served(world, witness)
    old = world.registry.faults.moved_tags["latest"]
    timeless = push(world, witness, b"timeless")
    world.registry.faults.moved_tags["latest"] = timeless.digest
    outcome = world.reconcile(body)
    assert outcome.succeeded
    assert [event.reason for event in outcome.events] == ["NewArtifact", "AgeUnknown"]
    assert issued(body) == "2025-11-24T17:00:00Z"
    world.registry.faults.moved_tags["latest"] = old
    refused(world, body)


def test_nobody_is_told_of_times_that_were_never_known(world: World, witness: Witness) -> None:
    push(world, witness, b"one")
    body = verified()
    world.reconcile(body)
    push(world, witness, b"two")
    assert [event.reason for event in world.reconcile(body).events] == ["NewArtifact"]
    assert issued(body) is None


def test_where_nothing_is_verified_nothing_is_too_old(world: World, witness: Witness) -> None:
    body = served(world, witness)
    del body["spec"]["verify"]
    assert world.reconcile(body).succeeded
    assert world.files(body) == {"a.yaml": b"old"}
    assert issued(body) is None


def test_other_ignore_rules_for_the_same_artifact_keep_the_record(world: World, witness: Witness) -> None:
    push(world, witness, at=LATE)
    body = verified()
    world.reconcile(body)
    body["spec"]["ignore"] = "b.yaml"
    body["metadata"]["generation"] = 2
    assert world.reconcile(body).succeeded
    assert issued(body) == "2025-11-24T17:00:00Z"
