"""Deploy records beside the work, never in its way: one for each change, tried again where that fails."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.errors import PipelineError
from pipeline.model.applying.inventory import InventoryEntry
from pipeline.model.deployments.record import Deployed
from pipeline.model.flux.outcome import ObjectEvent, Severity
from pipeline.model.manifests import Body, ObjectId
from pipeline.puller.keys import KUSTOMIZATION, Key
from pipeline.reports.log import Log

RECORDING_FAILED: Final = "DeployRecordFailed"
"""Reason of the event that says so."""
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 300.0
_TRIES = 12
"""About 45 minutes all together; then the next reconciliation brings it back."""
_MAX_QUEUED = 1000
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What became of one Kustomization's reconciliation.

    Attributes:
        body: the Kustomization.
        cluster: the name in records of the cluster that it applies to.
        source: namespace and name of its OCIRepository.
        digest: of the artifact's manifest.
        rendering: digest of what was rendered; empty where nothing could be.
        time: seconds since the epoch.
        message: the reason of a failure, without what servers quote.
        path: the folder of the artifact that the Kustomization takes.
        revision: of the artifact's own source, and ``origin`` where that is.
        overrides: guards that were overridden for it.
        applied: what is in the cluster; ``None`` where nobody knows, for something failed on the way.
        stays: whether its objects are left in the cluster although it is deleted.
        has_secret_inputs: whether Secrets' values went into the rendering.
    """

    body: Body = field(hash=False, compare=False, repr=False)
    cluster: str
    source: tuple[str, str]
    digest: str
    rendering: str
    time: float
    result: Deployed
    message: str = ""
    path: str = ""
    origin: str = ""
    revision: str = ""
    overrides: tuple[str, ...] = ()
    applied: Mapping[ObjectId, InventoryEntry] | None = field(default=None, hash=False, compare=False, repr=False)
    stays: bool = False
    has_secret_inputs: bool = False

    @property
    def key(self) -> Key:
        """The Kustomization's."""
        return Key.of(KUSTOMIZATION, self.body)

    @property
    def mark(self) -> tuple[str, ...]:
        """Two with the same mark say the same."""
        uid = str(self.body["metadata"].get("uid"))
        return (uid, self.cluster, self.digest, self.path, self.rendering, self.result.value)


@dataclass(slots=True)
class _Waiting:
    """What is to be recorded, how often that has failed, why, and when it may be tried again (monotonic seconds)."""

    deployment: Deployment
    tries: int = 0
    trouble: str = ""
    due: float = 0.0


class DeploymentRecorder:
    """Takes deployments from any thread and records them in one of its own, from :meth:`start` to :meth:`stop`.

    What was recorded is remembered, so that a reconciliation without news costs a comparison; after a restart each
    Kustomization's newest record is read once. Of one Kustomization only the latest waits. What fails is tried again
    after ever longer pauses, for a Kustomization that is gone has no other reconciliation, and told once per trouble.
    """

    def __init__(
        self,
        write: Callable[[Deployment], None],
        tell: Callable[[Body, ObjectEvent], None],
        log: Log,
        *,
        is_leading: Callable[[], bool] = lambda: True,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        """Take what is needed.

        Args:
            write: records one; raises what goes wrong.
            tell: says something about a Kustomization.
            log: told of every failure.
            is_leading: whether this process still speaks for the cluster.
            first_pause: seconds until what failed is tried again.
        """
        self._write = write
        self._tell = tell
        self._log = log
        self._is_leading = is_leading
        self._first_pause = first_pause
        self._waiting: OrderedDict[Key, _Waiting] = OrderedDict()
        self._recorded: OrderedDict[Key, tuple[str, ...]] = OrderedDict()
        self._writing: Key | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="deploy records", daemon=True)

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def note(self, deployment: Deployment) -> None:
        """Have it recorded, unless that was done; returns at once."""
        key = deployment.key
        with self._changed:
            # What is just being written is newer than what was recorded, and may get there or not.
            is_recorded = self._recorded.get(key) == deployment.mark and self._writing != key
            if self._stopping or is_recorded:
                # What waits is older, and no longer how it is.
                self._waiting.pop(key, None)
                return
            failing = self._waiting.get(key)
            if failing is not None and failing.deployment.mark == deployment.mark:
                failing.due = 0.0
            else:
                self._waiting[key] = _Waiting(deployment)
            if len(self._waiting) > _MAX_QUEUED:
                # Its next reconciliation brings it back.
                self._waiting.popitem(last=False)
            self._changed.notify()

    def stop(self, seconds: float = 5.0) -> None:
        """Finish what is under way, as far as that goes in so many seconds, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _work(self) -> None:
        while (waiting := self._next()) is not None:
            deployment = waiting.deployment
            try:
                if self._is_leading():
                    self._write(deployment)
                    self._remember(deployment)
            except PipelineError as error:
                self._failed(waiting, error.message)
            except Exception as error:  # noqa: BLE001 - this thread must live, whatever one record does to it
                self._failed(waiting, repr(error))

    def _next(self) -> _Waiting | None:
        """The first that is due, once there is one."""
        with self._changed:
            self._writing = None
            while not self._stopping:
                now = time.monotonic()
                for key, waiting in self._waiting.items():
                    if waiting.due <= now:
                        self._writing = key
                        return self._waiting.pop(key)
                self._changed.wait(min((item.due - now for item in self._waiting.values()), default=None))
            return None

    def _remember(self, deployment: Deployment) -> None:
        with self._changed:
            self._writing = None
            self._recorded[deployment.key] = deployment.mark
            self._recorded.move_to_end(deployment.key)
            if len(self._recorded) > _REMEMBERED:
                self._recorded.popitem(last=False)

    def _failed(self, waiting: _Waiting, message: str) -> None:
        deployment, key = waiting.deployment, waiting.deployment.key
        is_news, waiting.trouble = message != waiting.trouble, message
        waiting.due = time.monotonic() + min(_LONGEST_PAUSE, self._first_pause * 2.0**waiting.tries)
        waiting.tries += 1
        with self._changed:
            if waiting.tries < _TRIES:
                self._waiting.setdefault(key, waiting)
        if not is_news:
            return
        text = f"the deploy record of {deployment.digest} could not be written: {message}"
        self._tell(deployment.body, ObjectEvent(Severity.ERROR, RECORDING_FAILED, text))
        self._log.about(key.kind, key.namespace, key.name, deployment.revision).error(text, reason=RECORDING_FAILED)
