"""The pod of one TaskRun: its folders, and what its variables and paths stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.results import ResultSpec, typed
from examples.rehearsal.tekton.steps import named
from examples.rehearsal.tekton.substitution import Replacements
from examples.rehearsal.tekton.task_documents import Mount, Step, TaskSpec
from examples.rehearsal.tekton.values import Value
from examples.rehearsal.tekton.workspaces import Placed


@dataclass(frozen=True, slots=True)
class Pod:
    """Folders of one TaskRun, below ``folder``.

    Nothing can be mounted at ``/tekton``, ``/workspace`` or ``/tmp`` without a container, so ``$(results.NAME.path)``
    and its kin are paths below ``folder``, and where a Task writes such a path at the beginning of a field it is
    replaced.
    """

    folder: Path
    task: TaskSpec
    workspaces: Mapping[str, Placed]

    def prepare(self) -> None:
        """Make the folders that a step finds."""
        for folder in (self.results, self.home, self.folder / "logs", *map(self.volume, self.task.volumes)):
            folder.mkdir(parents=True, exist_ok=True)
        for index, step in enumerate(self.task.steps):
            self.step_results(named(step, index)).mkdir(parents=True, exist_ok=True)

    @property
    def results(self) -> Path:
        """In the place of ``/tekton/results``."""
        return self.folder / "results"

    @property
    def home(self) -> Path:
        """An empty folder in the place of the image's home and working directory."""
        return self.folder / "home"

    def volume(self, name: str) -> Path:
        """The folder of an emptyDir volume."""
        return self.folder / "volumes" / name

    def step_folder(self, name: str) -> Path:
        """In the place of ``/tekton/steps/step-NAME``."""
        return self.folder / "steps" / f"step-{name}"

    def step_results(self, name: str) -> Path:
        """Where a step's own results are."""
        return self.step_folder(name) / "results"

    def local(self, text: str, mounts: Iterable[Mount]) -> str:
        """The text with a container's path at the beginning of a line replaced by the folder that stands for it."""
        places = {"/tekton/results": self.results, "/tekton/steps": self.folder / "steps", "/tekton/home": self.home}
        places |= {
            spec.path: self.workspaces[spec.name].folder
            for spec in self.task.workspaces
            if spec.name in self.workspaces
        }
        places |= {mount.path.rstrip("/"): self._mounted(mount) for mount in mounts}
        longest_first = sorted(places, key=len, reverse=True)
        return "\n".join(_local(line, longest_first, places) for line in text.split("\n"))

    def local_value(self, value: Value, mounts: Iterable[Mount]) -> Value:
        """A param's value, in which a user may name files of a workspace by their path in the container."""
        mounts = tuple(mounts)
        if isinstance(value, str):
            return self.local(value, mounts)
        if isinstance(value, tuple):
            return tuple(self.local(item, mounts) for item in value)
        return {key: self.local(item, mounts) for key, item in value.items()}

    def _mounted(self, mount: Mount) -> Path:
        if mount.name not in self.task.volumes:
            raise TektonError(f"volumeMounts: there is no volume {mount.name}")
        parts = PurePosixPath(mount.sub_path).parts
        if ".." in parts or mount.sub_path.startswith("/"):
            raise TektonError(f"volumeMounts: subPath {mount.sub_path} leads out of the volume {mount.name}")
        found = self.volume(mount.name).joinpath(*parts)
        found.mkdir(parents=True, exist_ok=True)
        return found

    def paths(self, step: Step, name: str) -> tuple[Replacements, Replacements]:
        """What the variables of results and of workspaces stand for, one pass each."""
        strings: dict[str, str] = {}
        for spec in self.task.results:
            for spelling in ("results.{}.path", "results['{}'].path", 'results["{}"].path'):
                strings[spelling.format(spec.name)] = str(self.results / spec.name)
        for spec in step.results:
            strings[f"step.results.{spec.name}.path"] = str(self.step_results(name) / spec.name)
        for index, other in enumerate(self.task.steps):
            label = f"step-{named(other, index)}"
            strings[f"steps.{label}.exitCode.path"] = str(self.folder / "steps" / label / "exitCode")
        return Replacements(strings), Replacements(self._workspace_variables())

    def _workspace_variables(self) -> dict[str, str]:
        strings: dict[str, str] = {}
        for name in {spec.name for spec in self.task.workspaces} | set(self.workspaces):
            placed = self.workspaces.get(name)
            strings |= {
                f"workspaces.{name}.path": "" if placed is None else str(placed.folder),
                f"workspaces.{name}.bound": "false" if placed is None else "true",
                f"workspaces.{name}.claim": "" if placed is None else placed.claim,
                f"workspaces.{name}.volume": "" if placed is None else f"ws-{name}",
            }
        return strings

    def earlier_results(self, specs: Mapping[str, tuple[ResultSpec, ...]]) -> Replacements:
        """What ``$(steps.NAME.results.RESULT)`` stands for now; those that were not written are left out."""
        found = Replacements()
        for name, declared in specs.items():
            values: dict[str, Value] = {}
            for spec in declared:
                file = self.step_results(name) / spec.name
                if file.is_file():
                    values[spec.name] = typed(spec, file.read_text("utf-8", "replace"))
            found |= Replacements.of(values, (f"steps.{name}.results.{{}}",))
        return found


def _local(line: str, paths: Iterable[str], places: Mapping[str, Path]) -> str:
    for path in paths:
        if line == path or line.startswith(f"{path}/"):
            return str(places[path]) + line.removeprefix(path)
    return line
