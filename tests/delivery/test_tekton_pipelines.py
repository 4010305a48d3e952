"""What refers to Tasks is held against them: parameters, workspaces, results, order, and the values of events."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.delivery.tekton_stages import VERSION
from tests.delivery.tekton_tree import TREE, documents, every, names, paths, unresolved, variables

TASKS: dict[str, dict[str, Any]] = {body["metadata"]["name"]: body["spec"] for _, body in every("Task")}
ACTIONS: dict[str, dict[str, Any]] = {body["metadata"]["name"]: body["spec"] for _, body in every("StepAction")}
PIPELINES: dict[str, dict[str, Any]] = {body["metadata"]["name"]: body["spec"] for _, body in every("Pipeline")}
CLONE = {
    "params": [{"name": "url"}, {"name": "revision"}],
    "workspaces": [{"name": "output"}, {"name": "basic-auth", "optional": True}],
    "results": [{"name": "url"}, {"name": "commit"}],
}
"""Of Tekton's own git-clone, what is used here."""
RESULT = re.compile(r"tasks\.(?P<task>[a-z-]+)\.results\.(?P<result>[\w-]+)")


def specification(task: dict[str, Any]) -> dict[str, Any]:
    """The Task that a task of a Pipeline runs."""
    if "taskSpec" in task:
        found: dict[str, Any] = task["taskSpec"]
        return found
    return TASKS[task["taskRef"]["name"]] if "name" in task["taskRef"] else CLONE


def pipeline_specs() -> list[tuple[Path, dict[str, Any]]]:
    """Of Pipelines, and of runs that have their own."""
    found = [(path, body["spec"]) for path, body in every("Pipeline")]
    runs = ((path, body["spec"].get("pipelineSpec")) for path, body in every("PipelineRun"))
    return found + [(path, spec) for path, spec in runs if spec is not None]


def given(values: list[dict[str, Any]], declared: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """Values that nothing takes, and what is required and not given."""
    known, there = set(names(declared)), set(names(values))
    required = {entry["name"] for entry in declared if "default" not in entry and not entry.get("optional")}
    return there - known, required - there


@pytest.mark.parametrize(("path", "spec"), pipeline_specs(), ids=str)
def test_tasks_are_given_what_they_declare(path: Path, spec: dict[str, Any]) -> None:
    for task in (*spec["tasks"], *spec.get("finally", ())):
        used = specification(task)
        assert given(task["params"], used["params"]) == (set(), set()), (path, task["name"])
        assert given(task["workspaces"], used["workspaces"]) == (set(), set()), (path, task["name"])
        optional = {space["name"] for space in spec["workspaces"] if space.get("optional")}
        required = {space["name"] for space in used["workspaces"] if not space.get("optional")}
        assert not {space["workspace"] for space in task["workspaces"] if space["name"] in required} & optional


@pytest.mark.parametrize(("path", "spec"), pipeline_specs(), ids=str)
def test_references_of_pipelines_resolve(path: Path, spec: dict[str, Any]) -> None:
    by_name = {task["name"]: specification(task) for task in spec["tasks"]}
    known = [f"params.{name}" for name in names(spec.get("params"))]
    known += [f"tasks.{task}.results.{name}" for task, used in by_name.items() for name in names(used.get("results"))]
    known += [f"tasks.{task}.status" for task in by_name] + ["tasks.status"]
    for task in (*spec["tasks"], *spec.get("finally", ())):
        assert unresolved({key: value for key, value in task.items() if key != "taskSpec"}, *known) == [], path
        assert {space["workspace"] for space in task["workspaces"]} <= set(names(spec["workspaces"]))
        if "taskSpec" in task:
            own = [f"params.{name}" for name in names(task["taskSpec"]["params"])]
            own += [f"workspaces.{name}.path" for name in names(task["taskSpec"]["workspaces"])]
            assert unresolved(task["taskSpec"], *own) == []
    assert unresolved(spec.get("results"), *known) == []
    assert set(known[: len(names(spec.get("params")))]) <= set(variables(spec["tasks"]))


@pytest.mark.parametrize(("path", "spec"), pipeline_specs(), ids=str)
def test_every_task_comes_after_what_it_needs_and_none_waits_for_itself(path: Path, spec: dict[str, Any]) -> None:
    done: set[str] = set()
    for task in spec["tasks"]:
        after = set(task.get("runAfter", ())) | {found["task"] for found in RESULT.finditer(str(task))}
        assert after <= done, (path, task["name"])
        done.add(task["name"])


def test_the_chain_is_whole_and_only_what_is_guarded_may_be_left_out() -> None:
    spec = PIPELINES["gitless"]
    guarded = {task["name"] for task in spec["tasks"] if "when" in task}
    needed = {found["task"] for found in RESULT.finditer(str(spec))}

    order = ["build", "validate", "package", "sign", "attest", "promote", "diff", "apply", "verify"]
    assert names(spec["tasks"]) == order
    # Nobody needs a result of what may be skipped, or would be skipped with it.
    assert (guarded, guarded & needed) == ({"sign", "attest", "promote", "apply"}, set())
    (apply,) = (task for task in spec["tasks"] if task["name"] == "apply")
    assert apply["when"] == [{"input": "$(tasks.diff.results.changed)", "operator": "in", "values": ["true"]}]
    assert [task for task in spec["tasks"] if "signing" in str(task["workspaces"])] == [
        task for task in spec["tasks"] if task["name"] in {"sign", "attest"}
    ]
    hints = {entry["name"]: entry["value"] for entry in spec["results"]}
    assert hints["IMAGE_URL"] == "$(tasks.package.results.IMAGE_URL)"
    assert hints["IMAGE_DIGEST"] == "$(tasks.package.results.IMAGE_DIGEST)"


def test_runs_give_what_their_pipeline_or_task_declares() -> None:
    runs = [(path, body) for path, body in every("PipelineRun", "TaskRun", "TriggerTemplate")]
    for path, body in runs:
        for run in body["spec"].get("resourcetemplates", [body]):
            spec = run["spec"]
            name = spec.get("pipelineRef", spec.get("taskRef", {})).get("name")
            if name is None:
                continue
            used = {**PIPELINES, **TASKS}[name]
            assert given(spec["params"], used["params"]) == (set(), set()), path
            assert given(spec["workspaces"], used["workspaces"]) == (set(), set()), path
            tasks = set(names(used.get("tasks")))
            assert {found["pipelineTaskName"] for found in spec.get("taskRunSpecs", ())} <= tasks, path


def test_steps_give_their_step_actions_what_these_declare() -> None:
    runs = [(path, body["spec"]["taskSpec"]) for path, body in every("TaskRun") if "taskSpec" in body["spec"]]
    assert runs
    for path, spec in runs:
        for step in spec["steps"]:
            action = ACTIONS[step["ref"]["name"]]
            assert given(step["params"], action["params"]) == (set(), set()), path
            results = {f"steps.{step['name']}.results.{name}" for name in names(action.get("results"))}
            assert unresolved(spec.get("results"), *results) == [], path
            spaces = [f"workspaces.{name}.path" for name in names(spec["workspaces"])]
            assert unresolved(step, *spaces) == [], path
            assert "scratch" in names(spec["volumes"])


def test_of_an_event_nothing_but_a_checked_commit_reaches_a_run() -> None:
    listener, binding, template, *_ = documents(Path("trigger/github-push/0.1/github-push.yaml"))
    (trigger,) = listener["spec"]["triggers"]
    checks = [interceptor["ref"]["name"] for interceptor in trigger["interceptors"]]
    (condition,) = (entry["value"] for entry in trigger["interceptors"][1]["params"])

    assert checks == ["github", "cel"]
    assert "body.after.matches('^[0-9a-f]{40}$')" in condition
    assert binding["spec"]["params"] == [{"name": "commit", "value": "$(body.after)"}]
    assert set(variables(template["spec"]["resourcetemplates"])) == {"tt.params.commit"}
    assert names(template["spec"]["params"]) == ["commit"]
    assert trigger["bindings"] == [{"ref": binding["metadata"]["name"]}]
    assert trigger["template"] == {"ref": template["metadata"]["name"]}


def test_what_comes_from_elsewhere_is_pinned() -> None:
    for path, body in every("Pipeline", "PipelineRun"):
        for resolver, values in _resolved(body):
            if resolver == "git":
                assert re.fullmatch(r"[0-9a-f]{40}", values["revision"]), path
            else:
                assert re.search(r"@sha256:[0-9a-f]{64}$", values["bundle"]), path


def _resolved(value: object) -> list[tuple[str, dict[str, str]]]:
    if isinstance(value, dict):
        own = (
            [(value["resolver"], {entry["name"]: entry["value"] for entry in value["params"]})]
            if "resolver" in value
            else []
        )
        return own + [found for item in value.values() for found in _resolved(item)]
    return [found for item in value for found in _resolved(item)] if isinstance(value, list) else []


def test_other_objects_have_the_form_that_kubernetes_asks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [
        body
        for path in paths()
        for body in documents(path)
        if not body["apiVersion"].startswith(("tekton.dev/", "triggers.tekton.dev/"))
    ]
    kinds = {body["kind"] for body in others}
    unique = {(body["kind"], body["metadata"]["name"]): body for body in others}
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(unique.values()))

    code = run_guarded(application, ["validate", str(tmp_path), "--gate", "schema"])

    assert code == 0, capsys.readouterr().out
    assert kinds == {"ConfigMap", "ServiceAccount", "Role", "RoleBinding", "ClusterRoleBinding"}


def test_each_readme_begins_with_the_name_and_has_the_tables_that_the_catalog_asks_for() -> None:
    for folder in ("task", "stepaction", "pipeline"):
        for name in sorted(entry.name for entry in (TREE / folder).iterdir() if entry.is_dir()):
            text = (TREE / folder / name / VERSION / "README.md").read_text()
            assert f"# `{name}`" in text
            wanted = {"## Parameters", "## Workspaces", "## Results", "## Platforms", "## Usage"}
            assert wanted <= set(text.splitlines()), name
