"""Workspaces: what a run binds them to, and the folders that steps see."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import UNSUPPORTED, TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.task_documents import WorkspaceSpec

EMPTY, FOLDER = "emptyDir", "folder"
_NOT_DONE = ("projected", "csi")
Snapshot = Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What one workspace is bound to.

    Attributes:
        kind: ``emptyDir`` (a new folder for each TaskRun, also within a PipelineRun), ``folder`` (what a claim is
            here), ``Secret`` or ``ConfigMap``.
        source: the folder, or the object's name.
        items: keys of the object and the files that they become; all keys where it is empty.
    """

    kind: str
    source: str = ""
    sub_path: str = ""
    items: Mapping[str, str] | None = None
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A workspace as steps see it; ``before`` is what was in it, where nothing may be written."""

    folder: Path
    claim: str = ""
    before: Snapshot | None = None

    def changed(self) -> list[str]:
        """The files that a step has written although the workspace is read-only."""
        if self.before is None:
            return []
        now = snapshot(self.folder)
        return sorted(name for name in self.before.keys() | now.keys() if self.before.get(name) != now.get(name))


def read_bindings(fields: Fields, claims: Mapping[str, Path], folder: Path) -> dict[str, Binding]:
    """``workspaces`` of a run.

    Args:
        fields: the run's ``spec``.
        claims: the folder that stands for each PersistentVolumeClaim.
        folder: where a claim of its own (``volumeClaimTemplate``) is made for the run.

    Raises:
        TektonError: a binding to nothing, to something unknown, or to what this executor does not do.
    """

    def one(item: Fields) -> tuple[str, Binding]:
        name, sub_path = item.required("name"), item.text("subPath")
        found = _binding(item, name, sub_path, claims, folder)
        item.done(unsupported=_NOT_DONE)
        return name, found

    return dict(fields.each("workspaces", one))


def _binding(item: Fields, name: str, sub_path: str, claims: Mapping[str, Path], folder: Path) -> Binding:
    if "emptyDir" in item:
        item.raw("emptyDir")
        return Binding(kind=EMPTY, sub_path=sub_path)
    if "volumeClaimTemplate" in item:
        item.raw("volumeClaimTemplate")
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        return Binding(kind=FOLDER, source=str(own), sub_path=sub_path, claim=f"pvc-{name}")
    if "persistentVolumeClaim" in item:
        claim = item.inner("persistentVolumeClaim").required("claimName")
        if claim not in claims:
            raise TektonError(f"{item.place}: no folder is given for the claim {claim}: --claim {claim}=FOLDER")
        return Binding(kind=FOLDER, source=str(claims[claim]), sub_path=sub_path, claim=claim)
    for kind, field, key in (("Secret", "secret", "secretName"), ("ConfigMap", "configMap", "name")):
        if field in item:
            inner = item.inner(field)
            items = dict(inner.each("items", lambda one: (one.required("key"), one.required("path"))))
            return Binding(kind=kind, source=inner.required(key), sub_path=sub_path, items=items or None)
    for kind in _NOT_DONE:
        if kind in item:
            raise TektonError(f"{item.place}.{kind} is not done by this executor", reason=UNSUPPORTED)
    raise TektonError(f"{item.place} is bound to nothing: emptyDir, persistentVolumeClaim, secret, configMap")


def place(
    declared: tuple[WorkspaceSpec, ...], bound: Mapping[str, Binding], folder: Path, catalogue: Catalogue
) -> dict[str, Placed]:
    """The folders of a TaskRun's workspaces, by name; an optional one that is bound to nothing has none.

    A read-only workspace is a copy without write permission, and what is written to it all the same is found
    afterwards.

    Raises:
        TektonError: a workspace that is declared is not bound, or its folder is not there.
    """
    missing = [spec.name for spec in declared if spec.name not in bound and not spec.is_optional]
    if missing:
        raise TektonError(f"these workspaces are declared and bound to nothing: {', '.join(missing)}")
    known = {spec.name: spec for spec in declared}
    found: dict[str, Placed] = {}
    try:
        for name, binding in bound.items():
            # What is bound and not declared is there as well (propagated), writable and at the default path.
            spec = known.get(name, WorkspaceSpec(name, f"/workspace/{name}"))
            found[name] = _placed(spec, binding, folder / name, catalogue)
    except TektonError:
        discard(found.values())
        raise
    return found


def _placed(spec: WorkspaceSpec, binding: Binding, own: Path, catalogue: Catalogue) -> Placed:
    if binding.kind == FOLDER:
        found = _within(Path(binding.source), binding.sub_path, spec.name)
        if not spec.is_read_only:
            return Placed(found, binding.claim)
        shutil.copytree(found, own, symlinks=True)
    elif binding.kind == EMPTY:
        own.mkdir(parents=True)
        _within(own, binding.sub_path, spec.name, is_made=True)
    else:
        _write_object(binding, own, catalogue)
    if spec.is_read_only or binding.kind not in {FOLDER, EMPTY}:
        _take_away_writing(own)
        return Placed(own, binding.claim, snapshot(own))
    return Placed(_within(own, binding.sub_path, spec.name), binding.claim)


def _within(folder: Path, sub_path: str, name: str, *, is_made: bool = False) -> Path:
    if not sub_path:
        found = folder
    else:
        parts = PurePosixPath(sub_path.lstrip("/")).parts
        if ".." in parts:
            raise TektonError(f"the workspace {name}: subPath {sub_path} leads out of it")
        found = folder.joinpath(*parts)
    if is_made:
        found.mkdir(parents=True, exist_ok=True)
    if not found.is_dir():
        raise TektonError(f"the workspace {name}: there is no folder {found}")
    return found


def _write_object(binding: Binding, own: Path, catalogue: Catalogue) -> None:
    data = catalogue.data(binding.kind, binding.source)
    own.mkdir(parents=True)
    own.chmod(0o700)
    for key, path in (binding.items or {key: key for key in data}).items():
        if key not in data:
            raise TektonError(f"{binding.kind} {binding.source} has no key {key}")
        if path.startswith("/") or ".." in PurePosixPath(path).parts:
            raise TektonError(f"{binding.kind} {binding.source}: the path {path} leads out of the workspace")
        file = own / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(data[key])


def _take_away_writing(folder: Path) -> None:
    for found, _, files in os.walk(folder):
        for path in (Path(found), *(Path(found, name) for name in files)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)


def discard(placed: Iterable[Placed]) -> None:
    """Delete the copies that a TaskRun had, of Secrets above all."""
    for workspace in placed:
        if workspace.before is not None:
            give_back_writing(workspace.folder)
            shutil.rmtree(workspace.folder)


def give_back_writing(folder: Path) -> None:
    """So that the folder of a run can be deleted."""
    for found, _, _ in os.walk(folder):
        Path(found).chmod(Path(found).stat().st_mode | 0o700)


def snapshot(folder: Path) -> Snapshot:
    """Every file and folder below, with size, time and mode: enough to see that something was written."""
    seen = {}
    for found, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(found, name)
            state = path.lstat()
            # A folder's size and time follow from what is in it.
            about = (0, 0, state.st_mode) if name in folders else (state.st_size, state.st_mtime_ns, state.st_mode)
            seen[path.relative_to(folder).as_posix()] = about
    return seen
