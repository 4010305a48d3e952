"""Publishing is atomic: whatever fails, the tags stay, the message says how far it came, the next run finishes it."""

from __future__ import annotations

import pytest

from pipeline.errors import TrustError
from pipeline.model.artifact.manifest import Descriptor
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.predicate_types import CYCLONEDX, SLSA_PROVENANCE_V1
from pipeline.model.trust.storage import signature_tag
from pipeline.reports import render_result
from pipeline.stages.publish import Step
from pipeline.testing.registry import MemoryRegistry
from tests.unit.publishing.worlds import HOME, TAGS, BreakingRegistry, World, interrupted, make
from tests.unit.sign.support import policy

NEW = make("new").digest
WRITES = 18
"""Two blobs and a manifest; three each for the signature and two attestations; two tags, and some to spare."""
SPARE = 4


@pytest.fixture
def world() -> World:
    return World()


def test_everything_is_there_and_the_tags_move_last(world: World) -> None:
    old = world.put("old", "latest")
    registry = world.registry()

    artifact = world.publish(registry=registry)

    assert world.tags() == dict.fromkeys(TAGS, artifact.digest)
    assert world.beside(artifact.digest) == (1, [CYCLONEDX, SLSA_PROVENANCE_V1])
    writes = [subject for method, subject in registry.calls if method == "write_manifest"]
    assert writes[-2:] == list(TAGS)
    assert old != artifact.digest


def test_writes_are_as_many_as_the_table_below_breaks(world: World) -> None:
    registry = BreakingRegistry(world.store)

    world.publish(registry=registry)

    assert registry.writes == WRITES - SPARE


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("at", range(1, WRITES + 1))
def test_a_failure_at_any_write_leaves_the_tags_and_again_finishes_it(world: World, at: int, after: bool) -> None:  # noqa: FBT001 - a parameter
    old = world.put("old", *TAGS)
    registry = BreakingRegistry(world.store, at=at, after=after)

    error = interrupted(lambda: world.publish(registry=registry))

    if at > WRITES - SPARE:
        assert error is None
        return
    assert error is not None
    assert world.tags() == dict.fromkeys(TAGS, old)
    assert error.message == f"write {at} fails"
    assert (error.exit_code, error.code) == (5, "registry")
    told = str(error.hint)
    assert "no tag was moved" in told
    assert "run the same again" in told
    publication = error.publication
    if publication.artifact:
        assert publication.artifact.digest_url in told
    if publication.signature_digest:
        assert f"signature {publication.signature_digest}" in told
    for predicate_type, digest in publication.attestations:
        assert f"attestation {predicate_type} {digest}" in told

    world.publish()

    assert world.tags() == dict.fromkeys(TAGS, NEW)
    assert world.beside(NEW) == (1, [CYCLONEDX, SLSA_PROVENANCE_V1])


@pytest.mark.parametrize("at", [12, 13, 14])
def test_tags_that_did_not_exist_are_told_where_they_cannot_be_taken_away(world: World, at: int) -> None:
    registry = BreakingRegistry(world.store, at=at, after=True)

    error = interrupted(lambda: world.publish(registry=registry))

    assert error is not None
    assert error.publication.tags == tuple(world.tags())
    assert ("may already point at it: latest" in str(error.hint)) is bool(world.tags())


def test_a_first_failure_says_that_there_is_nothing_to_find(world: World) -> None:
    error = interrupted(lambda: world.publish(registry=BreakingRegistry(world.store, at=1)))

    assert error is not None
    assert "nothing is in the registry that anybody would find" in str(error.hint)


def test_publishing_again_writes_nothing_twice(world: World) -> None:
    world.publish()
    before = len(world.store.manifests[HOME])
    publishing = world.begin()

    world.go_through(publishing)

    assert len(world.store.manifests[HOME]) == before
    assert publishing.tags is not None
    assert [tag["moved"] for tag in publishing.tags.document()["tags"]] == [False, False]


def test_the_policy_of_consumers_must_be_satisfied_first(world: World) -> None:
    old = world.put("old", *TAGS)
    publishing = world.begin(trust=policy("theirs"))

    error = interrupted(lambda: world.go_through(publishing))

    assert error is not None
    assert (error.exit_code, error.code) == (4, "trust.not-accepted")
    assert "no tag was moved" in str(error.hint)
    assert world.tags() == dict.fromkeys(TAGS, old)


@pytest.mark.parametrize("trust", [TrustPolicy(), UnsafeSkipVerification()])
def test_without_a_policy_the_signers_own_is_asked(world: World, trust: TrustPolicy | UnsafeSkipVerification) -> None:
    publishing = world.begin(trust=trust)

    artifact = world.go_through(publishing)

    assert world.tags() == dict.fromkeys(TAGS, artifact.digest)


class Forgetful(MemoryRegistry):
    """Takes everything, and lists none but the first of an artifact's referrers."""

    def referrers(self, digest: str) -> list[Descriptor]:
        return list(super().referrers(digest))[:1]


def test_an_attestation_that_a_fresh_read_does_not_find_keeps_the_tags(world: World) -> None:
    publishing = world.begin(open_registry=lambda: Forgetful(HOME, world.store))

    error = interrupted(lambda: world.go_through(publishing))

    assert error is not None
    assert error.code == "trust.not-found-again"
    assert f"attestation {SLSA_PROVENANCE_V1}" in error.message
    assert isinstance(error.__cause__, TrustError)
    assert world.tags() == {}


def test_a_signature_that_a_fresh_read_does_not_find_keeps_the_tags(world: World) -> None:
    world.signature_format = SignatureFormat.SIMPLE
    publishing = world.begin(last=Step.SIGN)
    pinned = publishing.package(make("new")).artifact
    fresh = world.registry()
    fresh.faults.moved_tags[signature_tag(pinned.digest)] = world.put("nonsense")
    publishing = world.begin(last=Step.SIGN, open_registry=lambda: fresh)

    error = interrupted(lambda: publishing.sign(pinned))

    assert error is not None
    assert error.exit_code == 4
    assert world.tags() == {}


@pytest.mark.parametrize("signature_format", list(SignatureFormat))
def test_without_attestations_the_tags_move_after_signing(world: World, signature_format: SignatureFormat) -> None:
    world.signature_format = signature_format
    publishing = world.begin(last=Step.SIGN)

    pinned = publishing.package(make("new")).artifact
    assert world.tags() == {}
    publishing.sign(pinned)

    assert world.tags() == dict.fromkeys(TAGS, pinned.digest)


def test_without_a_signature_the_tags_move_at_once(world: World) -> None:
    result = world.begin(last=Step.PACKAGE).package(make("new"))

    assert world.tags() == dict.fromkeys(TAGS, result.artifact.digest)
    assert result.tags == TAGS
    assert result.artifact.tag == TAGS[0]


def test_what_was_attested_is_told(world: World) -> None:
    publishing = world.begin()
    pinned = publishing.package(make("new")).artifact
    publishing.sign(pinned)

    first = publishing.attest(pinned, world.predicates)
    second = world.begin().attest(pinned, world.predicates)

    assert [made["attested"] for made in first.document()["attestations"]] == [True, True]
    assert [made["attested"] for made in second.document()["attestations"]] == [False, False]
    assert [made["attestationDigest"] for made in first.document()["attestations"]] == [
        made["attestationDigest"] for made in second.document()["attestations"]
    ]
    assert "(already there)" in render_result(second, "text")
    assert SLSA_PROVENANCE_V1 in render_result(first, "text")


def test_attesting_what_is_not_there_says_so(world: World) -> None:
    missing = PinnedReference(HOME, NEW)

    error = interrupted(lambda: world.begin().attest(missing, world.predicates))

    assert error is not None
    assert error.code == "registry.not-found"
