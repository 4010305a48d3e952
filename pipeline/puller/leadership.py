"""Leader election by a Lease, as Kubernetes' own components do it: one process at most believes that it leads.

Whoever leads renews the Lease; the others take it once it has not changed for as long as it says, by their own clock,
so that clocks need not agree. A leader stops believing before that: ``renew_seconds`` after its last renewal was sent,
even while a request hangs. Source: Kubernetes' client-go, ``tools/leaderelection``.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread

from pipeline.errors import ConfigurationError, ExistsError, PipelineError, StaleError
from pipeline.model.flux.api import LEASES
from pipeline.model.manifests import Body
from pipeline.ports import ApiServer, Clock, Reporter
from pipeline.puller.leases import LeaseRecord, lease_body, written_time

MANAGER = "gitless-puller"
_JITTER = 1.2
"""So much longer, at most, is every wait: candidates that began together do not stay together."""


def new_identity(host: str) -> str:
    """An identity that no other process has, not even on the same host."""
    return f"{host}_{uuid.uuid4()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidacy:
    """Who stands for which Lease; durations in seconds, as client-go's ``LeaderElectionConfig`` has them.

    Attributes:
        namespace: of the Lease.
        name: of the Lease.
        identity: whom it names as its holder; no two processes have the same.
        lease_seconds: for so long the others leave a Lease alone that is not renewed.
        renew_seconds: so long after its last renewal a leader gives up.
        retry_seconds: between two tries.
    """

    namespace: str
    name: str
    identity: str
    lease_seconds: float = 15.0
    renew_seconds: float = 10.0
    retry_seconds: float = 2.0

    def __post_init__(self) -> None:
        """Check that the durations leave room for each other.

        Raises:
            ConfigurationError: they do not.
        """
        if not 0 < self.retry_seconds * _JITTER < self.renew_seconds < self.lease_seconds:
            raise ConfigurationError(
                f"leader election cannot try every {self.retry_seconds:g} s, give up after {self.renew_seconds:g} s "
                f"and lease for {self.lease_seconds:g} s: expected each to be longer than the one before"
            )

    def __str__(self) -> str:
        return f"Lease {self.namespace}/{self.name}"


class Leadership:
    """One process's part in an election; safe in many threads."""

    def __init__(
        self,
        api: ApiServer,
        clock: Clock,
        reporter: Reporter,
        candidacy: Candidacy,
        *,
        on_lost: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``on_lost`` is called once per term, in another thread, where leadership ended without ``release``."""
        self._api = api
        self._clock = clock
        self._reporter = reporter
        self._wanted = candidacy
        self._on_lost = on_lost
        self._monotonic = monotonic
        self._requests = Lock()
        """Held while the Lease is read or written."""
        self._state = Lock()
        self._live: Body | None = None
        self._observed: LeaseRecord | None = None
        self._observed_at = 0.0
        self._leads_until = float("-inf")
        self._term: Event | None = None
        """Set when the present term has ended."""

    @property
    def is_leader(self) -> bool:
        """Whether nobody else can be the leader now."""
        with self._state:
            return self._term is not None and not self._term.is_set() and self._monotonic() < self._leads_until

    @property
    def holder(self) -> str:
        """Who led when we last looked; empty: nobody."""
        observed = self._observed
        return "" if observed is None else observed.holder

    def acquire(self, stop: Event) -> bool:
        """Wait until we lead, and go on renewing in the background; false where ``stop`` was set before."""
        told = ""
        while not stop.is_set():
            if self._attempted():
                self._begin_term()
                self._reporter.info(f"leading: {self._wanted} is held", identity=self._wanted.identity)
                return True
            if self.holder not in {told, self._wanted.identity}:
                told = self.holder
                self._reporter.info(f"waiting for {self._wanted}, which {told or 'nobody'} holds")
            stop.wait(self._pause())
        return False

    def release(self, seconds: float = 3.0) -> None:
        """Stop leading and let the next one begin at once; call it after the work has ended.

        It takes ``seconds`` at most; a Lease that could not be handed over by then runs out by itself.
        """
        with self._state:
            term, self._term = self._term, None
            held = term is not None and not term.is_set()
            if term is not None:
                term.set()
        if held:
            handing_over = Thread(target=self._hand_over, name="lease-release", daemon=True)
            handing_over.start()
            handing_over.join(seconds)

    def attempt(self) -> bool:
        """Try once to become the leader, or to remain it; false where somebody else is.

        Raises:
            ClusterError: the Lease cannot be read or written.
        """
        with self._requests:
            started = self._monotonic()
            written = self._written()
            if written is None:
                return False
            self._observe(written)
            with self._state:
                self._leads_until = started + self._wanted.renew_seconds
            return True

    def _written(self) -> Body | None:
        """The Lease with us as its holder; ``None`` where it is another's or somebody was faster."""
        try:
            if self._live is not None and self.holder == self._wanted.identity:
                return self._replaced(self._live)
        except StaleError:
            pass
        live = self._api.read(LEASES, self._wanted.namespace, self._wanted.name)
        try:
            if live is None:
                body = lease_body(self._wanted.namespace, self._wanted.name, self._our_record(None))
                return self._api.create(LEASES, body, manager=MANAGER)
            self._observe(live)
            return self._replaced(live) if self._may_take() else None
        except (ExistsError, StaleError):
            return None

    def _replaced(self, live: Body) -> Body:
        spec = {**(live.get("spec") or {}), **self._our_record(LeaseRecord.of(live)).spec()}
        return self._api.replace(LEASES, {**live, "spec": spec}, manager=MANAGER)

    def _our_record(self, before: LeaseRecord | None) -> LeaseRecord:
        now = written_time(self._clock.now())
        ours = LeaseRecord(self._wanted.identity, self._wanted.lease_seconds, now, now, 0)
        if before is None:
            return ours
        if before.holder == self._wanted.identity:
            return replace(ours, acquired=before.acquired or now, transitions=before.transitions)
        return replace(ours, transitions=before.transitions + 1)

    def _may_take(self) -> bool:
        record = self._observed
        if record is None or record.holder in {"", self._wanted.identity}:
            return True
        return self._monotonic() >= self._observed_at + (record.seconds or self._wanted.lease_seconds)

    def _observe(self, live: Body) -> None:
        record = LeaseRecord.of(live)
        self._live = live
        if record != self._observed:
            self._observed, self._observed_at = record, self._monotonic()

    def _attempted(self) -> bool:
        try:
            return self.attempt()
        except PipelineError as error:
            self._reporter.warn(f"{self._wanted} cannot be renewed or taken: {error.message}")
            return False

    def _begin_term(self) -> None:
        with self._state:
            self._term = term = Event()
        for work, name in ((self._renew, "lease-renewal"), (self._guard, "lease-guard")):
            Thread(target=work, args=(term,), name=name, daemon=True).start()

    def _renew(self, term: Event) -> None:
        while not term.wait(self._pause()):
            if not self._attempted() and self.holder != self._wanted.identity:
                self._lose(term, f"{self.holder or 'nobody'} holds it now")

    def _guard(self, term: Event) -> None:
        """End the term in time even where a renewal hangs."""
        while True:
            with self._state:
                left = self._leads_until - self._monotonic()
            if left <= 0:
                self._lose(term, f"it could not be renewed within {self._wanted.renew_seconds:g} s")
                return
            if term.wait(left):
                return

    def _lose(self, term: Event, why: str) -> None:
        with self._state:
            if term.is_set():
                return
            term.set()
        self._reporter.warn(f"no longer leading: {self._wanted} is lost, {why}")
        self._on_lost()

    def _hand_over(self) -> None:
        """Say that nobody holds it, unless it is no longer ours."""
        with self._requests:
            live = self._live
            if live is None or self.holder != self._wanted.identity:
                return
            now = written_time(self._clock.now())
            free = LeaseRecord("", 1.0, now, now, LeaseRecord.of(live).transitions)
            try:
                self._observe(self._api.replace(LEASES, {**live, "spec": free.spec()}, manager=MANAGER))
            except PipelineError as error:
                self._reporter.detail(f"{self._wanted} was not handed over: {error.message}")

    def _pause(self) -> float:
        return self._wanted.retry_seconds * random.uniform(1.0, _JITTER)  # noqa: S311 - spreads load, no secret
