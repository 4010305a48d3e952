"""The schema of Tekton's documents finds what people get wrong: each of these is one mistake in a right file."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.tekton_tree import complaints, documents

TASK = "task/gitless-diff/0.1/gitless-diff.yaml"
ACTION = "stepaction/gitless-diff/0.1/gitless-diff.yaml"
PIPELINE = "pipeline/gitless/0.1/gitless.yaml"
RUN = "pipeline/gitless/0.1/samples/gitless.yaml"
TASK_RUN = "task/gitless-apply/0.1/samples/apply.yaml"
STEP_RUN = "stepaction/gitless-sign/0.1/samples/sign.yaml"
TRIGGER = "trigger/github-push/0.1/github-push.yaml"

GONE = object()

MISTAKES: list[tuple[str, str, object]] = [
    (TASK, "apiVersion", "tekton.dev/v1beta1"),
    (ACTION, "apiVersion", "tekton.dev/v1"),
    (TASK, "metadata/name", "gitless_diff"),
    (TASK, "metadata/lables", {"a": "b"}),
    (TASK, "spec/step", []),
    (TASK, "spec/steps", []),
    (TASK, "spec/steps/0/image", "ghcr.io/gitless/gitless:latest"),
    (TASK, "spec/steps/0/script", "gitless diff $(params.from)"),
    (TASK, "spec/steps/0/enviroment", []),
    (TASK, "spec/steps/0/env/0/value", GONE),
    (TASK, "spec/steps/0/env/0/name", "NOT-A-VARIABLE"),
    (TASK, "spec/steps/0/onError", "ignore"),
    (TASK, "spec/steps/0/command", "gitless"),
    (TASK, "spec/steps/0/timeout", "five minutes"),
    (TASK, "spec/params/0/type", "number"),
    (TASK, "spec/params/0/default", ["a list", "for a text"]),
    (TASK, "spec/params/0/name", "1st"),
    (TASK, "spec/params/0/properties", {"uri": {"type": "string"}}),
    (TASK, "spec/results/2/properties", GONE),
    (TASK, "spec/results/0/name", "changed-"),
    (TASK, "spec/workspaces/0/readonly", True),
    (TASK, "spec/volumes/0/secret", {"secretName": "second-source"}),
    (TASK, "spec/volumes/0/emptyDir", GONE),
    (TASK, "spec/stepTemplate/securityContext/runAsNonRoot", "yes"),
    (TASK, "spec/stepTemplate/resources", {"limits": {"cpu": "1"}}),
    (TASK, "spec/stepTemplate/volumeMounts/0/mountPath", "tmp"),
    (ACTION, "spec/workspaces", [{"name": "source"}]),
    (ACTION, "spec/volumeMounts/0/name", "scratch"),
    (ACTION, "spec/script", "echo"),
    (ACTION, "spec/computeResources", {"limits": {"cpu": "1"}}),
    (ACTION, "spec/image", GONE),
    (PIPELINE, "spec/tasks/0/taskRef", GONE),
    (PIPELINE, "spec/tasks/0/taskRef/resolver", "bundles"),
    (PIPELINE, "spec/tasks/0/runsAfter", ["build"]),
    (PIPELINE, "spec/tasks/3/when/0/operator", "is"),
    (PIPELINE, "spec/tasks/3/when/0/values", []),
    (PIPELINE, "spec/tasks/0/name", "Build"),
    (PIPELINE, "spec/tasks/0/params/0/value", GONE),
    (PIPELINE, "spec/tasks/0/workspaces/0/name", GONE),
    (PIPELINE, "spec/results/0/value", GONE),
    (PIPELINE, "spec/finally/0/runAfter", ["verify"]),
    (PIPELINE, "spec/finally/0/taskSpec/steps/0/ref", {"name": "gitless-diff"}),
    (PIPELINE, "spec/workspaces/0/readOnly", True),
    (RUN, "spec/serviceAccountName", "gitless-apply"),
    (RUN, "spec/podTemplate", {"securityContext": {"fsGroup": 65532}}),
    (RUN, "spec/pipelineRef", GONE),
    (RUN, "spec/taskRunSpecs/0/pipelineTask", "diff"),
    (RUN, "spec/workspaces/0/emptyDir", {}),
    (RUN, "spec/workspaces/0/persistentVolumeClaim", GONE),
    (RUN, "spec/timeouts", {"pipeline": 60}),
    (TASK_RUN, "spec/taskRunTemplate", {"serviceAccountName": "gitless-apply"}),
    (TASK_RUN, "spec/taskSpec", {"steps": []}),
    (TASK_RUN, "spec/podTemplate/securityContext/fsgroup", 65532),
    (STEP_RUN, "spec/taskSpec/steps/0/env", [{"name": "A", "value": "b"}]),
    (STEP_RUN, "spec/taskSpec/steps/0/ref", GONE),
    (TRIGGER, "spec/serviceAccountName", GONE),
    (TRIGGER, "spec/triggers/0/template", {"name": "gitless-deploy"}),
    (TRIGGER, "spec/triggers/0/interceptors/0/ref", GONE),
    (TRIGGER, "spec/triggers/0/bindings/0/ref", GONE),
]


def changed(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one place changed."""
    made = copy.deepcopy(body)
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("/"))
    place: Any = made
    for part in parents:
        place = place[part]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.mark.parametrize(
    ("file", "path", "value"), MISTAKES, ids=lambda value: "gone" if value is GONE else str(value)[:60]
)
def test_one_mistake_is_refused(file: str, path: str, value: object) -> None:
    body = documents(Path(file))[0]

    assert complaints(body) == []
    assert complaints(changed(body, path, value)) != []


def test_a_kind_that_tekton_does_not_have_is_refused() -> None:
    assert complaints({"apiVersion": "tekton.dev/v1", "kind": "Tasks"}) == ["there is no kind Tasks"]
