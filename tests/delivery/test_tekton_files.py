"""The files below tekton/ are what the program is, follow Tekton's documented API, and hold their own references."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.ci.tekton import results as told_results
from pipeline.model.presence.outputs import outputs_of
from pipeline.model.telling import Told
from tests.delivery.stage_inputs import inputs
from tests.delivery.tekton_files import files
from tests.delivery.tekton_stages import IMAGE, LEFT_OUT, PROPERTIES, VERSION, Stage, stages
from tests.delivery.tekton_tree import (
    OWN,
    TREE,
    complaints,
    documents,
    every,
    names,
    paths,
    unresolved,
    variables,
)
from tests.unit.presence.test_outputs import RESULTS

STAGES = {stage.name: stage for stage in stages()}
BESIDES = {"HOME", "DOCKER_CONFIG", "KUBECONFIG", "XDG_CACHE_HOME", "GITLESS_TEKTON_RESULTS"}
"""Variables of a step that no input stands for."""
OF_RUNS = {"CHAINS_GIT_URL", "CHAINS_GIT_COMMIT", "GITLESS_TEKTON_TASK", "GITLESS_TEKTON_TASK_RUN_UID"}
CONTEXT = ("context.task.name", "context.taskRun.uid")


def resource(folder: str, stage: Stage) -> dict[str, Any]:
    (body,) = documents(Path(folder, f"gitless-{stage.name}", VERSION, f"gitless-{stage.name}.yaml"))
    return body


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> Stage:
    return STAGES[request.param]


def test_files_are_those_that_the_program_makes() -> None:
    made = files()

    hand_written = {"pipeline/gitless/0.1"}
    there = {
        file.relative_to(TREE).as_posix()
        for folder in ("task", "stepaction", "pipeline")
        for file in (TREE / folder).rglob("*")
        if file.is_file()
        and file.parents[0].as_posix().removesuffix("/samples").removesuffix("/tests")
        not in {(TREE / name).as_posix() for name in hand_written}
    }
    assert there <= made.keys()
    different = [
        name for name, text in made.items() if not (TREE / name).is_file() or (TREE / name).read_text() != text
    ]
    assert different == [], "run: python -m tests.delivery.tekton_files --write"


@pytest.mark.parametrize("path", paths(), ids=str)
def test_documents_of_tekton_have_the_fields_that_it_documents(path: Path) -> None:
    found = documents(path)

    assert found
    assert [line for body in found if body["apiVersion"].startswith(OWN) for line in complaints(body)] == []


def test_each_stage_has_the_layout_of_the_catalog(stage: Stage) -> None:
    name = f"gitless-{stage.name}"
    for folder in ("task", "stepaction"):
        place = TREE / folder / name / VERSION
        there = {file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file()}
        assert there == {f"{name}.yaml", "README.md", f"samples/{stage.name}.yaml", "tests/run.yaml"}


def test_metadata_is_what_the_catalog_asks_for(stage: Stage) -> None:
    for folder in ("task", "stepaction"):
        body = resource(folder, stage)
        assert body["metadata"]["labels"] == {"app.kubernetes.io/version": VERSION}
        assert {key.removeprefix("tekton.dev/") for key in body["metadata"]["annotations"]} == {
            "pipelines.minVersion", "categories", "tags", "displayName", "platforms",
        }  # fmt: skip
        first, empty, *_ = body["spec"]["description"].split("\n")
        assert (first, empty) == (stage.summary, "")


def test_parameters_are_the_options_of_the_program(stage: Stage) -> None:
    expected = {given.name: given for given in inputs(stage.name) if given.name not in LEFT_OUT}
    more = {"args", "image"} | ({"CHAINS-GIT_URL", "CHAINS-GIT_COMMIT"} if stage.name == "package" else set())
    paths_of_folders = {"working-directory", "dockerconfig", "cache", "scratch"}
    for folder in ("task", "stepaction"):
        declared = {param["name"]: param for param in resource(folder, stage)["spec"]["params"]}
        others = paths_of_folders if folder == "stepaction" else set()
        assert expected.keys() <= declared.keys()
        assert declared.keys() - expected.keys() - more <= others
        assert {name for name in expected if "default" not in declared[name]} == {
            name for name, given in expected.items() if given.is_required
        }
        assert all(param["description"] for param in declared.values())


def test_what_matters_first_is_there(stage: Stage) -> None:
    assert [name for name in stage.first if name not in stage.names] == []


def test_every_value_is_a_variable_of_a_step_without_a_shell(stage: Stage) -> None:
    task, action = resource("task", stage)["spec"], resource("stepaction", stage)["spec"]
    (step,) = task["steps"]
    for body in (step, action):
        assert body["command"] == ["gitless"]
        assert body["args"] == [stage.name, "$(params.args[*])"]
        assert "script" not in body
        given = {entry["name"]: entry["value"] for entry in body["env"]}
        assert given.keys() - BESIDES - OF_RUNS == {item.variable for item in stage.inputs}
        assert [given[item.variable] for item in stage.inputs] == [f"$(params.{item.name})" for item in stage.inputs]


def test_no_parameter_is_in_any_script() -> None:
    scripts = [value for path in paths() for body in documents(path) for value in _scripts(body)]

    assert [script for script in scripts if re.search(r"\$\((params|inputs|tt\.params|tasks|results)", script)] == []


def _scripts(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["script"]] if isinstance(value.get("script"), str) else []
        return own + [script for item in value.values() for script in _scripts(item)]
    return [script for item in value for script in _scripts(item)] if isinstance(value, list) else []


def test_references_in_tasks_resolve_to_declarations() -> None:
    for path, body in every("Task", "StepAction"):
        spec = body["spec"]
        spaces = [f"workspaces.{name}.path" for name in names(spec.get("workspaces"))]
        prefix = "results" if body["kind"] == "Task" else "step.results"
        known = [f"params.{name}" for name in names(spec["params"])] + spaces
        known += [f"{prefix}.{name}.path" for name in names(spec.get("results"))]
        assert unresolved(spec, *known, *CONTEXT) == [], path


def test_every_declaration_of_a_task_is_used(stage: Stage) -> None:
    for folder in ("task", "stepaction"):
        spec = resource(folder, stage)["spec"]
        used = {re.sub(r"\[\*\]$", "", name) for name in variables(spec)}
        assert {f"params.{name}" for name in names(spec["params"])} <= used
        # Trust is mounted where parameters name files in it.
        spaces = {f"workspaces.{name}.path" for name in names(spec.get("workspaces")) if name != "trust"}
        assert spaces <= used


def test_images_are_named_by_digest_alone() -> None:
    images = [
        value
        for path in paths()
        for body in documents(path)
        for value in re.findall(r"[\w./-]+/gitless[\w/-]*(?:[:@][\w.:]+)?", yaml.safe_dump(body))
        if value.startswith("ghcr.io/gitless/")
    ]

    assert set(images) == {IMAGE}


def test_steps_run_without_rights_on_a_file_system_that_they_cannot_write() -> None:
    for path, body in every("Task", "StepAction", "Pipeline"):
        for context in _contexts(body["spec"]):
            assert context["runAsNonRoot"], path
            assert context["readOnlyRootFilesystem"], path
            assert not context["allowPrivilegeEscalation"], path
            assert context["capabilities"] == {"drop": ["ALL"]}, path
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}, path
        steps = body["spec"].get("steps", [])
        assert len(list(_contexts(body["spec"]))) == 1, (path, steps)


def _contexts(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value["securityContext"]] if "securityContext" in value else []
        return own + [found for item in value.values() for found in _contexts(item)]
    return [found for item in value for found in _contexts(item)] if isinstance(value, list) else []


def test_tasks_have_limits_and_somewhere_to_write(stage: Stage) -> None:
    template = resource("task", stage)["spec"]["stepTemplate"]

    assert template["computeResources"].keys() == {"requests", "limits"}
    assert {mount["mountPath"] for mount in template["volumeMounts"]} == {"/tmp", "/home/gitless"}
    assert template["env"] == [{"name": "HOME", "value": "/home/gitless"}]


def test_results_are_what_the_program_tells(stage: Stage) -> None:
    for folder in ("task", "stepaction"):
        assert tuple(names(resource(folder, stage)["spec"].get("results"))) == stage.results
    told = [
        told_results(Told(stage=stage.name, outputs=outputs_of(result) | {"report-file": "report.md"}))
        for result, _ in RESULTS
        if {"VerifyArtifact": "verify", "Attestations": "attest"}.get(
            result.kind.removesuffix("Result"), result.kind.removesuffix("Result").lower()
        )
        == stage.name
    ]
    assert told
    assert set(stage.results) <= {name for outputs in told for name in outputs}


def test_results_have_room_in_a_termination_message(stage: Stage) -> None:
    """The longest that each can be, with the name, type and JSON around it that Tekton adds."""
    longest = {"digest-url": 255, "report-file": 255, "plan-file": 255, "manifests-file": 255, "IMAGE_URL": 255}
    longest |= {"attestation-digest": 255, "tag": 128}
    needed = sum(len(name) + longest.get(name, 80) + len('{"key":"","value":"","type":1},') for name in stage.results)

    assert needed < 2048


def test_type_hints_for_chains_are_of_one_family() -> None:
    for path, body in every("Task", "StepAction", "Pipeline"):
        declared = names(body["spec"].get("results"))
        hints = {name for name in declared if re.search(r"IMAGE_URL$|IMAGE_DIGEST$|IMAGES$|ARTIFACT_", name)}
        assert hints in (set(), {"IMAGE_URL", "IMAGE_DIGEST"}), path
        for entry in body["spec"].get("results", ()):
            assert tuple(entry.get("properties", ())) == PROPERTIES.get(entry["name"], ()), path


@pytest.mark.parametrize("name", ["apply", "verify"])
def test_what_reaches_a_cluster_is_named_by_digest_unless_told_otherwise(name: str) -> None:
    defaults = {param["name"]: param.get("default") for param in resource("task", STAGES[name])["spec"]["params"]}

    assert defaults["allow-tag"] == "false"
