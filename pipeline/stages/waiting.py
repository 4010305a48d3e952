"""Wait until objects are healthy: one list per kind and round, however many objects there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.errors import ClusterError
from pipeline.model.health import WITHOUT_STATUS, Health, HealthStatus, health
from pipeline.model.manifests import Body, ObjectId
from pipeline.ports import Clock, Cluster, Reporter
from pipeline.stages.parallel import in_parallel
from pipeline.stages.scopes import Scope, scopes

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""Seconds between rounds: short at first, for most rollouts are quick, then as long as Flux's."""

UNREACHABLE = "cluster.unreachable"
UNREADABLE = "Unreadable"
"""The reason of a verdict on what the API server did not show."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """An object that is to become healthy."""

    object_id: ObjectId
    api_version: str
    if_missing: Health | None = None
    """The verdict where it is not there, if that is fine: a finished Job that was removed in time."""
    judge: Callable[[Body, float], Health] | None = field(default=None, compare=False)
    """Rules of the user's own for the live object, at seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOptions:
    """How long to wait.

    Attributes:
        timeout: seconds; 0 looks once.
        fail_fast: stop waiting for the others once one object has failed for good or is missing.
        selector: labels that (nearly) all of the objects carry, to keep lists short; what lacks them is read by itself.
        list_from: so many objects of a kind and namespace are looked for by one list; fewer are read one by one.
        concurrency: how many requests may be under way at once.
    """

    timeout: float
    fail_fast: bool = True
    selector: str | None = None
    list_from: int = 2
    concurrency: int = 8


@dataclass(frozen=True, slots=True)
class _Sought:
    """The objects that one list is to find."""

    scope: Scope
    objects: tuple[Awaited, ...]

    @property
    def is_data_only(self) -> bool:
        """Whether their metadata says all there is to say."""
        kind = self.scope.resource_type
        return (kind.group, kind.kind) in WITHOUT_STATUS and not any(item.judge for item in self.objects)


def wait_for_health(
    awaited: Sequence[Awaited], cluster: Cluster, clock: Clock, reporter: Reporter, options: WaitOptions
) -> Mapping[ObjectId, Health]:
    """Look until all is healthy, nothing more can come, one failed (if failing fast), or time is up.

    After the first round only kinds with something left to wait for are looked at again; before all is called healthy,
    everything is looked at once more, for what was healthy may have broken meanwhile.

    Raises:
        ClusterError: the cluster cannot be reached at all. Later on that is only waited out, and whatever else keeps an
            object from being read is that object's verdict.
    """
    try:
        return _wait(awaited, cluster, clock, reporter, options)
    finally:
        # Whatever ended the wait, the bar must not stand beside what is printed next.
        reporter.progress("", len(awaited), len(awaited))


def _wait(
    awaited: Sequence[Awaited], cluster: Cluster, clock: Clock, reporter: Reporter, options: WaitOptions
) -> Mapping[ObjectId, Health]:
    deadline = clock.now() + options.timeout
    verdicts: dict[ObjectId, Health] = {}
    pause, is_first, is_complete = FIRST_PAUSE, True, True
    while True:
        open_objects = [item for item in awaited if is_complete or not verdicts[item.object_id].is_current]
        verdicts |= look(open_objects, cluster, clock, options, may_raise=is_first)
        _show(awaited, verdicts, reporter)
        if _is_over(verdicts.values(), fail_fast=options.fail_fast):
            if is_complete or not _all_current(verdicts.values()):
                return verdicts
            is_first, is_complete = False, True
            continue
        is_first, is_complete = False, False
        remaining = deadline - clock.now()
        if remaining <= 0:
            return verdicts
        clock.sleep(min(pause, remaining))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _all_current(verdicts: Iterable[Health]) -> bool:
    return all(verdict.is_current for verdict in verdicts)


def _is_over(verdicts: Iterable[Health], *, fail_fast: bool) -> bool:
    verdicts = list(verdicts)
    # What is missing will not come by itself: only applying creates it.
    lost = [item.status in {HealthStatus.FAILED, HealthStatus.NOT_FOUND} for item in verdicts]
    if fail_fast and any(lost):
        return True
    return all(gone or item.is_current for gone, item in zip(lost, verdicts, strict=True))


def _show(awaited: Sequence[Awaited], verdicts: Mapping[ObjectId, Health], reporter: Reporter) -> None:
    open_objects = [item.object_id for item in awaited if not verdicts[item.object_id].is_current]
    ready = len(awaited) - len(open_objects)
    more = f" and {len(open_objects) - 1} more" if len(open_objects) > 1 else ""
    label = f"ready, waiting for {open_objects[0]}{more}" if open_objects else "ready"
    reporter.progress(label, ready, len(awaited))


def look(
    awaited: Sequence[Awaited], cluster: Cluster, clock: Clock, options: WaitOptions, *, may_raise: bool = False
) -> dict[ObjectId, Health]:
    """One round over the objects: one list per kind and namespace, and a read for what it does not find.

    Raises:
        ClusterError: the cluster cannot be reached, and ``may_raise`` asks to be told.
    """
    now = clock.now()
    verdicts: dict[ObjectId, Health] = {}

    def judge(sought: _Sought) -> dict[ObjectId, Health]:
        try:
            return dict(_judged(sought, cluster, options.selector, now, options.list_from))
        except ClusterError as error:
            if error.code == UNREACHABLE and may_raise:
                raise
            verdict = _unreadable(error)
            return {item.object_id: verdict for item in sought.objects}

    try:
        lists, unserved = _sought(awaited, cluster)
    except ClusterError as error:
        if may_raise:
            raise
        return {item.object_id: _unreadable(error) for item in awaited}
    for item in unserved:
        message = f"the cluster does not serve the kind {item.object_id.kind} in {item.api_version} any more"
        verdicts[item.object_id] = Health(HealthStatus.NOT_FOUND, "KindNotServed", message)
    for part in in_parallel(judge, lists, concurrency=options.concurrency):
        verdicts |= part
    return verdicts


def _unreadable(error: ClusterError) -> Health:
    if error.code == UNREACHABLE:
        return Health(HealthStatus.IN_PROGRESS, "Unreachable", error.message)
    return Health(HealthStatus.FAILED, UNREADABLE, error.message)


def _sought(awaited: Sequence[Awaited], cluster: Cluster) -> tuple[list[_Sought], list[Awaited]]:
    kinds: dict[tuple[str, str], list[Awaited]] = defaultdict(list)
    for item in awaited:
        kinds[item.api_version, item.object_id.kind].append(item)
    found, unserved = [], []
    for kind, items in kinds.items():
        resource_type = cluster.resource_type(*kind)
        if resource_type is None:
            unserved += items
            continue
        by_namespace: dict[str, list[Awaited]] = defaultdict(list)
        for item in items:
            by_namespace[item.object_id.namespace].append(item)
        found += [
            _Sought(scope, tuple(item for name in scope.namespaces for item in by_namespace[name]))
            for scope in scopes((resource_type, namespace) for namespace in by_namespace)
        ]
    return found, unserved


def _judged(
    sought: _Sought, cluster: Cluster, selector: str | None, now: float, list_from: int
) -> Iterator[tuple[ObjectId, Health]]:
    kind = sought.scope.resource_type
    missing = {(item.object_id.namespace, item.object_id.name): item for item in sought.objects}
    if len(sought.objects) >= list_from or sought.is_data_only:
        for body in sought.scope.listed(partial(_list, sought, cluster, selector)):
            metadata = body["metadata"]
            item = missing.pop((metadata.get("namespace") or "", metadata["name"]), None)
            if item is not None:
                yield item.object_id, _verdict(item, body, now)
    for item in missing.values():
        yield item.object_id, _verdict(item, cluster.read(kind, item.object_id.namespace, item.object_id.name), now)


def _list(sought: _Sought, cluster: Cluster, selector: str | None, namespace: str | None) -> Iterator[Body]:
    kind = sought.scope.resource_type
    if not sought.is_data_only:
        yield from cluster.list_objects(kind, namespace, selector)
        return
    for metadata in cluster.list_metadata(kind, namespace, selector):
        # Metadata comes under the kind PartialObjectMetadata.
        yield {**metadata, "apiVersion": kind.api_version, "kind": kind.kind}


def _verdict(item: Awaited, body: Body | None, now: float) -> Health:
    if body is None and item.if_missing is not None:
        return item.if_missing
    if body is not None and item.judge is not None:
        return item.judge(body, now)
    return health(body, now=now)
