"""TaskRun and PipelineRun documents: what is to be run, with which params and workspaces."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from examples.rehearsal.tekton import params, workspaces
from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import PIPELINE_VALIDATION_FAILED, TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.pipeline_documents import read_pipeline
from examples.rehearsal.tekton.pipelines import PipelineRun
from examples.rehearsal.tekton.task_documents import read_task
from examples.rehearsal.tekton.tasks import DEFAULT_SECONDS, TaskRun
from examples.rehearsal.tekton.values import Value

# Where a run happens and as whom: nothing of it is done here.
_TOLD = {"serviceAccountName", "podTemplate", "taskRunTemplate", "computeResources"}
_NOT_DONE = {"status", "statusMessage", "debug", "stepSpecs", "sidecarSpecs", "managedBy", "retries"}
_TOLD_OF_TASKS = {"pipelineTaskName", "serviceAccountName", "podTemplate", "computeResources", "metadata"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where runs happen on this machine.

    Attributes:
        folder: each run gets one of its own below it.
        path: what is PATH for every step, in the place of the image.
        claims: the folder that stands for each PersistentVolumeClaim.
    """

    folder: Path
    path: str
    claims: Mapping[str, Path] = field(default_factory=dict)


def read_task_run(catalogue: Catalogue, name: str, place: Place, given: Mapping[str, Value] | None = None) -> TaskRun:
    """The TaskRun of that name; ``given`` goes before the params that it gives.

    Raises:
        TektonError: it, or the Task that it refers to, is refused.
    """
    fields, namespace = _spec(catalogue, "TaskRun", name)
    folder = _folder(place, name)
    inline = fields.inner("taskSpec") if "taskSpec" in fields else None
    task = read_task(inline, name) if inline else catalogue.task(_reference(fields, "taskRef", "Task"))
    run = TaskRun(
        name=name,
        task=task,
        given={**params.read_given(fields), **(given or {})},
        bindings=workspaces.read_bindings(fields, place.claims, folder / "claims"),
        folder=folder,
        path=place.path,
        seconds=fields.seconds("timeout") if "timeout" in fields else DEFAULT_SECONDS,
        namespace=namespace,
        uid=str(uuid.uuid4()),
    )
    fields.done(told=_TOLD, unsupported=_NOT_DONE)
    return run


def read_pipeline_run(
    catalogue: Catalogue, name: str, place: Place, given: Mapping[str, Value] | None = None
) -> PipelineRun:
    """The PipelineRun of that name; ``given`` goes before the params that it gives.

    Raises:
        TektonError: it, or the Pipeline that it refers to, is refused.
    """
    fields, namespace = _spec(catalogue, "PipelineRun", name)
    folder = _folder(place, name)
    inline = fields.inner("pipelineSpec") if "pipelineSpec" in fields else None
    pipeline = (
        read_pipeline(inline, name) if inline else catalogue.pipeline(_reference(fields, "pipelineRef", "Pipeline"))
    )
    limits = fields.inner("timeouts") if "timeouts" in fields else Fields({}, "")
    run = PipelineRun(
        name=name,
        pipeline=pipeline,
        given={**params.read_given(fields), **(given or {})},
        bindings=workspaces.read_bindings(fields, place.claims, folder / "claims"),
        folder=folder,
        path=place.path,
        seconds=limits.seconds("pipeline") if "pipeline" in limits else DEFAULT_SECONDS,
        task_seconds=limits.seconds("tasks"),
        final_seconds=limits.seconds("finally"),
        namespace=namespace,
        uid=str(uuid.uuid4()),
    )
    limits.done()
    fields.each(
        "taskRunSpecs", lambda one: one.done(told=_TOLD_OF_TASKS, unsupported={"timeout", "stepSpecs", "sidecarSpecs"})
    )
    fields.done(told=_TOLD, unsupported=_NOT_DONE)
    parts = (run.task_seconds or 0) + (run.final_seconds or 0)
    if run.seconds is not None and parts > run.seconds:
        raise TektonError(
            f"{fields.place}.timeouts: tasks and finally together are longer than pipeline",
            reason=PIPELINE_VALIDATION_FAILED,
        )
    return run


def _spec(catalogue: Catalogue, kind: str, name: str) -> tuple[Fields, str]:
    document = catalogue.document(kind, name)
    namespace = str((document.get("metadata") or {}).get("namespace", "default"))
    return Fields(document.get("spec"), f"{kind} {name}: spec"), namespace


def _folder(place: Place, name: str) -> Path:
    folder = place.folder / name
    if folder.exists():
        raise TektonError(f"there has been a run {name}: {folder} exists", reason="AlreadyExists")
    folder.mkdir(parents=True)
    return folder


def _reference(fields: Fields, name: str, kind: str) -> str:
    if name not in fields:
        raise TektonError(f"{fields.place} refers to no {kind}: {name} or {name.removesuffix('Ref')}Spec")
    inner = fields.inner(name)
    found, found_kind = inner.text("name"), inner.text("kind", kind)
    inner.done(unsupported={"resolver", "params", "bundle"}, told={"apiVersion"})
    if not found or found_kind != kind:
        raise TektonError(f"{inner.place} names no {kind}")
    return found
