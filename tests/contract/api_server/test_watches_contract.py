"""What every API server promises about watches."""

from __future__ import annotations

import threading
import time

import pytest

from pipeline.errors import WatchExpiredError
from pipeline.model.cluster import ChangeType, WatchEvent
from pipeline.testing.api_server import MemoryApiServer
from tests.contract.api_server.conftest import CONFIG_MAPS, CRATES, Place


def _told(event: WatchEvent) -> tuple[str, str, dict[str, str]]:
    return event.type.value, event.body["metadata"]["name"], event.body.get("data", {})


def test_a_watch_tells_what_happens_from_a_version_on(place: Place) -> None:
    place.create(place.config_map("before"))
    watch = place.watch(place.version())
    place.create(place.config_map(color="blue"))
    place.patch(CONFIG_MAPS, "settings", {"data": {"color": "red"}})
    place.api.delete(CONFIG_MAPS, place.id(CONFIG_MAPS, "settings"))

    events = [next(watch) for _ in range(3)]
    watch.close()

    assert [_told(event) for event in events] == [
        ("ADDED", "settings", {"color": "blue"}),
        ("MODIFIED", "settings", {"color": "red"}),
        ("DELETED", "settings", {"color": "red"}),
    ]
    versions = [int(event.resource_version) for event in events]
    assert versions == sorted(set(versions))


def test_a_watch_waits_for_what_comes_later(place: Place) -> None:
    watch = place.watch(place.version())
    later = threading.Timer(0.3, lambda: place.create(place.config_map()))
    later.start()

    assert next(watch).body["metadata"]["name"] == "settings"

    later.join()
    watch.close()


def test_a_watch_resumes_where_another_ended(place: Place) -> None:
    first = place.watch(place.version())
    place.create(place.config_map("a"))
    place.create(place.config_map("b"))
    seen = next(first)
    first.close()

    resumed = place.watch(seen.resource_version)

    assert next(resumed).body["metadata"]["name"] == "b"
    resumed.close()


def test_a_quiet_watch_ends_in_time_and_brings_bookmarks_at_most(place: Place) -> None:
    version = place.version()
    started = time.monotonic()

    events = list(place.watch(version, seconds=3.0))

    assert 1.0 < time.monotonic() - started < 10.0
    # Whether any come in so short a time is the server's own affair.
    assert {event.type for event in events} <= {ChangeType.BOOKMARK}
    assert all(int(event.resource_version) >= int(version) for event in events)
    assert all(event.body["kind"] == "ConfigMap" for event in events)


def test_an_ended_watch_stays_ended(place: Place) -> None:
    watch = place.watch(place.version(), seconds=1.0)
    list(watch)

    assert list(watch) == []


def test_a_watch_can_be_closed_from_another_thread(place: Place) -> None:
    watch = place.watch(place.version())
    ended: list[float] = []

    def follow() -> None:
        for _ in watch:
            pass
        ended.append(time.monotonic())

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    time.sleep(0.3)
    closed_at = time.monotonic()
    watch.close()
    follower.join(5.0)

    assert ended
    assert ended[0] - closed_at < 1.0


def test_a_watch_that_was_closed_before_it_began_is_empty(place: Place) -> None:
    watch = place.watch(place.version())
    watch.close()

    assert list(watch) == []


def test_a_watch_of_metadata_leaves_the_rest_out(place: Place) -> None:
    watch = place.watch(place.version(), metadata_only=True)
    place.create(place.config_map(color="blue"))

    event = next(watch)
    watch.close()

    assert set(event.body) == {"apiVersion", "kind", "metadata"}
    assert event.body["kind"] == "ConfigMap"
    assert event.resource_version


def test_a_watch_selects_by_labels_and_says_when_one_leaves(place: Place) -> None:
    watch = place.api.watch(CONFIG_MAPS, place.namespace, "app=web", resource_version=place.version(), seconds=30.0)
    place.create(place.config_map("other"))
    place.create(place.config_map("web", {"app": "web"}))
    place.patch(CONFIG_MAPS, "web", {"metadata": {"labels": {"app": "db"}}})

    events = [next(watch), next(watch)]
    watch.close()

    assert [(event.type.value, event.body["metadata"]["name"]) for event in events] == [
        ("ADDED", "web"),
        ("DELETED", "web"),
    ]


def test_a_watch_selects_by_name(place: Place) -> None:
    watch = place.watch(place.version(), fields="metadata.name=b")
    place.create(place.config_map("a"))
    place.create(place.config_map("b"))

    assert next(watch).body["metadata"]["name"] == "b"
    watch.close()


def test_writes_of_the_status_are_told_too(shop: Place) -> None:
    created = shop.create(shop.crate(size=1), CRATES)
    watch = shop.watch(created["metadata"]["resourceVersion"], CRATES)
    shop.patch(CRATES, "mine", {"status": {"ready": True}}, "status")

    event = next(watch)
    watch.close()

    assert (event.type, event.body["status"]) == (ChangeType.MODIFIED, {"ready": True})


def test_a_version_that_is_too_old_has_expired_and_a_new_list_helps(shop: Place) -> None:
    # The API server remembers nothing of a kind from before it was defined.
    if isinstance(shop.api, MemoryApiServer):
        shop.api.expire()

    with pytest.raises(WatchExpiredError) as caught:
        next(shop.watch("1", CRATES))

    assert caught.value.code == "cluster.watch-expired"
    watch = shop.watch(shop.api.list(CRATES, shop.namespace).resource_version, CRATES)
    shop.create(shop.crate(size=1), CRATES)
    assert next(watch).body["metadata"]["name"] == "mine"
    watch.close()
