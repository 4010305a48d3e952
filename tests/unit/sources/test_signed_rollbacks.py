"""A tag that goes back: the puller goes along only where somebody whom it believes has signed that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.promotion.lock import TagLock
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.rollback_statement import state_rollback
from pipeline.stages.sign import sign
from tests.trusting import trusting
from tests.unit.sign.support import private_key, public_pem, signer
from tests.unit.sources.worlds import World, source, told

VERIFY = {"provider": "cosign", "secretRef": {"name": "keys"}}
ANNOTATION = "gitless.dev/trust-policy"


@dataclass
class Place:
    """A source that serves ``bad`` and once served ``good``; the tag is moved by hand."""

    world: World
    body: dict[str, Any]
    good: PinnedReference = field(init=False)
    bad: PinnedReference = field(init=False)

    def __post_init__(self) -> None:
        verifier = CosignVerifier(self.world.clock)
        self.world.deps = replace(self.world.deps, trust=trusting(verifier, self.world.clock))
        self.good = self.publish(b"good")
        self.bad = self.publish(b"bad")
        self.world.clock.sleep(60)
        assert self.world.reconcile(self.body).succeeded

    def publish(self, text: bytes) -> PinnedReference:
        self.world.clock.sleep(60)
        artifact = self.world.push({"a.yaml": b"kind: " + text})
        sign(artifact, self.world.registry, signer("ours", clock=self.world.clock), CosignVerifier(self.world.clock))
        return artifact

    def point(self, artifact: PinnedReference) -> None:
        self.world.registry.faults.moved_tags["latest"] = artifact.digest

    def state(self, to: PinnedReference, previous: PinnedReference, by: str = "ours", after: float = 60.0) -> None:
        self.world.clock.sleep(after)
        lock = TagLock(tag="latest", digest=to.digest, previous=previous.digest, reason="x", at=self.world.clock.now())
        verifier = CosignVerifier(self.world.clock)
        state_rollback(to, lock, self.world.registry, signer(by, clock=self.world.clock), verifier)

    @property
    def served(self) -> str:
        revision: str = self.body["status"]["artifact"]["revision"]
        return revision.partition("@")[2]

    def is_refused(self) -> bool:
        outcome = self.world.reconcile(self.body)
        condition = told(self.body, "SourceVerified")
        if outcome.succeeded:
            return False
        assert condition is not None
        assert "was signed at" in condition[2]
        assert "gitless rollback --signing-key" in condition[2]
        return True


@pytest.fixture
def place(world: World) -> Place:
    world.secret("keys", {"ours.pub": public_pem(private_key("ours"))})
    return Place(world, source(verify=VERIFY))


def test_without_a_statement_an_older_artifact_stays_refused(place: Place) -> None:
    place.point(place.good)

    assert place.is_refused()
    assert place.served == place.bad.digest


def test_a_signed_statement_lets_it_go_back_and_is_told(place: Place) -> None:
    place.state(place.good, place.bad)
    place.point(place.good)

    outcome = place.world.reconcile(place.body)

    assert outcome.succeeded
    assert place.served == place.good.digest
    (event,) = [event for event in outcome.events if event.reason == "RolledBack"]
    assert event.message.startswith(f"rolled back as a signed statement asks: {place.good.digest} was signed at")


def test_afterwards_it_goes_forward_again_and_an_old_statement_leads_back_no_more(place: Place) -> None:
    place.state(place.good, place.bad)
    place.point(place.good)
    assert place.world.reconcile(place.body).succeeded
    place.world.clock.sleep(600)
    place.point(place.bad)
    assert place.world.reconcile(place.body).succeeded
    assert place.served == place.bad.digest

    place.point(place.good)

    assert place.is_refused()
    assert place.served == place.bad.digest


def test_strangers_state_in_vain(place: Place) -> None:
    place.state(place.good, place.bad, by="theirs")
    place.point(place.good)

    assert place.is_refused()


def test_a_statement_about_another_way_back_is_none(place: Place) -> None:
    other = place.publish(b"other")
    place.state(place.good, other)
    place.state(other, place.bad)
    place.point(place.good)

    assert place.is_refused()


def test_what_was_stated_before_this_was_served_is_about_another_time(world: World) -> None:
    world.secret("keys", {"ours.pub": public_pem(private_key("ours"))})
    place = Place(world, source(verify=VERIFY))
    place.state(place.good, place.bad, after=-90.0)
    world.clock.sleep(200.0)
    place.point(place.good)

    assert place.is_refused()


def test_whoever_governs_by_a_policy_must_believe_the_statement_as_well(world: World) -> None:
    world.secret("keys", {"ours.pub": public_pem(private_key("ours"))})
    key = public_pem(private_key("ours"))
    strict = "apiVersion: gitless.dev/v1\nkind: TrustPolicy\nspec:\n  keys:\n    - |\n" + "".join(
        f"      {line}\n" for line in key.splitlines()
    )
    world.config_map("policy", {"policy.yaml": strict})
    body = source(verify=VERIFY)
    body["metadata"]["annotations"] = {ANNOTATION: "policy"}
    place = Place(world, body)
    place.point(place.good)
    assert place.is_refused()

    place.state(place.good, place.bad)

    assert not place.is_refused()
    assert place.served == place.good.digest
