"""Carrying out decisions: batches of writes, and the waits between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pipeline.errors import ClusterError
from pipeline.model.applying.controls import controls_of
from pipeline.model.applying.fingerprint import fingerprint
from pipeline.model.applying.live_plan import Decision, LiveState
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.applying.staging import what_is_awaited
from pipeline.model.applying.take_over import inherited, without_superseded
from pipeline.model.cluster import ResourceType
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action
from pipeline.ports import Clock, Cluster, Reporter
from pipeline.stages.holding import Hold
from pipeline.stages.parallel import in_parallel

_WRITES = frozenset({Action.CREATE, Action.CONFIGURE, Action.RECREATE})
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_TAKE_OVER_TRIES = 5


class Performer:
    """Writes objects and remembers what it wrote: ``done`` maps each to how it is then."""

    def __init__(
        self, cluster: Cluster, options: ApplyOptions, reporter: Reporter, clock: Clock, hold: Hold | None = None
    ) -> None:
        self.done: dict[ObjectId, LiveState] = {}
        self.expected = 0
        """How many objects will be written, as far as is known yet; for the progress that is shown."""
        self._cluster = cluster
        self._options = options
        self._reporter = reporter
        self._clock = clock
        self._hold = hold

    def to_perform(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Those that want a write and have not had it."""
        return [item for item in decisions if item.change.action in _WRITES and item.object_id not in self.done]

    def performed(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Those that were written."""
        return [item for item in decisions if item.object_id in self.done]

    def perform_all(self, decisions: Sequence[Decision]) -> None:
        """Write all of them, several at once; after the first failure nothing more is begun."""
        in_parallel(self._perform, decisions, concurrency=self._options.concurrency)

    def _perform(self, decision: Decision) -> None:
        kind, body = decision.resource_type, decision.body
        assert body is not None  # noqa: S101 - decisions to write have a body
        if kind is not None and decision.uid:
            if decision.change.action is Action.RECREATE:
                if self._hold is not None:
                    self._hold.check(kind, decision)
                self._cluster.delete(kind, decision.object_id, uid=decision.uid)
            self._wait(partial(self._remains, decision), f"the deletion of {decision.object_id}")
        if kind is not None and decision.inherits:
            self._inherit(kind, decision)
        if kind is not None and self._hold is not None:
            stored = self._hold.apply(kind, decision, body)
        else:
            stored = self._cluster.apply(body, force=decision.force, metadata_only=True)
        metadata = stored["metadata"]
        if kind is not None and decision.change.action is Action.CONFIGURE and not self._options.predecessors:
            metadata = self._take_over(kind, decision, metadata)
        self.done[decision.object_id] = LiveState.of(metadata)
        self._reporter.detail(f"{decision.change.action.value} {decision.object_id}")
        self._reporter.progress("applied", len(self.done), max(self.expected, len(self.done)))

    def _inherit(self, kind: ResourceType, decision: Decision) -> None:
        """Make the predecessors' fields ours, so that applying removes what the manifests do not have."""
        object_id = decision.object_id
        for _ in range(_TAKE_OVER_TRIES):
            live = self._cluster.read(kind, object_id.namespace, object_id.name)
            metadata = live["metadata"] if live is not None else {}
            entries = inherited(metadata.get("managedFields") or (), self._cluster.manager, self._options.predecessors)
            if entries is None:
                return
            version = str(metadata.get("resourceVersion", ""))
            if self._cluster.set_managed_fields(kind, object_id, entries, resource_version=version) is not None:
                return

    def _take_over(self, kind: ResourceType, decision: Decision, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        """Let kubectl let go of what we apply now; not succeeding is no failure, the next change tries again."""
        object_id = decision.object_id
        for _ in range(_TAKE_OVER_TRIES):
            entries = without_superseded(metadata.get("managedFields") or (), self._cluster.manager)
            if entries is None or controls_of(metadata).ssa == "merge":
                return metadata
            version = str(metadata.get("resourceVersion", ""))
            done = self._cluster.set_managed_fields(kind, object_id, entries, resource_version=version)
            if done is not None:
                return done["metadata"]  # type: ignore[no-any-return]
            # A controller reported in between, which says nothing about who owns what.
            live = self._cluster.read(kind, object_id.namespace, object_id.name)
            if live is None or fingerprint(live["metadata"]) != fingerprint(metadata):
                # Somebody changed it: what we remember must be what we wrote, so that the next run looks again.
                return metadata
            metadata = live["metadata"]
        return metadata

    def _remains(self, decision: Decision) -> str:
        kind, object_id = decision.resource_type, decision.object_id
        live = self._cluster.read(kind, object_id.namespace, object_id.name) if kind else None
        if live is None or live["metadata"].get("uid") != decision.uid:
            return ""
        finalizers = live["metadata"].get("finalizers") or ()
        return f"finalizers hold it: {', '.join(finalizers)}" if finalizers else "it is still there"

    def wait_until_ready(self, decisions: Sequence[Decision]) -> None:
        """Wait for definitions and namespaces to be usable.

        Raises:
            ClusterError: they did not become so within the timeout; the first one is named, with what it lacks.
        """
        for item in decisions:
            if item.object_id.kind in {"CustomResourceDefinition", "Namespace"} and item.body is not None:
                self._wait(partial(self._lacks, item), f"{item.object_id}")

    def _lacks(self, decision: Decision) -> str:
        kind, object_id = decision.resource_type, decision.object_id
        return what_is_awaited(self._cluster.read(kind, "", object_id.name)) if kind else ""

    def wait_until_served(self, decisions: Sequence[Decision]) -> None:
        """Wait for the API server to serve the kinds that new definitions brought.

        Raises:
            ClusterError: it did not within the timeout.
        """
        kinds = sorted({(item.change.api_version, item.object_id.kind) for item in decisions})
        for api_version, kind in kinds:
            self._wait(partial(self._unserved, api_version, kind), f"the kind {kind} in {api_version}")

    def _unserved(self, api_version: str, kind: str) -> str:
        return "" if self._cluster.resource_type(api_version, kind) else "it is not served yet"

    def _wait(self, what_lacks: Callable[[], str], subject: str) -> None:
        deadline = self._clock.now() + self._options.timeout
        pause = _FIRST_PAUSE
        while lacking := what_lacks():
            if self._clock.now() >= deadline:
                raise ClusterError(
                    f"waited {self._options.timeout:g} s for {subject}: {lacking}",
                    hint="--timeout allows more time",
                    code="cluster.timeout",
                )
            self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
