"""Two publishers of one tag: whoever loses is told, and by whom."""

from __future__ import annotations

import pytest

from pipeline.errors import ArtifactNotFoundError, RegistryError, UsageError
from pipeline.model.outcome.publication import PublishInterruptedError
from pipeline.stages.publish import Step
from pipeline.stages.tag_claim import tags_now
from tests.unit.publishing.worlds import HOME, TAGS, BreakingRegistry, World, interrupted, make

NEW = make("new").digest


@pytest.fixture
def world() -> World:
    return World()


def lost(world: World, error: PublishInterruptedError | None, theirs: str) -> str:
    """The loser's message, after checking what every loser is told."""
    assert error is not None
    assert (error.exit_code, error.code) == (9, "refused.concurrent-publish")
    assert theirs in error.message
    assert "revision main@theirs" in error.message
    assert f"{HOME}@{NEW}" in str(error.hint)
    assert "from the start" in str(error.hint)
    return error.message


@pytest.mark.parametrize("exists", [True, False])
def test_a_tag_that_was_moved_meanwhile_stays_with_whoever_moved_it(world: World, exists: bool) -> None:  # noqa: FBT001 - a parameter
    old = world.put("old", *TAGS) if exists else "nothing"
    publishing = world.begin()
    theirs = world.put("theirs", "1.0")

    error = interrupted(lambda: world.go_through(publishing))

    message = lost(world, error, theirs)
    assert f"the tag 1.0 of {HOME} was moved by somebody else" in message
    assert f"from {old} to {theirs}" in message
    assert world.tags() == ({"latest": old, "1.0": theirs} if exists else {"1.0": theirs})


@pytest.mark.parametrize("last", [Step.PACKAGE, Step.SIGN])
def test_shorter_publications_lose_alike(world: World, last: Step) -> None:
    world.put("old", *TAGS)
    publishing = world.begin(last=last)
    theirs = world.put("theirs", *TAGS)

    def act() -> None:
        pinned = publishing.package(make("new")).artifact
        publishing.sign(pinned)

    lost(world, interrupted(act), theirs)
    assert world.tags() == dict.fromkeys(TAGS, theirs)


def test_who_is_overwritten_right_after_moving_is_told_and_takes_back_the_other_tags(world: World) -> None:
    old = world.put("old", *TAGS)
    registry = BreakingRegistry(world.store)
    theirs = world.put("theirs")

    def overtake(tag: str) -> None:
        if tag == "1.0":
            world.put("theirs", tag)

    registry.after_tag = overtake

    error = interrupted(lambda: world.publish(registry=registry))

    lost(world, error, theirs)
    assert world.tags() == {"latest": old, "1.0": theirs}
    assert error is not None
    assert error.publication.tags == ()


def test_who_published_the_same_digest_has_not_won_anything(world: World) -> None:
    world.put("old", *TAGS)
    publishing = world.begin()
    world.put("new", "1.0")

    world.go_through(publishing)

    assert world.tags() == dict.fromkeys(TAGS, NEW)


def test_a_tag_that_was_deleted_meanwhile_is_not_brought_back(world: World) -> None:
    old = world.put("old", *TAGS)
    publishing = world.begin()
    del world.store.tags[HOME]["1.0"]

    error = interrupted(lambda: world.go_through(publishing))

    assert error is not None
    assert error.code == "refused.concurrent-publish"
    assert "was deleted by somebody else" in error.message
    assert world.tags() == {"latest": old}


def test_where_nothing_can_be_put_back_the_message_names_the_tags(world: World) -> None:
    world.put("old", *TAGS)
    registry = BreakingRegistry(world.store)

    def broken(tag: str) -> None:
        if tag == "1.0":
            registry.faults.fail("write_manifest", *[RegistryError("gone")] * 9)
            raise RegistryError("gone")

    registry.before_tag = broken
    error = interrupted(lambda: world.publish(registry=registry))

    assert error is not None
    assert error.publication.tags == ("latest",)
    assert "may already point at it: latest" in str(error.hint)


def test_a_winner_whose_manifest_cannot_be_read_is_named_by_digest(world: World) -> None:
    world.put("old", *TAGS)
    registry = world.registry()
    publishing = world.begin(registry, last=Step.PACKAGE)
    theirs = world.put("theirs", *TAGS)
    registry.faults.altered[theirs] = b"{}"

    error = interrupted(lambda: publishing.package(make("new")))

    assert error is not None
    assert theirs in error.message
    assert "revision" not in error.message


def test_after_losing_whoever_begins_anew_may_publish_over_it(world: World) -> None:
    world.put("old", *TAGS)
    publishing = world.begin()
    world.put("theirs", *TAGS)
    assert interrupted(lambda: world.go_through(publishing)) is not None

    world.publish()

    assert world.tags() == dict.fromkeys(TAGS, NEW)


def test_looking_at_tags_refuses_what_is_none_and_tells_other_trouble(world: World) -> None:
    registry = world.registry()
    assert tags_now(("a", "b"), registry) == {"a": None, "b": None}
    with pytest.raises(UsageError):
        tags_now(("no tag",), registry)
    registry.faults.fail("resolve", RegistryError("down"))
    with pytest.raises(RegistryError, match="down") as caught:
        tags_now(("a",), registry)
    assert not isinstance(caught.value, ArtifactNotFoundError)
