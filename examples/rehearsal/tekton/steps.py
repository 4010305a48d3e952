"""A step as it runs: its StepAction, the stepTemplate and the variables put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from examples.rehearsal.tekton import params
from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.substitution import Replacements
from examples.rehearsal.tekton.task_documents import EnvVar, Step


def named(step: Step, index: int) -> str:
    """The step's name, or the one that Tekton gives it."""
    return step.name or f"unnamed-{index}"


def resolved(step: Step, catalogue: Catalogue, task_params: Replacements) -> Step:
    """The step with what its StepAction says in its place.

    The step's params may use the Task's, and the action sees its own alone. What the action does not say of command,
    arguments, variables and mounts stays empty; name, ``onError``, ``timeout`` and ``when`` are the step's.

    Raises:
        TektonError: there is no such StepAction, or it is not given what it declares.
    """
    if not step.ref:
        return step
    action = catalogue.step_action(step.ref)
    given = {name: task_params.value(value) for name, value in step.params.items()}
    bound = params.bind(action.params, given, f"StepAction {action.name}", refuses_extra=True)
    said = replaced(action.step, bound.replacements)
    return replace(
        said, name=step.name, on_error=step.on_error, seconds=step.seconds, when=step.when, workspaces=step.workspaces
    )


def merged(step: Step, template: Step) -> Step:
    """The step on top of the stepTemplate: variables by name, mounts by path, everything else as a whole."""
    env = {variable.name: variable for variable in (*template.env, *step.env)}
    mounts = {mount.path: mount for mount in (*template.mounts, *step.mounts)}
    return replace(
        step,
        image=step.image or template.image,
        command=step.command or (() if step.script else template.command),
        args=step.args or template.args,
        env=tuple(env.values()),
        working_dir=step.working_dir or template.working_dir,
        mounts=tuple(mounts.values()),
        security=_deeply(template.security, step.security),
    )


def _deeply(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    found = dict(below)
    for name, value in above.items():
        inner = found.get(name)
        found[name] = _deeply(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return found


def passed_over(step: Step, passes: Iterable[Replacements]) -> Step:
    """The step after each pass of substitution, one after the other."""
    for replacements in passes:
        step = replaced(step, replacements)
    return step


def replaced(step: Step, variables: Replacements) -> Step:
    """The step with its variables replaced in every field that Tekton documents for it."""
    return replace(
        step,
        image=variables.text(step.image),
        command=variables.items(step.command),
        args=variables.items(step.args),
        script=variables.text(step.script),
        env=tuple(_env(variable, variables) for variable in step.env),
        working_dir=variables.text(step.working_dir),
        mounts=tuple(
            replace(
                mount,
                name=variables.text(mount.name),
                path=variables.text(mount.path),
                sub_path=variables.text(mount.sub_path),
            )
            for mount in step.mounts
        ),
        on_error=variables.text(step.on_error),
        when=tuple(expression.replaced(variables) for expression in step.when),
        params={name: variables.value(value) for name, value in step.params.items()},
    )


def _env(variable: EnvVar, variables: Replacements) -> EnvVar:
    if variable.source is None:
        return replace(variable, value=variables.text(variable.value))
    kind, name, key = variable.source
    return replace(variable, source=(kind, variables.text(name), variables.text(key)))


def at_run_time(step: Step, results: Replacements) -> Step:
    """The step with ``$(steps.NAME.results.RESULT)`` replaced, which Tekton does in command, arguments and ``when``.

    Its variables are replaced where they are expanded.
    """
    return replace(
        step,
        command=results.items(step.command),
        args=results.items(step.args),
        when=tuple(expression.replaced(results) for expression in step.when),
    )


def environment_sources(step: Step, read: Callable[[str, str], Mapping[str, bytes]]) -> list[tuple[str, str, bool]]:
    """Name and value of each variable, and whether the value is written in the step.

    Raises:
        TektonError: the Secret or ConfigMap, or its key, is not there and not optional.
    """
    found = []
    for variable in step.env:
        if variable.source is None:
            found.append((variable.name, variable.value, True))
            continue
        kind, name, key = variable.source
        try:
            value = read("Secret" if kind == "secretKeyRef" else "ConfigMap", name).get(key)
        except TektonError:
            if not variable.is_optional:
                raise
            continue
        if value is None and not variable.is_optional:
            raise TektonError(f"the variable {variable.name}: {name} has no key {key}")
        if value is not None:
            found.append((variable.name, value.decode("utf-8", "surrogateescape"), False))
    return found
