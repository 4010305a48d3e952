from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import ClusterError, ConfigurationError
from pipeline.model.flux.api import LEASES
from pipeline.model.manifests import ObjectId
from pipeline.puller.leadership import Candidacy, Leadership, new_identity
from pipeline.puller.leases import LeaseRecord, lease_name
from pipeline.testing.api_server import MemoryApiServer
from pipeline.testing.clock import MemoryClock

_ID = ObjectId("coordination.k8s.io", "Lease", "default", "election")


class Quiet:
    def __init__(self) -> None:
        self.told: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self.told.append(message)

    detail = warn = info

    def progress(self, label: str, done: int, total: int) -> None:
        """Nothing."""


class Time:
    """Seconds that pass when a test says so, the same for all candidates."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.seconds = 1000.0

    def passes(self, seconds: float) -> None:
        self.seconds += seconds
        self.clock.sleep(seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def api() -> MemoryApiServer:
    return MemoryApiServer()


@pytest.fixture
def time_() -> Time:
    return Time()


@pytest.fixture
def candidate(api: MemoryApiServer, time_: Time) -> Callable[..., Leadership]:
    def candidate(identity: str, **options: Any) -> Leadership:  # noqa: ANN401
        candidacy = Candidacy(namespace="default", name="election", identity=identity, **options)
        return Leadership(api, time_.clock, Quiet(), candidacy, monotonic=time_.monotonic)

    return candidate


def _waiting_for(event: threading.Event) -> Callable[[str, str], None]:
    def wait(operation: str, subject: str) -> None:
        event.wait(10.0)

    return wait


def _spec(api: MemoryApiServer) -> dict[str, Any]:
    lease = api.read(LEASES, "default", "election")
    assert lease is not None
    spec: dict[str, Any] = lease["spec"]
    return spec


def test_the_first_one_takes_a_lease_that_others_can_read(
    api: MemoryApiServer, candidate: Callable[..., Leadership]
) -> None:
    assert candidate("one").attempt()

    assert _spec(api) == {
        "holderIdentity": "one",
        "leaseDurationSeconds": 15,
        "acquireTime": "2027-01-15T08:00:00.000000Z",
        "renewTime": "2027-01-15T08:00:00.000000Z",
        "leaseTransitions": 0,
    }


def test_a_renewal_moves_the_time_and_nothing_else(
    api: MemoryApiServer, candidate: Callable[..., Leadership], time_: Time
) -> None:
    one = candidate("one")
    one.attempt()
    before = _spec(api)
    time_.passes(2.5)
    api.requests.clear()

    assert one.attempt()

    assert _spec(api) == {**before, "renewTime": "2027-01-15T08:00:02.500000Z"}
    assert [operation for operation, _ in api.requests if operation != "read"] == ["replace"]


def test_a_lease_that_is_renewed_is_left_alone(candidate: Callable[..., Leadership], time_: Time) -> None:
    one, two = candidate("one"), candidate("two")
    for _ in range(20):
        assert one.attempt()
        assert not two.attempt()
        time_.passes(2.0)

    assert two.holder == "one"


def test_a_lease_that_is_not_renewed_is_taken_once_it_has_been_watched_for_its_time(
    api: MemoryApiServer, candidate: Callable[..., Leadership], time_: Time
) -> None:
    candidate("one").attempt()
    time_.passes(1000.0)
    two = candidate("two")

    assert not two.attempt()
    time_.passes(14.9)
    assert not two.attempt()
    time_.passes(0.1)
    assert two.attempt()

    assert (_spec(api)["holderIdentity"], _spec(api)["leaseTransitions"]) == ("two", 1)


def test_the_holders_own_duration_counts(candidate: Callable[..., Leadership], time_: Time) -> None:
    candidate("one", lease_seconds=60.0).attempt()
    two = candidate("two")
    two.attempt()

    time_.passes(59.0)
    assert not two.attempt()
    time_.passes(1.0)
    assert two.attempt()


def test_of_two_who_take_it_at_once_one_does(
    api: MemoryApiServer, candidate: Callable[..., Leadership], time_: Time
) -> None:
    candidate("gone").attempt()
    one, two = candidate("one"), candidate("two")
    one.attempt()
    two.attempt()
    time_.passes(20.0)

    def meanwhile(operation: str, subject: str) -> None:
        if operation == "replace":
            api.before = lambda _operation, _subject: None
            assert two.attempt()

    api.before = meanwhile

    assert not one.attempt()
    assert _spec(api)["holderIdentity"] == "two"


def test_of_two_who_create_it_at_once_one_does(api: MemoryApiServer, candidate: Callable[..., Leadership]) -> None:
    two = candidate("two")

    def meanwhile(operation: str, subject: str) -> None:
        if operation == "create":
            api.before = lambda _operation, _subject: None
            assert two.attempt()

    api.before = meanwhile

    assert not candidate("one").attempt()


def test_a_leader_whose_lease_was_touched_by_others_reads_it_again(
    api: MemoryApiServer, candidate: Callable[..., Leadership]
) -> None:
    one = candidate("one")
    one.attempt()
    api.merge_patch(LEASES, _ID, {"metadata": {"labels": {"a": "b"}}}, manager="kubectl")

    assert one.attempt()

    lease = api.read(LEASES, "default", "election")
    assert lease is not None
    assert lease["metadata"]["labels"] == {"a": "b"}


def test_a_leader_whose_lease_was_deleted_makes_it_anew(
    api: MemoryApiServer, candidate: Callable[..., Leadership]
) -> None:
    one = candidate("one")
    one.attempt()
    api.delete(LEASES, _ID)

    assert one.attempt()
    assert _spec(api)["holderIdentity"] == "one"


@pytest.mark.parametrize("spec", [None, {}, {"holderIdentity": None}, {"holderIdentity": "", "leaseTransitions": 4}])
def test_a_lease_that_nobody_holds_is_taken_at_once(
    spec: Any,  # noqa: ANN401
    api: MemoryApiServer,
    candidate: Callable[..., Leadership],
) -> None:
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "election"},
        **({} if spec is None else {"spec": spec}),
    }
    api.create(LEASES, body, manager="kubectl")

    assert candidate("one").attempt()
    assert _spec(api)["leaseTransitions"] == ((spec or {}).get("leaseTransitions") or 0) + 1


def test_it_leads_until_it_could_not_renew_in_time(candidate: Callable[..., Leadership], time_: Time) -> None:
    one = candidate("one")
    assert one.acquire(threading.Event())

    leads = []
    for seconds in (0.0, 9.9, 0.2):
        time_.passes(seconds)
        leads.append(one.is_leader)

    assert leads == [True, True, False]
    one.release()


def test_a_stop_ends_the_waiting(candidate: Callable[..., Leadership]) -> None:
    candidate("one").attempt()
    stop = threading.Event()
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(candidate("two").acquire(stop)), daemon=True)
    waiting.start()
    stop.set()
    waiting.join(5.0)

    assert results == [False]


def test_releasing_empties_the_lease_for_the_next_one(
    api: MemoryApiServer, candidate: Callable[..., Leadership]
) -> None:
    one = candidate("one")
    one.acquire(threading.Event())

    one.release()

    assert not one.is_leader
    assert (_spec(api)["holderIdentity"], _spec(api)["leaseDurationSeconds"]) == ("", 1)
    assert candidate("two").attempt()


def test_releasing_leaves_anothers_lease_alone(
    api: MemoryApiServer, candidate: Callable[..., Leadership], time_: Time
) -> None:
    one, two = candidate("one"), candidate("two")
    one.acquire(threading.Event())
    two.attempt()
    time_.passes(20.0)
    two.attempt()

    one.release()

    assert _spec(api)["holderIdentity"] == "two"


def test_releasing_takes_no_longer_than_asked_for(api: MemoryApiServer, candidate: Callable[..., Leadership]) -> None:
    one = candidate("one")
    one.acquire(threading.Event())
    hangs = threading.Event()
    api.before = _waiting_for(hangs)

    started = time.monotonic()
    one.release(0.2)

    assert time.monotonic() - started < 2.0
    hangs.set()


def _real(api: MemoryApiServer, identity: str, on_lost: Callable[[], None]) -> Leadership:
    candidacy = Candidacy(
        namespace="default",
        name="election",
        identity=identity,
        lease_seconds=1.0,
        renew_seconds=0.5,
        retry_seconds=0.1,
    )
    return Leadership(api, MemoryClock(), Quiet(), candidacy, on_lost=on_lost)


def test_a_server_that_fails_for_too_long_ends_the_term(api: MemoryApiServer) -> None:
    lost = threading.Event()
    calls: list[int] = []

    def on_lost() -> None:
        calls.append(1)
        lost.set()

    one = _real(api, "one", on_lost)
    one.acquire(threading.Event())

    def fail(operation: str, subject: str) -> None:
        raise ClusterError("the server is down", code="cluster.unreachable")

    api.before = fail

    assert lost.wait(5.0)
    assert not one.is_leader
    time.sleep(0.3)
    assert calls == [1]


def test_a_server_that_hangs_ends_the_term_in_time(api: MemoryApiServer) -> None:
    lost, hangs = threading.Event(), threading.Event()
    one = _real(api, "one", lost.set)
    one.acquire(threading.Event())
    api.before = _waiting_for(hangs)

    started = time.monotonic()
    assert lost.wait(5.0)

    assert time.monotonic() - started < 1.0
    hangs.set()


def test_short_failures_do_no_harm(api: MemoryApiServer) -> None:
    lost = threading.Event()
    one = _real(api, "one", lost.set)
    one.acquire(threading.Event())
    failures = iter([True, False] * 100)

    def fail(operation: str, subject: str) -> None:
        if next(failures):
            raise ClusterError("the server is down", code="cluster.unreachable")

    api.before = fail

    assert not lost.wait(1.2)
    assert one.is_leader
    api.before = lambda _operation, _subject: None
    one.release()


def test_who_was_robbed_of_the_lease_notices_at_once(api: MemoryApiServer) -> None:
    lost = threading.Event()
    one = _real(api, "one", lost.set)
    one.acquire(threading.Event())
    api.merge_patch(LEASES, _ID, {"spec": {"holderIdentity": "thief"}}, manager="kubectl")

    assert lost.wait(0.4)
    assert one.holder == "thief"


def test_a_term_that_was_released_is_not_lost(api: MemoryApiServer) -> None:
    lost = threading.Event()
    one = _real(api, "one", lost.set)
    one.acquire(threading.Event())

    one.release()

    assert not lost.wait(0.8)


@pytest.mark.parametrize("durations", [(15, 20, 2), (15, 10, 9), (15, 15, 2), (15, 10, 0)])
def test_durations_have_to_leave_room(durations: tuple[float, float, float]) -> None:
    lease, renew, retry = durations

    with pytest.raises(ConfigurationError, match="leader election"):
        Candidacy(namespace="a", name="b", identity="c", lease_seconds=lease, renew_seconds=renew, retry_seconds=retry)


def test_shards_have_leases_of_their_own() -> None:
    base = "gitless-puller-leader-election"

    assert lease_name() == base
    assert lease_name("sharding.fluxcd.io/key=a") != lease_name("sharding.fluxcd.io/key=b")
    # The first eight digits that sha256sum prints for the selector.
    assert lease_name("sharding.fluxcd.io/key=shard1") == f"{base}-73fdc1be"


def test_identities_are_never_the_same() -> None:
    assert new_identity("pod-1").startswith("pod-1_")
    assert new_identity("pod-1") != new_identity("pod-1")


@pytest.mark.parametrize(
    ("renewed", "is_recent"),
    [
        ("2027-01-15T07:59:31.000000Z", True),
        ("2027-01-15T07:59:29.000000Z", False),
        ("2027-01-15T08:00:05.000000Z", True),
        ("2027-01-15T07:59:31", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_a_lease_is_recent_for_twice_its_time(renewed: str, is_recent: bool) -> None:  # noqa: FBT001
    lease = {"spec": {"holderIdentity": "one", "leaseDurationSeconds": 15, "renewTime": renewed}}

    assert LeaseRecord.of(lease).is_recent(1_800_000_000.0) is is_recent
