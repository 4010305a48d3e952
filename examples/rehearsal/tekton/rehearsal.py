"""``make pipeline-tekton``: the real Pipeline and its real Tasks, from a folder of sources to a verified cluster."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from examples.rehearsal.tekton.account import pipeline_lines, task_lines
from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.image import TOOLS
from examples.rehearsal.tekton.outcomes import COMPLETED, FAILED, SKIPPED, SUCCEEDED, PipelineOutcome, TaskOutcome
from examples.rehearsal.tekton.pipelines import BY_WHEN, run_pipeline
from examples.rehearsal.tekton.runs import read_pipeline_run, read_task_run
from examples.rehearsal.tekton.shop import Shop
from examples.rehearsal.tekton.tasks import run_task
from examples.rehearsal.tekton.values import Value
from tests.platform.binaries import ensure
from tests.platform.control_plane import ControlPlane
from tests.platform.errors import PlatformError
from tests.platform.registries import ReferrersRegistry


def rehearse(state: Path, *, is_verbose: bool = False) -> int:
    """Bring up the platform below ``state``, run everything, and take it down; returns the exit code."""
    shutil.rmtree(state, ignore_errors=True)
    try:
        ensure(("registry", *TOOLS))
        with ExitStack() as stack:
            plane = stack.enter_context(ControlPlane.start(state / "platform"))
            registry = stack.enter_context(ReferrersRegistry.start(state / "registry"))
            shop = Shop.prepare(state / "shop", registry.address, plane.kubeconfig)
            _Rehearsal(shop, is_verbose=is_verbose).everything()
    except (TektonError, PlatformError) as error:
        _say(f"\nThe rehearsal stopped: {error}\nLogs are kept in {state}")
        return 1
    _say(f"\nEverything went as it should. Logs and results are kept in {state}")
    return 0


class _Rehearsal:
    """The runs, each with what must come of it."""

    def __init__(self, shop: Shop, *, is_verbose: bool) -> None:
        self._shop = shop
        self._catalogue = shop.catalogue()
        self._is_verbose = is_verbose

    def everything(self) -> None:
        """Run after run.

        Raises:
            TektonError: one did not end as it must.
        """
        first = self._deploy("first", "From the sources to a verified cluster")
        _expect(first.status == SUCCEEDED, "the first run succeeds", first)
        _expect(first.task("apply").results["changed"] == "true", "the first run applies", first)
        second = self._deploy("second", "Again: nothing has changed, so `when` skips apply")
        _expect(second.status == COMPLETED, "the second run completes", second)
        _expect(second.task("apply").reason == BY_WHEN, "the second run skips apply", second)
        self._shop.set_frontend_tag("1.5.0")
        third = self._deploy(
            "third",
            "A change, but the cluster trusts only a stranger's key: apply refuses it, and finally still runs",
            keys="/workspace/trust/stranger.pub",
            tag="",
        )
        _expect(third.status == FAILED and third.task("apply").status == FAILED, "the third run fails in apply", third)
        _expect(third.task("verify").status == SKIPPED, "nothing comes after the failure", third)
        _expect(third.task("report").status == SUCCEEDED, "finally runs after the failure", third)
        self._one_pod()

    def _deploy(self, name: str, title: str, **more: Value) -> PipelineOutcome:
        _say(f"\n{title}")
        run = read_pipeline_run(self._catalogue, "deploy", self._shop.place(name), self._shop.params(**more))
        outcome = run_pipeline(run, self._catalogue, self._tell)
        for line in pipeline_lines(outcome):
            _say(line)
        return outcome

    def _one_pod(self) -> None:
        _say("\nThe same stages as StepActions of one TaskRun: one pod, whose steps share its folders")
        given: Mapping[str, Value] = self._shop.params()
        run = read_task_run(self._catalogue, "one-pod", self._shop.place("one-pod"), given)
        outcome = run_task(run, self._catalogue)
        self._tell(outcome)
        if outcome.status != SUCCEEDED:
            raise TektonError(f"expected that the StepActions succeed: {outcome.message}")

    def _tell(self, task: TaskOutcome) -> None:
        for line in task_lines(task, is_verbose=self._is_verbose):
            _say(line)


def _expect(holds: bool, what: str, outcome: PipelineOutcome) -> None:  # noqa: FBT001 - reads as the sentence it is
    if not holds:
        raise TektonError(f"expected that {what}; it ended as {outcome.status}: {outcome.message}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
