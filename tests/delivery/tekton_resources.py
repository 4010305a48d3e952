"""The Task and the StepAction of each stage: inputs become variables of the step, and there is no script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.delivery.stage_inputs import Input
from tests.delivery.tekton_stages import IMAGE, PROPERTIES, RESULTS, VERSION, Stage
from tests.delivery.tekton_yaml import Flow

PLATFORMS = "linux/amd64,linux/arm64"
HOME, SCRATCH = "/home/gitless", "/tmp"
_CATEGORIES = {
    "build": "Build Tools", "validate": "Code Quality", "package": "Publishing", "sign": "Security",
    "attest": "Security", "verify": "Security, Deployment",
}  # fmt: skip
_LEAST = {"cpu": "100m", "memory": "128Mi"}
_MOST = {"cpu": "1", "memory": "1Gi"}
_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": Flow(["ALL"])},
    "seccompProfile": {"type": "RuntimeDefault"},
}
WORKSPACES = {
    "source": "Working directory: paths are relative to it.",
    "dockerconfig": "Folder with the login to the registry, config.json; otherwise the service account's.",
    "kubeconfig": "Folder with the file kubeconfig; otherwise the pod's own service account.",
    "trust": "Keys, their passwords, policies and trusted_root.json; name them as /workspace/trust/FILE.",
    "cache": "What is kept between runs: charts, and trusted roots.",
}
_FOLDERS = {"dockerconfig": "DOCKER_CONFIG", "kubeconfig": "KUBECONFIG", "cache": "XDG_CACHE_HOME"}
"""The variable of each folder that the program finds by one."""
_CHAINS = {
    "CHAINS-GIT_URL": "Repository that was checked out; the artifact's source, and material in what Chains attests.",
    "CHAINS-GIT_COMMIT": "Commit that was checked out; the artifact's revision, and material in what Chains attests.",
}
_RUN = {
    "GITLESS_TEKTON_TASK": "$(context.task.name)",
    "GITLESS_TEKTON_TASK_RUN_UID": "$(context.taskRun.uid)",
}
"""What provenance says of the run that it was made in."""


def task(stage: Stage) -> dict[str, Any]:
    """``gitless-STAGE`` as a Task of one step."""
    spaces = workspaces(stage)
    step = {
        "name": stage.name,
        "image": "$(params.image)",
        "workingDir": "$(workspaces.source.path)",
        "command": Flow(["gitless"]),
        "args": Flow([stage.name, "$(params.args[*])"]),
        "env": [*_surroundings(spaces), *_variables(stage, "results")],
    }
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "Task",
        "metadata": _metadata(stage, "0.60.0"),
        "spec": {
            "description": f"{stage.summary}\n\n{stage.details}\n",
            "params": [*_params(stage), *_common()],
            "workspaces": [_workspace(stage, name) for name in spaces],
            **_results(stage),
            "volumes": [{"name": name, "emptyDir": {}} for name in ("home", "tmp")],
            "stepTemplate": {
                "securityContext": _SECURITY,
                "computeResources": {"requests": _LEAST, "limits": _MOST},
                "env": [_variable("HOME", HOME)],
                "volumeMounts": [{"name": "home", "mountPath": HOME}, {"name": "tmp", "mountPath": SCRATCH}],
            },
            "steps": [step],
        },
    }


def step_action(stage: Stage) -> dict[str, Any]:
    """``gitless-STAGE`` as a StepAction: what a Task has workspaces for are parameters with paths."""
    paths = [name for name in workspaces(stage) if name in {"dockerconfig", "cache"}]
    params = [
        _param("working-directory", WORKSPACES["source"], ""),
        *(_param(name, f"Path: {WORKSPACES[name]}", "") for name in paths),
        _param("scratch", f"Name of an emptyDir volume of the Task, for {SCRATCH} and HOME.", "scratch"),
    ]
    return {
        "apiVersion": "tekton.dev/v1beta1",
        "kind": "StepAction",
        "metadata": _metadata(stage, "1.0.0"),
        "spec": {
            "description": f"{stage.summary}\n\n{stage.details}\n",
            "params": [*_params(stage), *params, *_common()],
            **_results(stage),
            "image": "$(params.image)",
            "workingDir": "$(params.working-directory)",
            "command": Flow(["gitless"]),
            "args": Flow([stage.name, "$(params.args[*])"]),
            "env": [
                _variable("HOME", SCRATCH),
                *(_variable(_FOLDERS[name], f"$(params.{name})") for name in paths),
                *_variables(stage, "step.results"),
            ],
            "securityContext": _SECURITY,
            "volumeMounts": [{"name": "$(params.scratch)", "mountPath": SCRATCH}],
        },
    }


def workspaces(stage: Stage) -> tuple[str, ...]:
    """Which ones its Task has."""
    names = stage.names
    asked = {
        "source": True,
        "dockerconfig": "plain-http" in names,
        "kubeconfig": "kubeconfig" in names,
        "trust": any(name.removeprefix("record-") in {"key", "keys", "trusted-root"} for name in names),
        "cache": "tuf-url" in names or stage.name == "build",
    }
    return tuple(name for name in WORKSPACES if asked[name])


def describe(stage: Stage, given: Input) -> str:
    """What an input says in a Task and in a README."""
    parts = [given.description]
    if given.is_repeatable:
        parts.append("One in each line.")
    if given.choices:
        parts.append(f"One of {', '.join(given.choices)}.")
    if given.default and given.name not in dict(stage.defaults):
        parts.append(f"Otherwise {given.default}.")
    return " ".join(part if part.endswith((".", "…")) else f"{part}." for part in parts)


def _metadata(stage: Stage, minimum: str) -> dict[str, Any]:
    return {
        "name": f"gitless-{stage.name}",
        "labels": {"app.kubernetes.io/version": VERSION},
        "annotations": {
            "tekton.dev/pipelines.minVersion": minimum,
            "tekton.dev/categories": _CATEGORIES.get(stage.name, "Deployment"),
            "tekton.dev/tags": f"gitless, oci, gitops, {stage.name}",
            "tekton.dev/displayName": f"gitless {stage.name}",
            "tekton.dev/platforms": PLATFORMS,
        },
    }


def _params(stage: Stage) -> Iterator[dict[str, Any]]:
    own = dict(stage.defaults)
    for given in stage.inputs:
        yield _param(given.name, describe(stage, given), None if given.is_required else own.get(given.name, ""))
    if stage.name == "package":
        yield from (_param(name, text, "") for name, text in _CHAINS.items())


def _common() -> Iterator[dict[str, Any]]:
    text = "More arguments of the command, such as -v. Never fill them in from an event: options are not checked here."
    yield {"name": "args", "type": "array", "description": text, "default": Flow([])}
    yield _param("image", "The image of gitless, by its digest.", IMAGE)


def _param(name: str, description: str, default: str | None) -> dict[str, Any]:
    return {"name": name, "type": "string", "description": description} | (
        {} if default is None else {"default": default}
    )


def _workspace(stage: Stage, name: str) -> dict[str, Any]:
    is_written = name == "cache" or (name == "source" and stage.writes)
    return (
        {"name": name, "description": WORKSPACES[name]}
        | ({} if is_written else {"readOnly": True})
        | ({} if name == "source" and stage.needs_source else {"optional": True})
    )


def _results(stage: Stage) -> dict[str, Any]:
    found = []
    for name in stage.results:
        entry: dict[str, Any] = {"name": name, "type": "object" if name in PROPERTIES else "string"}
        entry["description"] = RESULTS[name]
        if name in PROPERTIES:
            entry["properties"] = {key: Flow({"type": "string"}) for key in PROPERTIES[name]}
        found.append(entry)
    return {"results": found} if found else {}


def _surroundings(spaces: tuple[str, ...]) -> Iterator[dict[str, str]]:
    # The path of a workspace that is not bound is empty, and so counts as not given.
    yield from (
        _variable(variable, f"$(workspaces.{name}.path)") for name, variable in _FOLDERS.items() if name in spaces
    )


def _variables(stage: Stage, results: str) -> Iterator[dict[str, str]]:
    if stage.results:
        lines = (f"{name}=$({results}.{name}.path)\n" for name in stage.results)
        yield _variable("GITLESS_TEKTON_RESULTS", "".join(lines))
    if stage.name == "package":
        yield from (_variable(name.replace("-", "_"), f"$(params.{name})") for name in _CHAINS)
    if stage.name == "attest":
        yield from (_variable(name, value) for name, value in _RUN.items())
    yield from (_variable(given.variable, f"$(params.{given.name})") for given in stage.inputs)


def _variable(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
