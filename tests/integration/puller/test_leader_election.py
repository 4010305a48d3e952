"""Elections on the real API server: never two leaders at once, and always one soon."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from pipeline import wiring
from pipeline.clock import SystemClock
from pipeline.errors import ClusterError
from pipeline.model.flux.api import LEASES
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import ApiServer
from pipeline.puller.leadership import Candidacy, Leadership
from pipeline.puller.leases import lease_name
from pipeline.puller.rivals import find_rivals, verdict
from pipeline.reports.console import JsonLog
from tests.platform.control_plane import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def api(control_plane: Cluster) -> ApiServer:
    reporter = JsonLog(io.StringIO(), verbose=False)
    return wiring.api_server(ClusterOptions(kubeconfig=str(control_plane.kubeconfig)), os.environ, reporter)


@dataclass
class Contest:
    """Candidates for one Lease, and who led when."""

    api: ApiServer
    namespace: str
    stop: threading.Event = field(default_factory=threading.Event)
    leaders: list[str] = field(default_factory=list)
    candidates: dict[str, Leadership] = field(default_factory=dict)
    both: list[str] = field(default_factory=list)

    def enter(self, identity: str, name: str = "election") -> Leadership:
        reporter = JsonLog(io.StringIO(), verbose=False)
        candidacy = Candidacy(
            namespace=self.namespace,
            name=name,
            identity=identity,
            lease_seconds=2.0,
            renew_seconds=1.2,
            retry_seconds=0.2,
        )
        leadership = Leadership(self.api, SystemClock(), reporter, candidacy)
        self.candidates[identity] = leadership

        def run() -> None:
            if leadership.acquire(self.stop):
                self.leaders.append(identity)

        threading.Thread(target=run, daemon=True).start()
        return leadership

    def watch(self) -> None:
        """Look every few milliseconds."""
        while not self.stop.wait(0.005):
            leading = [name for name, candidate in self.candidates.items() if candidate.is_leader]
            if len(leading) > 1:
                self.both.append(" and ".join(leading))

    def has_led(self, count: int, seconds: float = 15.0) -> None:
        until = time.monotonic() + seconds
        while len(self.leaders) < count:
            assert time.monotonic() < until, f"only {self.leaders} have led"
            time.sleep(0.02)


@pytest.fixture
def contest(api: ApiServer, namespace: str) -> Iterator[Contest]:
    contest = Contest(api, namespace)
    observer = threading.Thread(target=contest.watch, daemon=True)
    observer.start()
    yield contest
    contest.stop.set()
    observer.join(5.0)
    for candidate in contest.candidates.values():
        candidate.release()


def test_leadership_is_handed_over_on_release_and_never_shared(contest: Contest) -> None:
    for identity in ("one", "two", "three"):
        contest.enter(identity)

    for count in (1, 2, 3):
        contest.has_led(count)
        leader = contest.candidates[contest.leaders[-1]]
        time.sleep(0.5)
        assert leader.is_leader
        started = time.monotonic()
        leader.release()
        if count < 3:
            contest.has_led(count + 1)
            # Nobody had to wait until the Lease ran out.
            assert time.monotonic() - started < 1.5

    assert sorted(contest.leaders) == ["one", "three", "two"]
    assert contest.both == []
    lease = contest.api.read(LEASES, contest.namespace, "election")
    assert lease is not None
    assert (lease["spec"].get("holderIdentity", ""), lease["spec"]["leaseTransitions"]) == ("", 2)


def test_leadership_passes_on_when_a_leader_falls_silent(
    contest: Contest, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = contest.enter("silent")
    contest.has_led(1)

    class Dead:
        def __getattr__(self, name: str) -> object:
            raise ClusterError("cut off", code="cluster.unreachable")

    monkeypatch.setattr(silent, "_api", Dead())
    cut_off_at = time.monotonic()
    contest.enter("next")
    contest.has_led(2)

    assert contest.leaders == ["silent", "next"]
    assert not silent.is_leader
    assert 1.0 < time.monotonic() - cut_off_at < 6.0
    assert contest.both == []


def test_a_leader_at_work_is_seen_as_a_rival(contest: Contest, api: ApiServer) -> None:
    contest.enter("kustomize-controller-1-2_3", "kustomize-controller-leader-election")
    contest.enter("gitless-puller-1-2_3", lease_name("sharding.fluxcd.io/key=a"))
    contest.has_led(2)

    found = find_rivals(api, (contest.namespace,), SystemClock())
    rivals = [rival for rival in found if rival.namespace == contest.namespace]

    assert [(rival.controller, rival.selector) for rival in rivals] == [
        ("gitless puller", None),
        ("kustomize-controller", ""),
    ]
    assert verdict(rivals, "").is_fight
