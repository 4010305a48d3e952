"""Task and StepAction as they are written, checked by the rules of their validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from examples.rehearsal.tekton import params, results
from examples.rehearsal.tekton.errors import UNSUPPORTED, TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.params import ParamSpec
from examples.rehearsal.tekton.results import ResultSpec
from examples.rehearsal.tekton.substitution import variables
from examples.rehearsal.tekton.values import Value
from examples.rehearsal.tekton.when import When, read_when

_NOT_IN_A_REFERENCE = ("image", "command", "args", "script", "env", "volumeMounts", "workingDir", "results")
_NOT_DONE = {"stdoutConfig", "stderrConfig", "volumeDevices", "envFrom"}
_TOLD = {"computeResources", "imagePullPolicy", "displayName", "description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvVar:
    """One variable of a container.

    Attributes:
        source: ``secretKeyRef`` or ``configMapKeyRef`` and what it says, where the value is in an object.
    """

    name: str
    value: str = ""
    source: tuple[str, str, str] | None = None
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume, or a part of it, at a path of the container."""

    name: str
    path: str
    is_read_only: bool = False
    sub_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One container; of a StepAction it is what the action says, of a stepTemplate what every step begins with."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    script: str = ""
    env: tuple[EnvVar, ...] = ()
    working_dir: str = ""
    mounts: tuple[Mount, ...] = ()
    results: tuple[ResultSpec, ...] = ()
    security: Mapping[str, Any] = field(default_factory=dict)
    on_error: str = "stopAndFail"
    seconds: float | None = None
    when: tuple[When, ...] = ()
    workspaces: tuple[str, ...] = ()
    """Of its own, which are kept from other steps: looked at, and not enforced."""
    ref: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkspaceSpec:
    """One declared workspace."""

    name: str
    path: str
    is_read_only: bool = False
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """What a Task is made of. ``volumes`` are those of type emptyDir."""

    name: str
    params: tuple[ParamSpec, ...] = ()
    results: tuple[ResultSpec, ...] = ()
    workspaces: tuple[WorkspaceSpec, ...] = ()
    volumes: tuple[str, ...] = ()
    template: Step = field(default_factory=Step)
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAction:
    """What a StepAction is made of."""

    name: str
    params: tuple[ParamSpec, ...]
    step: Step


def read_task(fields: Fields, name: str, *, is_inline: bool = False) -> TaskSpec:
    """The ``spec`` of a Task, or with ``is_inline`` a ``taskSpec``, which may use params of its Pipeline.

    Raises:
        TektonError: a rule of Tekton's validation is broken, or the executor does not do something of it.
    """
    template = read_step(fields.inner("stepTemplate"), is_template=True)
    task = TaskSpec(
        name=name,
        params=params.read_specs(fields),
        results=results.read_specs(fields),
        workspaces=fields.each("workspaces", _read_workspace),
        volumes=fields.each("volumes", _read_volume),
        template=template,
        steps=fields.each("steps", read_step),
    )
    fields.done(told={"description", "displayName"}, unsupported={"sidecars"})
    if not task.steps:
        raise TektonError(f"{fields.place}.steps is empty; a Task has at least one step")
    names = [step.name for step in task.steps if step.name]
    if len(set(names)) != len(names):
        raise TektonError(f"{fields.place}.steps has two steps of one name")
    for index, step in enumerate(task.steps):
        _check_results_of(step, task, f"{fields.place}.steps[{index}]")
        if not is_inline:
            check_params(step, task.params, f"{fields.place}.steps[{index}]")
    if not is_inline:
        check_params(template, task.params, f"{fields.place}.stepTemplate")
    return task


def read_step_action(fields: Fields, name: str) -> StepAction:
    """The ``spec`` of a StepAction.

    Raises:
        TektonError: as for a Task, and where its script says ``$(params.…)``.
    """
    declared = params.read_specs(fields)
    step = read_step(fields, is_action=True)
    if any(variables(step.script, "params")):
        raise TektonError(f"{fields.place}.script: param substitution in scripts is not allowed; pass it in env")
    for mount in step.mounts:
        if [variable.text for variable in variables(mount.name, "params")] != [mount.name]:
            raise TektonError(
                f"{fields.place}.volumeMounts: {mount.name}: expect the name to be a single param reference"
            )
    check_params(step, declared, fields.place)
    return StepAction(name=name, params=declared, step=step)


def read_step(fields: Fields, *, is_template: bool = False, is_action: bool = False) -> Step:
    """One step, the stepTemplate, or what a StepAction says.

    Raises:
        TektonError: something that such a step may not say.
    """
    ref = "" if is_template or is_action else _read_ref(fields)
    step = Step(
        name="" if is_template or is_action else fields.text("name"),
        image=fields.text("image"),
        command=fields.texts("command"),
        args=fields.texts("args"),
        script="" if is_template else fields.text("script"),
        env=fields.each("env", _read_env),
        working_dir=fields.text("workingDir"),
        mounts=fields.each("volumeMounts", _read_mount),
        results=() if is_template else results.read_specs(fields),
        security=fields.mapping("securityContext"),
        on_error="stopAndFail" if is_template or is_action else fields.text("onError", "stopAndFail"),
        seconds=None if is_template or is_action else fields.seconds("timeout"),
        when=() if is_template or is_action else read_when(fields),
        workspaces=() if is_template or is_action else fields.each("workspaces", _read_isolated),
        ref=ref,
        params={} if is_template or is_action else params.read_given(fields),
    )
    fields.done(told=_TOLD | ({"params"} if is_action else set()), unsupported=_NOT_DONE)
    _check_step(step, fields)
    return step


def _check_step(step: Step, fields: Fields) -> None:
    place = fields.place
    if step.on_error not in {"stopAndFail", "continue"}:
        raise TektonError(f"{place}.onError is {step.on_error}; expected stopAndFail or continue")
    if step.script and step.command:
        raise TektonError(f"{place}: script cannot be used with command")
    if step.script.strip().startswith("#!win"):
        raise TektonError(f"{place}.script is for Windows: not done by this executor", reason=UNSUPPORTED)
    if step.ref:
        for name in _NOT_IN_A_REFERENCE:
            if name in fields:
                raise TektonError(f"{place}: {name} cannot be used with ref")
        return
    if step.params:
        raise TektonError(f"{place}: params cannot be used without ref")


def _check_results_of(step: Step, task: TaskSpec, place: str) -> None:
    known = {"results": {spec.name for spec in task.results}, "step.results": {spec.name for spec in step.results}}
    for text in _texts(step):
        for prefix, names in known.items():
            for variable in variables(text, prefix):
                if variable.name not in names and not step.ref:
                    raise TektonError(f"{place}: non-existent variable {variable.text}: no such result is declared")


def check_params(step: Step, declared: tuple[ParamSpec, ...], place: str) -> None:
    """Refuse params that are not declared, and uses that their types do not allow."""
    specs = {spec.name: spec for spec in declared}
    for item in (*step.command, *step.args):
        params.check_use(item, specs, f"{place} (command, args)", is_list_item=True)
    for text in (step.image, step.script, step.working_dir, *(variable.value for variable in step.env)):
        params.check_use(text, specs, place)
    for mount in step.mounts:
        params.check_use(mount.name, specs, f"{place}.volumeMounts")


def _texts(step: Step) -> Iterator[str]:
    yield from (*step.command, *step.args, step.script, step.working_dir)
    yield from (variable.value for variable in step.env)


def _read_ref(fields: Fields) -> str:
    if "ref" not in fields:
        return ""
    inner = fields.inner("ref")
    name = inner.text("name")
    inner.done(unsupported={"resolver", "params"})
    return name


def _read_env(fields: Fields) -> EnvVar:
    name, value = fields.required("name"), fields.text("value")
    found = EnvVar(name=name, value=value)
    if "valueFrom" in fields:
        inner = fields.inner("valueFrom")
        for kind in ("secretKeyRef", "configMapKeyRef"):
            if kind in inner:
                key = inner.inner(kind)
                source = (kind, key.required("name"), key.required("key"))
                found = EnvVar(name=name, source=source, is_optional=key.flag("optional"))
                key.done()
        inner.done(unsupported={"fieldRef", "resourceFieldRef"})
    fields.done()
    return found


def _read_mount(fields: Fields) -> Mount:
    found = Mount(
        fields.required("name"), fields.required("mountPath"), fields.flag("readOnly"), fields.text("subPath")
    )
    fields.done(unsupported={"subPathExpr", "mountPropagation"})
    return found


def _read_volume(fields: Fields) -> str:
    name = fields.required("name")
    if "emptyDir" not in fields:
        raise TektonError(
            f"{fields.place}: only volumes of type emptyDir are done by this executor", reason=UNSUPPORTED
        )
    fields.raw("emptyDir")
    fields.done()
    return name


def _read_workspace(fields: Fields) -> WorkspaceSpec:
    name = fields.required("name")
    found = WorkspaceSpec(
        name, fields.text("mountPath") or f"/workspace/{name}", fields.flag("readOnly"), fields.flag("optional")
    )
    fields.done(told={"description"})
    return found


def _read_isolated(fields: Fields) -> str:
    found = fields.required("name")
    fields.done(unsupported={"mountPath"})
    return found
