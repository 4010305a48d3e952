from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.errors import ClusterError
from pipeline.model.flux.api import EVENTS
from pipeline.model.flux.seen_events import SeenEvent, read_event
from pipeline.model.manifests import ObjectId
from pipeline.operations.events import EventsQuery, follow_events, show_events
from tests.unit.inspecting.conftest import World

SHOP = EventsQuery(namespace="shop", kind="Kustomization")


def following(world: World, query: EventsQuery) -> Iterator[SeenEvent]:
    return follow_events(query, world.server, world.clock, world.talk)


def touch(world: World, name: str, count: int) -> None:
    object_id = ObjectId("", "Event", "shop", name)
    world.server.merge_patch(EVENTS, object_id, {"count": count}, manager="test")


def test_events_are_told_once_and_again_when_they_come_again(world: World) -> None:
    apps = world.kustomization("apps")
    world.event("e1", apps, "old", lastTimestamp="2026-11-25T17:00:00Z")
    events = following(world, SHOP)

    assert next(events).message == "old"
    world.event("e2", apps, "new")
    assert next(events).message == "new"
    touch(world, "e1", 2)
    assert (found := next(events)).message == "old"
    assert found.count == 2


def test_a_watch_that_expired_begins_anew_without_telling_twice(world: World) -> None:
    apps = world.kustomization("apps")
    world.event("e1", apps, "old")
    events = following(world, SHOP)
    assert next(events).message == "old"

    world.server.expire()
    world.event("e2", apps, "missed")

    assert next(events).message == "missed"


def test_a_broken_watch_is_resumed_with_a_word_about_it(world: World) -> None:
    apps = world.kustomization("apps")
    failures = [ClusterError("no answer", code="cluster.unreachable")] * 2

    def fail(operation: str, _subject: str) -> None:
        if operation == "watch" and failures:
            raise failures.pop()

    world.server.before = fail
    world.event("e1", apps, "first")
    events = following(world, SHOP)
    assert next(events).message == "first"
    world.event("e2", apps, "second")

    assert next(events).message == "second"
    assert world.talk.lines == ["no answer; trying again in 1 s", "no answer; trying again in 2 s"]


def test_what_waiting_does_not_cure_ends_it(world: World) -> None:
    def deny(operation: str, _subject: str) -> None:
        if operation == "watch":
            raise ClusterError("may not watch events", code="cluster.denied")

    world.server.before = deny

    with pytest.raises(ClusterError, match="may not watch"):
        next(following(world, SHOP))


def test_a_source_in_another_namespace_is_followed_too(world: World) -> None:
    source = world.source("fleet", "flux-system")
    apps = world.kustomization("apps", source={"kind": "OCIRepository", "name": "fleet", "namespace": "flux-system"})
    query = EventsQuery(namespace="shop", kind="Kustomization", name="apps")
    world.event("e1", apps, "of the Kustomization", lastTimestamp="2026-11-25T17:00:02Z")
    world.event("e2", source, "of the source", lastTimestamp="2026-11-25T17:00:01Z")
    world.event("e3", world.source("other", "flux-system"), "of another source")
    events = following(world, query)

    shown = [event.message for event in show_events(query, world.server, world.clock).events]
    followed = {next(events).message, next(events).message}

    assert shown == ["of the source", "of the Kustomization"]
    assert followed == set(shown)


def test_lists_ask_the_server_for_the_kinds_alone(world: World) -> None:
    pod = {"kind": "Pod", "metadata": {"namespace": "shop", "name": "p"}}
    world.event("e1", pod, "of a pod")
    world.event("e2", world.kustomization("apps"), "typed", type="Warning")

    everything = show_events(EventsQuery(namespace=None), world.server, world.clock)
    normal = show_events(EventsQuery(namespace="shop", types=frozenset({"Normal"})), world.server, world.clock)

    assert [event.message for event in everything.events] == ["typed"]
    assert normal.events == ()


@pytest.mark.parametrize(
    ("body", "last_seen", "count"),
    [
        ({"eventTime": "2026-01-01T00:00:00.5Z", "lastTimestamp": None}, "2026-01-01T00:00:00.5Z", 1),
        (
            {"series": {"count": 4, "lastObservedTime": "2026-01-02T00:00:00Z"}, "eventTime": "2026-01-01T00:00:00Z"},
            "2026-01-02T00:00:00Z",
            4,
        ),
        ({"lastTimestamp": "2026-01-03T00:00:00Z", "count": 7}, "2026-01-03T00:00:00Z", 7),
        ({"metadata": {"creationTimestamp": "2026-01-04T00:00:00Z"}, "count": "x"}, "2026-01-04T00:00:00Z", 1),
        ({}, "", 1),
    ],
)
def test_every_form_of_event_tells_when_and_how_often(body: dict[str, object], last_seen: str, count: int) -> None:
    found = read_event(body)

    assert (found.last_seen, found.count) == (last_seen, count)
    assert (found.time > 0) == bool(last_seen)
