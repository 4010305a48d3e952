"""Lists and follows the events about Flux's objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.errors import ClusterError, WatchExpiredError
from pipeline.model.cluster import ChangeType
from pipeline.model.flux.api import EVENTS, KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.flux.lineage import source_reference
from pipeline.model.flux.seen_events import SeenEvent, read_event
from pipeline.model.outcome.events import EventsResult
from pipeline.operations.merging import as_they_come
from pipeline.ports import ApiServer, Clock, Reporter

_KINDS = (KUSTOMIZATIONS.kind, OCI_REPOSITORIES.kind)
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_FINAL = frozenset({"cluster.denied", "cluster.not-found", "cluster.invalid"})
"""What waiting does not cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsQuery:
    """Which events.

    Attributes:
        namespace: of the objects; ``None``: all.
        kind: only of this kind; empty: of both.
        name: only of the object of that name.
        types: only of these types (``Normal``, ``Warning``); empty: all.
    """

    namespace: str | None
    kind: str = ""
    name: str = ""
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Target:
    """Events of a kind or, with a name, of one object."""

    kind: str
    namespace: str | None
    name: str = ""

    @property
    def fields(self) -> str:
        """As a field selector."""
        return f"involvedObject.kind={self.kind}" + (f",involvedObject.name={self.name}" if self.name else "")

    def has(self, event: SeenEvent) -> bool:
        """Whether the event is about it."""
        involved = event.involved
        return (
            involved.kind == self.kind
            and self.name in {"", involved.name}
            and self.namespace in {None, involved.namespace}
        )


def show_events(query: EventsQuery, server: ApiServer, clock: Clock) -> EventsResult:
    """The events that the cluster still has, the oldest first; for one Kustomization, those of its source too."""
    found: dict[str, SeenEvent] = {}
    for target in _targets(query, server):
        for body in server.list(EVENTS, target.namespace, fields=target.fields).items:
            event = read_event(body)
            if _is_wanted(event, query, target):
                found[event.uid] = event
    events = sorted(found.values(), key=lambda event: (event.time, event.resource_version))
    return EventsResult(cluster=server.context, namespace=query.namespace or "", events=tuple(events), now=clock.now())


def follow_events(query: EventsQuery, server: ApiServer, clock: Clock, reporter: Reporter) -> Iterator[SeenEvent]:
    """The same, and then every new one as it comes; ends only by an error that waiting does not cure."""
    streams = [_Following(query, target, server, clock, reporter) for target in _targets(query, server)]
    yield from as_they_come(streams)


class _Following:
    """The events about one target, listed and then watched; no event is told twice."""

    def __init__(
        self, query: EventsQuery, target: _Target, server: ApiServer, clock: Clock, reporter: Reporter
    ) -> None:
        self._query = query
        self._target = target
        self._server = server
        self._clock = clock
        self._reporter = reporter
        self._told: dict[str, str] = {}
        """The last version of each event that was told."""

    def __iter__(self) -> Iterator[SeenEvent]:
        version, pause = "", _FIRST_PAUSE
        while True:
            try:
                if not version:
                    version, events = self._list()
                    yield from self._new(events)
                before = version
                for change in self._server.watch(
                    EVENTS, self._target.namespace, resource_version=version, fields=self._target.fields
                ):
                    version, pause = change.resource_version or version, _FIRST_PAUSE
                    if change.type in {ChangeType.ADDED, ChangeType.MODIFIED}:
                        yield from self._new([read_event(change.body)])
                if version == before:
                    self._clock.sleep(_FIRST_PAUSE)  # whoever ends a watch at once shall not be asked without end
            except WatchExpiredError:
                version = ""
            except ClusterError as error:
                if error.code in _FINAL:
                    raise
                self._reporter.warn(f"{error.message}; trying again in {pause:g} s")
                self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _list(self) -> tuple[str, list[SeenEvent]]:
        listing = self._server.list(EVENTS, self._target.namespace, fields=self._target.fields)
        return listing.resource_version, sorted(map(read_event, listing.items), key=lambda event: event.time)

    def _new(self, events: Iterable[SeenEvent]) -> Iterator[SeenEvent]:
        for event in events:
            if _is_wanted(event, self._query, self._target) and self._told.get(event.uid) != event.resource_version:
                self._told[event.uid] = event.resource_version
                yield event


def _is_wanted(event: SeenEvent, query: EventsQuery, target: _Target) -> bool:
    return (not query.types or event.type in query.types) and target.has(event)


def _targets(query: EventsQuery, server: ApiServer) -> tuple[_Target, ...]:
    kinds = (query.kind,) if query.kind else _KINDS
    targets = tuple(_Target(kind, query.namespace, query.name) for kind in kinds)
    if not (query.kind == KUSTOMIZATIONS.kind and query.name and query.namespace):
        return targets
    body = server.read(KUSTOMIZATIONS, query.namespace, query.name)
    if body is None:
        return targets  # its events outlive it
    kind, namespace, name = source_reference(body)
    return (*targets, _Target(kind, namespace, name)) if kind and name else targets
