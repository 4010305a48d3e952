"""Running documents that a test writes down, with the programs of this machine."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.outcomes import PipelineOutcome, TaskOutcome
from examples.rehearsal.tekton.pipelines import run_pipeline
from examples.rehearsal.tekton.runs import Place, read_pipeline_run, read_task_run
from examples.rehearsal.tekton.tasks import run_task
from examples.rehearsal.tekton.values import Value, value_from

_TASK_RUN = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata:
  name: run
spec:
"""
_PIPELINE_RUN = _TASK_RUN.replace("TaskRun", "PipelineRun")


@dataclass
class Bench:
    """A catalogue and a place for runs."""

    folder: Path
    catalogue: Catalogue = field(default_factory=Catalogue)
    claims: dict[str, Path] = field(default_factory=dict)
    path: str = "/usr/bin:/bin"
    _runs: int = 0

    def add(self, kind: str, name: str, spec: str, version: str = "tekton.dev/v1") -> None:
        """A document with that spec."""
        head = f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n"
        self.catalogue.load_text((head + "spec:\n" + _indented(spec)).encode(), f"{name}.yaml")

    def action(self, name: str, spec: str) -> None:
        """A StepAction."""
        self.add("StepAction", name, spec, "tekton.dev/v1beta1")

    def manifests(self, text: str) -> None:
        """A Secret or ConfigMap."""
        self.catalogue.load_text(textwrap.dedent(text).encode(), "objects.yaml")

    def task(self, spec: str, **given: object) -> TaskOutcome:
        """Run the spec of a TaskRun; what it is refused for before it begins is its outcome too."""
        self.catalogue.load_text((_TASK_RUN + _indented(spec)).encode(), "run.yaml")
        try:
            run = read_task_run(self.catalogue, "run", self._place(), _values(given))
        except TektonError as error:
            return TaskOutcome(name="run", status="Failed", reason=error.reason, message=str(error))
        return run_task(run, self.catalogue)

    def pipeline(self, spec: str, **given: object) -> PipelineOutcome:
        """Run the spec of a PipelineRun; what it is refused for before it begins is its outcome too."""
        self.catalogue.load_text((_PIPELINE_RUN + _indented(spec)).encode(), "run.yaml")
        try:
            run = read_pipeline_run(self.catalogue, "run", self._place(), _values(given))
        except TektonError as error:
            return PipelineOutcome(name="run", status="Failed", message=f"{error.reason}: {error}")
        return run_pipeline(run, self.catalogue)

    def _place(self) -> Place:
        self._runs += 1
        return Place(folder=self.folder / f"runs-{self._runs}", path=self.path, claims=self.claims)


def _indented(spec: str) -> str:
    return textwrap.indent(textwrap.dedent(spec), "  ")


def _values(given: Mapping[str, object]) -> dict[str, Value]:
    return {name: value_from(value) for name, value in given.items()}


def log(outcome: TaskOutcome, step: int = 0) -> str:
    """What a step said."""
    file = outcome.steps[step].log
    assert file is not None
    return file.read_text()
