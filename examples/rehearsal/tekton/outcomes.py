"""What came of a step, a task and a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from examples.rehearsal.tekton.values import Value

SUCCEEDED, FAILED, SKIPPED, COMPLETED, NONE = "Succeeded", "Failed", "Skipped", "Completed", "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """One step.

    Attributes:
        code: of its program; None where it did not run.
        reason: Completed, Error, Continued, TimeoutExceeded or Skipped, as in the status of a TaskRun.
        bytes: of its termination message.
    """

    name: str
    reason: str
    code: int | None = None
    bytes: int = 0
    log: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """One task: a TaskRun, or why there was none.

    Attributes:
        status: Succeeded, Failed or Skipped.
        notes: what a user should know and a cluster would not say.
    """

    name: str
    status: str
    reason: str
    message: str = ""
    results: Mapping[str, Value] = field(default_factory=dict)
    steps: tuple[StepOutcome, ...] = ()
    seconds: float = 0.0
    attempts: int = 1
    is_final: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOutcome:
    """A PipelineRun. ``status`` is Succeeded, Completed (something was skipped) or Failed."""

    name: str
    status: str
    message: str = ""
    tasks: tuple[TaskOutcome, ...] = ()
    results: Mapping[str, Value] = field(default_factory=dict)
    seconds: float = 0.0

    def task(self, name: str) -> TaskOutcome:
        """The task of that name in the Pipeline."""
        return next(task for task in self.tasks if task.name == name)
