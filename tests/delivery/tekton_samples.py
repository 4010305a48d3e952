"""Runs of each task: a sample to copy, and one that the catalog's tests start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.delivery.tekton_resources import workspaces
from tests.delivery.tekton_stages import Stage

_ZEROS = "0" * 64
ARTIFACT = f"oci://ghcr.io/acme/shop@sha256:{_ZEROS}"
_KEY = {"key": "/workspace/trust/cosign.key", "password-file": "/workspace/trust/cosign.password"}
_PUBLIC = {"keys": "/workspace/trust/cosign.pub"}
SAMPLES: dict[str, dict[str, str]] = {
    "build": {"path": "deploy\ncharts/cache\n", "to": "rendered"},
    "validate": {"path": "deploy", "kubernetes": "1.33-1.35", "reports": "reports/validate.md\n"},
    "package": {"path": "deploy", "repository": "oci://ghcr.io/acme/shop", "tags": "1.0\nlatest\n"},
    "sign": {"ref": ARTIFACT, **_KEY},
    "attest": {"ref": ARTIFACT, "type": "cyclonedx", **_KEY},
    "diff": {"from": "live", "to": ARTIFACT, "inventory": "shop", "namespace": "shop"},
    "plan": {"from": "live", "to": ARTIFACT, "inventory": "shop", "namespace": "shop", "save": "plan.json", **_PUBLIC},
    "apply": {"ref": ARTIFACT, "inventory": "shop", "namespace": "shop", **_PUBLIC},
    "verify": {"inventory": "shop", "namespace": "shop", "timeout": "10m", **_PUBLIC},
    "wait": {"ref": ARTIFACT, "deployed": "production", "record-keys": "/workspace/trust/cluster.pub"},
    "promote": {
        "from": ARTIFACT,
        "to": "oci://ghcr.io/acme/shop:production",
        "require-healthy": "staging",
        "min-age": "1h",
        "record-keys": "/workspace/trust/staging.pub",
        **_PUBLIC,
    },
    "rollback": {
        "ref": "oci://ghcr.io/acme/shop:production",
        "to": "previous-good",
        "cluster": "production",
        "reason": "orders fail",
        "record-keys": "/workspace/trust/production.pub",
        **_PUBLIC,
    },
}
"""Parameters that a sample sets; the others keep their defaults."""
_CLUSTER = {"diff": "gitless-diff", "plan": "gitless-diff", "apply": "gitless-apply", "verify": "gitless-diff"}
"""Service accounts of tekton/rbac/."""
_MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  color: blue
"""
_REGISTRY = "oci://registry:5000/gitless/shop"
_FS_GROUP = {"securityContext": {"fsGroup": 65532}}
"""Volumes then belong to a group of the user that the steps run as."""


def sample(stage: Stage) -> list[dict[str, Any]]:
    """One TaskRun of the Task."""
    return [_task_run(f"gitless-{stage.name}-", {"taskRef": {"name": f"gitless-{stage.name}"}}, stage)]


def step_action_sample(stage: Stage) -> list[dict[str, Any]]:
    """One TaskRun whose Task has the StepAction for its step."""
    spaces = workspaces(stage)
    params = {"working-directory": "$(workspaces.source.path)"} if "source" in _bound(stage) else {}
    params |= {"dockerconfig": "$(workspaces.dockerconfig.path)"} if "dockerconfig" in spaces else {}
    step = {
        "name": stage.name,
        "ref": {"name": f"gitless-{stage.name}"},
        "params": _params({**SAMPLES[stage.name], **params}),
    }
    results = [
        {"name": name, "value": f"$(steps.{stage.name}.results.{name})"} for name in stage.results if name != "counts"
    ]
    spec = {
        "workspaces": [{"name": name, "readOnly": name != "source"} for name in _bound(stage)],
        **({"results": results} if results else {}),
        "volumes": [{"name": "scratch", "emptyDir": {}}],
        "steps": [step],
    }
    run = _task_run(f"gitless-{stage.name}-step-", {"taskSpec": spec}, stage)
    del run["spec"]["params"]
    return [run]


def tested(stage: Stage) -> list[dict[str, Any]]:
    """What the catalog's tests apply: manifests, and a run that publishes them first where the stage needs that."""
    manifests = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "gitless-manifests"},
        "data": {"settings.yaml": _MANIFEST},
    }
    publish = _pipeline_task("package", {"path": ".", "repository": _REGISTRY, "plain-http": "true"}, ["source"])
    given = {
        name: value.replace(ARTIFACT, "$(tasks.package.results.digest-url)")
        for name, value in SAMPLES[stage.name].items()
    }
    own = {"path": "."} if "path" in given else {}
    own |= {"plain-http": "true"} if "plain-http" in stage.names else {}
    # The manifests are a ConfigMap, which nothing can be written into.
    kept_out = {"to"} if stage.name == "build" else {"reports", "save"}
    given = {name: value for name, value in given.items() if name not in kept_out}
    task = _pipeline_task(stage.name, given | own, [name for name in _bound(stage) if name != "dockerconfig"])
    if stage.needs_source:
        tasks = [publish if stage.name == "package" else task]
    else:
        tasks = [publish, {**task, "runAfter": ["package"]}]
    bound = {space["name"] for found in tasks for space in found["workspaces"]}
    volumes = {
        "source": {"configMap": {"name": "gitless-manifests"}},
        "trust": {"secret": {"secretName": "gitless-keys"}},
    }
    spec = {
        "pipelineSpec": {"workspaces": [{"name": name} for name in sorted(bound)], "tasks": tasks},
        "workspaces": [{"name": name, **volumes[name]} for name in sorted(bound)],
    }
    run = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {"generateName": f"gitless-{stage.name}-"},
        "spec": spec,
    }
    return [manifests, run]


def _task_run(name: str, task: Mapping[str, Any], stage: Stage) -> dict[str, Any]:
    account = _CLUSTER.get(stage.name)
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "TaskRun",
        "metadata": {"generateName": name},
        "spec": {
            **({"serviceAccountName": account} if account else {}),
            **task,
            "podTemplate": _FS_GROUP,
            "params": _params(SAMPLES[stage.name]),
            "workspaces": [{"name": name, **_volume(name)} for name in _bound(stage)],
        },
    }


def _params(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _bound(stage: Stage) -> tuple[str, ...]:
    """The workspaces that a sample has: the pod's own service account reaches the cluster."""
    spaces = workspaces(stage)
    wanted = {"dockerconfig", "trust"} | ({"source"} if stage.needs_source or "save" in stage.names else set())
    return tuple(name for name in spaces if name in wanted and (name != "trust" or stage.name != "diff"))


def _volume(name: str) -> dict[str, Any]:
    if name == "source":
        return {"persistentVolumeClaim": {"claimName": "source"}}
    if name == "dockerconfig":
        items = [{"key": ".dockerconfigjson", "path": "config.json"}]
        return {"secret": {"secretName": "registry-login", "items": items}}
    return {"secret": {"secretName": "gitless-keys"}}


def _pipeline_task(stage: str, params: Mapping[str, str], spaces: list[str]) -> dict[str, Any]:
    return {
        "name": stage,
        "taskRef": {"name": f"gitless-{stage}"},
        "params": _params(params),
        "workspaces": [{"name": name, "workspace": name} for name in spaces],
    }
