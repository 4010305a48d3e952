"""Waits until a cluster's deploy records say that one very digest is applied and healthy, or never will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import ArtifactNotFoundError, RegistryError, TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.deployments.naming import DeployedName
from pipeline.model.deployments.record import Deployed, DeployRecord
from pipeline.model.deployments.storage import Listed
from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.flux.waiting import State, Verdict
from pipeline.model.outcome.wait import WaitResult
from pipeline.model.trust.replay import REPLAY
from pipeline.ports import Clock, Registry, Reporter
from pipeline.stages.deployed import listed_records, newest_of
from pipeline.stages.signed_records import RecordTrust

_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 30.0
_GROWTH = 1.5
_WIDTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedWaitOptions:
    """What is waited for, and for how many seconds.

    Attributes:
        name: the cluster, and the inventory where it has several.
        accepts_applied: whether a record is enough that says nothing about health.
        keep_waiting: whether a failure is followed by the next attempt, instead of being the end.
    """

    artifact: PinnedReference
    name: DeployedName
    timeout: float = 600.0
    accepts_applied: bool = False
    keep_waiting: bool = False


@dataclass(frozen=True, slots=True)
class DeployedWaitPorts:
    """What waiting needs of the world."""

    records: Registry
    trust: RecordTrust
    clock: Clock
    reporter: Reporter


def wait_deployed(options: DeployedWaitOptions, ports: DeployedWaitPorts) -> WaitResult:
    """Look at the cluster's tag again and again, ever less often.

    Raises:
        TrustError: a record is not by whom we believe, or older than one that was seen before.
        UsageError: the cluster has several inventories, and none of them was named.
    """
    began = ports.clock.now()
    deadline = began + options.timeout
    watch = _Watch(options, ports)
    pause = _FIRST_PAUSE
    while True:
        verdict = watch.look()
        remaining = deadline - ports.clock.now()
        if verdict.state is not State.WAITING or remaining <= 0:
            return WaitResult(
                artifact=options.artifact,
                cluster=options.name.cluster,
                verdict=verdict,
                seconds=ports.clock.now() - began,
                timeout=options.timeout,
                trouble=watch.trouble,
                advice="give it longer with --timeout; where nobody looks at health, say --accept-applied",
            )
        ports.clock.sleep(min(pause, remaining))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


class _Watch:
    """What was seen so far."""

    def __init__(self, options: DeployedWaitOptions, ports: DeployedWaitPorts) -> None:
        self._options = options
        self._ports = ports
        self._listed: Sequence[Listed] = ()
        self._newest: DeployRecord | None = None
        self._newest_came = False
        """Whether that was recorded since the first look."""
        self._known: frozenset[str] | None = None
        """Records that were there at the first look."""
        self._has_been = False
        """Whether it was the newest at some time since then: only then does what follows supersede it."""
        self._told = ""
        self.trouble = ""
        """What kept us from seeing more, if anything."""

    def look(self) -> Verdict:
        try:
            self._read()
            self.trouble = ""
        except ArtifactNotFoundError as error:
            self.trouble = "" if self._newest is None else error.message
        except RegistryError as error:
            self.trouble = error.message
            self._ports.reporter.detail(f"the records cannot be read just now: {error.message}")
        verdict = self._judge()
        if verdict.reason != self._told:
            self._told = verdict.reason
            self._ports.reporter.info(verdict.reason)
        return verdict

    def _read(self) -> None:
        ports, name = self._ports, self._options.name
        listed = listed_records(ports.records, name.cluster)
        if listed == self._listed:
            return
        head = newest_of(listed, name, ports.records, ports.trust)
        newest = head.record
        if self._newest is not None and newest.time < self._newest.time:
            raise TrustError(
                f"the records of {name.cluster} in {ports.records.repository} went back in time:"
                f" from {format_time(self._newest.time)} to {format_time(newest.time)}",
                hint="somebody moved the cluster's tag back; find out who",
                code=REPLAY,
            )
        wanted = self._options.artifact.digest
        if self._known is None:
            self._known = frozenset(item.descriptor.digest for item in listed)
        self._has_been |= (newest.digest == wanted and not newest.is_deleted) or any(
            item.digest == wanted and item.inventory == newest.inventory and item.descriptor.digest not in self._known
            for item in listed
        )
        self._newest_came = self._newest is not None and newest != self._newest
        self._listed, self._newest = listed, newest

    def _judge(self) -> Verdict:
        record, options = self._newest, self._options
        wanted, cluster = options.artifact.digest, options.name.cluster
        if record is None:
            return _verdict(State.WAITING, f"there is no deploy record of {options.name} yet")
        when = format_time(record.time)
        if record.is_deleted:
            # Of before we came: whoever waits expects it to be applied anew.
            is_over = self._newest_came and not options.keep_waiting
            state = State.FAILED if is_over else State.WAITING
            return _verdict(state, f"{cluster} has nothing of {record.inventory} since {when}: it was deleted")
        if record.digest != wanted:
            has = f"{cluster} has {record.digest} since {when}"
            if self._has_been:
                return _verdict(State.SUPERSEDED, f"{has}, which came after it")
            return _verdict(State.WAITING, has)
        if record.result is Deployed.FAILED:
            why = f": {printable(record.message, _WIDTH)}" if record.message else ""
            state = State.WAITING if options.keep_waiting else State.FAILED
            return _verdict(state, f"it failed on {cluster} at {when}{why}")
        if record.result is Deployed.APPLIED and not options.accepts_applied:
            said = f"it is applied on {cluster} since {when}, and nobody says that it is healthy"
            return _verdict(State.WAITING, said)
        return _verdict(State.DELIVERED, f"it is {record.result.value} on {cluster} since {when}")


def _verdict(state: State, reason: str) -> Verdict:
    return Verdict(state=state, reason=reason, lines=())
