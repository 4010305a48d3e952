"""Waiting for health without holding a worker: one thread per cluster looks for all who wait, one list per kind.

A cluster that does not answer keeps nobody waiting but those who wait for its objects.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Condition, Thread

from pipeline.errors import PipelineError
from pipeline.model.flux.api import OWNER_NAME_LABEL
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import ObjectId
from pipeline.ports import Clock, Cluster, Reporter
from pipeline.puller.keys import Key
from pipeline.stages.waiting import UNREADABLE, Awaited, WaitOptions, look

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_PAUSE_EACH = 0.02
_BRISK_FOR, _BRISK_PAUSE = 60.0, 1.0
"""Most of what becomes healthy does so within the first minute, and somebody waits for it."""
_SHARE = 2.0
"""A round is followed by a pause of at least so many times as long, so that looking never takes all of the time."""

_WORTH_A_LIST = 8
"""A list that brings up to so many times what is waited for is cheaper than reading one by one."""


@dataclass(frozen=True, slots=True)
class HealthWait:
    """What one Kustomization waits for; ``deadline`` in seconds since the epoch, ``identity`` tells its cluster."""

    key: Key
    identity: str
    cluster: Cluster
    awaited: tuple[Awaited, ...]
    deadline: float

    @property
    def place(self) -> str:
        """Which cluster, as whomever: the first word of the identity."""
        return self.identity.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How a wait ended."""

    healths: Mapping[ObjectId, Health]
    is_timeout: bool = False

    @property
    def is_healthy(self) -> bool:
        """Whether everything is current."""
        return all(item.is_current for item in self.healths.values())

    @property
    def unhealthy(self) -> tuple[tuple[ObjectId, Health], ...]:
        """What is not current."""
        return tuple((object_id, item) for object_id, item in self.healths.items() if not item.is_current)


@dataclass
class _Waiting:
    wait: HealthWait
    began: float
    healths: dict[ObjectId, Health] = field(default_factory=dict)

    def open_objects(self) -> tuple[Awaited, ...]:
        """What is to be looked at next: what is not healthy yet; once all is, all of it once more."""
        left = [
            item
            for item in self.wait.awaited
            if item.object_id not in self.healths or not self.healths[item.object_id].is_current
        ]
        return tuple(left) or self.wait.awaited


class HealthWaits:
    """Everybody who waits; ``settled`` is called, in the looking thread, with each wait and how it ended."""

    def __init__(
        self,
        settled: Callable[[HealthWait, Verdicts], None],
        clock: Clock,
        reporter: Reporter,
        *,
        population: Callable[[], int] = lambda: 0,
    ) -> None:
        """``population`` says about how many objects of a kind there are, most of which nobody waits for."""
        self._settled = settled
        self._clock = clock
        self._reporter = reporter
        self._population = population
        self._changed = Condition()
        self._waiting: dict[Key, _Waiting] = {}
        self._threads: dict[str, Thread] = {}
        """By the cluster that each looks at; one ends when nobody waits for its cluster any more."""
        self._started = self._stopped = False

    def start(self) -> None:
        """Begin."""
        with self._changed:
            self._started = True
            for place in {item.wait.place for item in self._waiting.values()}:
                self._attend(place)

    def stop(self) -> None:
        """End soon."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def add(self, wait: HealthWait) -> None:
        """Wait for this; a wait of the same object is given up."""
        with self._changed:
            self._waiting[wait.key] = _Waiting(wait, time.monotonic())
            self._attend(wait.place)
            self._changed.notify_all()

    def cancel(self, key: Key) -> HealthWait | None:
        """Wait no more; returns what was waited for."""
        with self._changed:
            found = self._waiting.pop(key, None)
            return None if found is None else found.wait

    def __len__(self) -> int:
        return len(self._waiting)

    def _attend(self, place: str) -> None:
        """Have a thread look at that cluster; the lock is held."""
        if self._started and not self._stopped and place not in self._threads:
            self._threads[place] = Thread(target=self._run, args=(place,), name="health", daemon=True)
            self._threads[place].start()

    def _of(self, place: str) -> list[_Waiting]:
        return [item for item in self._waiting.values() if item.wait.place == place]

    def _run(self, place: str) -> None:
        while True:
            with self._changed:
                waiting = self._of(place)
                if not waiting or self._stopped:
                    del self._threads[place]
                    return
            began = time.monotonic()
            try:
                self._round(waiting)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one object contains
                self._reporter.warn(f"looking at health: {type(error).__name__}: {error}")
            self._rest(place, time.monotonic(), time.monotonic() - began)

    def _rest(self, place: str, ended: float, took: float) -> None:
        """Until the next round is due: earlier where somebody begins to wait, yet never at once after a long one."""
        with self._changed:
            # For so long it does not matter who begins to wait.
            self._sleep_until(ended + max(_SHARE * took, _FIRST_PAUSE))
            while not self._stopped:
                waiting = self._of(place)
                left = ended + _pause(waiting) - time.monotonic()
                if left <= 0 or not waiting:
                    return
                self._changed.wait(left)

    def _sleep_until(self, due: float) -> None:
        """Whatever changes meanwhile, unless it is the end; the lock is held."""
        while not self._stopped and (left := due - time.monotonic()) > 0:
            self._changed.wait(left)

    def look_once(self) -> None:
        """One round for all who wait; the threads do it again and again."""
        with self._changed:
            waiting = list(self._waiting.values())
        self._round(waiting)

    def _round(self, waiting: list[_Waiting]) -> None:
        clusters: dict[str, list[_Waiting]] = {}
        for item in waiting:
            clusters.setdefault(item.wait.identity, []).append(item)
        for group in clusters.values():
            asked = [(item, item.open_objects()) for item in group]
            plain = {one.object_id: one for _, awaited in asked for one in awaited if one.judge is None}
            found = self._look(list(plain.values()), group[0].wait.cluster)
            for item, awaited in asked:
                own = self._look([one for one in awaited if one.judge is not None], item.wait.cluster)
                fresh = {one.object_id: (own if one.judge else found)[one.object_id] for one in awaited}
                self._judge(item, fresh, is_whole=len(awaited) == len(item.wait.awaited))

    def _look(self, awaited: list[Awaited], cluster: Cluster) -> dict[ObjectId, Health]:
        if not awaited:
            return {}
        try:
            options = WaitOptions(
                timeout=0,
                selector=OWNER_NAME_LABEL,
                list_from=max(2, self._population() // _WORTH_A_LIST),
                concurrency=4,
            )
            found = look(awaited, cluster, self._clock, options)
        except PipelineError as error:
            verdict = Health(HealthStatus.IN_PROGRESS, "Unreachable", error.message)
            return {item.object_id: verdict for item in awaited}
        return {object_id: _patiently(verdict) for object_id, verdict in found.items()}

    def _judge(self, item: _Waiting, fresh: Mapping[ObjectId, Health], *, is_whole: bool) -> None:
        item.healths.update(fresh)
        verdicts = item.healths.values()
        # What is missing may still come: a health check names whatever somebody else is to create.
        lost = any(one.status is HealthStatus.FAILED for one in verdicts)
        healthy = is_whole and all(one.is_current for one in verdicts)
        is_timeout = self._clock.now() >= item.wait.deadline
        if not (lost or healthy or is_timeout):
            return
        with self._changed:
            if self._waiting.get(item.wait.key) is not item:
                return
            del self._waiting[item.wait.key]
        self._settled(item.wait, Verdicts(dict(item.healths), is_timeout=is_timeout and not (lost or healthy)))


def _pause(waiting: list[_Waiting]) -> float:
    """Short while somebody has just begun to wait, longer the longer everybody has waited."""
    now = time.monotonic()
    youngest = min((now - item.began for item in waiting), default=0.0)
    longest = _BRISK_PAUSE if youngest < _BRISK_FOR else _LONGEST_PAUSE
    # Where many wait, most of what is looked at is still on its way: looking less often costs nobody much.
    return min(longest, max(_FIRST_PAUSE, youngest / 4, len(waiting) * _PAUSE_EACH))


def _patiently(verdict: Health) -> Health:
    """An object that could not be read now is looked at again; only what it says of itself is its failure."""
    return replace(verdict, status=HealthStatus.IN_PROGRESS) if verdict.reason == UNREADABLE else verdict
