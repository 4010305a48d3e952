"""Whatever a param of our Tasks and StepActions says, it is the text of one variable, and nothing in it is executed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.rehearsal.tekton.image import image_path
from examples.rehearsal.tekton.params import ParamSpec
from examples.rehearsal.tekton.pipelines import BY_WHEN
from examples.rehearsal.tekton.results import MOST_PER_CONTAINER
from examples.rehearsal.tekton.substitution import variables
from examples.rehearsal.tekton.task_documents import Step
from examples.rehearsal.tekton.values import Value
from tests.delivery.tekton_executor.bench import Bench, log
from tests.delivery.tekton_executor.recorder import Recorder
from tests.platform.registries import ReferrersRegistry

ROOT = Path(__file__).resolve().parents[3]
TASKS = sorted(file.parent.parent.name for file in (ROOT / "tekton" / "task").glob("*/*/gitless-*.yaml"))
ACTIONS = sorted(file.parent.parent.name for file in (ROOT / "tekton" / "stepaction").glob("*/*/gitless-*.yaml"))
HOSTILE = (
    "'\"; touch pwned; ' \" $(touch pwned) `touch pwned` ${IFS} $(params.image) $(params['image'])\n"
    "::set-output name=digest::sha256:0\n::stop-commands::x\n%0A\r\x1b[31m\u202e ../../pwned --help\n\n"
)


@pytest.fixture
def ours(bench: Bench) -> Bench:
    """With our own documents, and a workspace for each that they declare."""
    for kind in ("task", "stepaction", "pipeline"):
        bench.catalogue.load(*sorted((ROOT / "tekton" / kind).glob("*/*/*.yaml")))
    return bench


@pytest.fixture
def recorded(ours: Bench) -> Iterator[Recorder]:
    """What stands for gitless; nothing may have been executed in the end."""
    recorder = Recorder.install(ours.folder)
    ours.path = recorder.path
    yield recorder
    assert not list(ours.folder.rglob("pwned*"))
    assert not list(Path.cwd().glob("pwned*"))


def texts(specs: tuple[ParamSpec, ...], value: str) -> dict[str, Value]:
    """Every param of type string with that value, arrays with it as their element."""
    return {
        spec.name: value if spec.type == "string" else (value,)
        for spec in specs
        if spec.name not in {"image", "scratch", "working-directory"}
    }


def run_of(name: str) -> str:
    workspaces = ["source", "dockerconfig", "kubeconfig", "trust", "cache"]
    bound = ", ".join(f"{{name: {workspace}, emptyDir: {{}}}}" for workspace in workspaces)
    return f"{{taskRef: {{name: {name}}}, workspaces: [{bound}]}}"


def params_of(step: Step) -> Iterator[tuple[str, str]]:
    """The variables that are a param and nothing else, with the param's name."""
    for variable in step.env:
        for mention in variables(variable.value, "params"):
            if mention.is_alone:
                yield variable.name, mention.name


@pytest.mark.parametrize("name", TASKS)
def test_each_param_of_a_task_arrives_as_it_is_in_one_variable(ours: Bench, recorded: Recorder, name: str) -> None:
    task = ours.catalogue.task(name)
    done = ours.task(run_of(name), **texts(task.params, HOSTILE))

    assert done.status == "Succeeded", done
    variables_ = dict(params_of(task.steps[0]))
    assert set(variables_.values()) >= texts(task.params, "").keys() - {"args"}
    found = recorded.environment(name)
    assert {variable: found[variable] for variable in variables_} == dict.fromkeys(variables_, HOSTILE)
    assert recorded.arguments(name) == [HOSTILE]


@pytest.mark.parametrize("name", ACTIONS)
def test_each_param_of_a_step_action_arrives_as_it_is_in_one_variable(
    ours: Bench, recorded: Recorder, name: str
) -> None:
    action = ours.catalogue.step_action(name)
    given = texts(action.params, "")
    passed = [{"name": key, "value": "$(params.hostile)"} for key, value in given.items() if isinstance(value, str)]
    step = {"name": "s", "ref": {"name": name}, "params": passed}
    spec = {"params": [{"name": "hostile"}], "volumes": [{"name": "scratch", "emptyDir": {}}], "steps": [step]}
    done = ours.task(json.dumps({"taskSpec": spec}), hostile=HOSTILE)

    assert done.status == "Succeeded", done
    found = recorded.environment(name)
    variables_ = [variable for variable, param in params_of(action.step) if param in given]
    assert variables_
    assert {variable: found[variable] for variable in variables_} == dict.fromkeys(variables_, HOSTILE)


@pytest.mark.parametrize("name", TASKS)
def test_a_megabyte_is_a_clear_error_before_anything_starts(ours: Bench, recorded: Recorder, name: str) -> None:
    task = ours.catalogue.task(name)
    done = ours.task(run_of(name), **texts(task.params, "x" * 1024 * 1024))

    assert (done.status, done.reason) == ("Failed", "StartError")
    assert "and Linux takes at most 131072" in done.message
    assert len(done.message) < 200
    assert not recorded.started


@pytest.mark.parametrize("name", TASKS)
def test_no_variable_holds_a_secret_so_that_no_value_can_name_one(ours: Bench, name: str) -> None:
    task = ours.catalogue.task(name)

    assert [variable.name for step in task.steps for variable in step.env if variable.source] == []
    assert [step.script for step in (*task.steps, task.template) if step.script] == []


@pytest.mark.tool
@pytest.mark.parametrize("name", TASKS)
def test_the_real_program_refuses_what_makes_no_sense_and_executes_nothing(ours: Bench, name: str) -> None:
    ours.path = image_path(ours.folder)
    task = ours.catalogue.task(name)
    needed = tuple(spec for spec in task.params if spec.default is None or spec.name == "ref")
    done = ours.task(run_of(name), **texts(needed, HOSTILE))

    said = log(done)
    assert done.status == "Failed", said
    assert done.steps[0].code in {2, 4, 5, 8}, said
    assert "Error: " in said or "Usage: " in said
    assert "Traceback" not in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert not list(ours.folder.rglob("pwned*"))
    assert done.steps[0].bytes < MOST_PER_CONTAINER


def test_what_a_pipeline_is_given_goes_through_its_tasks_as_it_is(ours: Bench, recorded: Recorder) -> None:
    pipeline = ours.catalogue.pipeline("gitless")
    bound = ", ".join(f"{{name: {spec.name}, volumeClaimTemplate: {{}}}}" for spec in pipeline.workspaces)
    done = ours.pipeline(
        f"{{pipelineRef: {{name: gitless}}, workspaces: [{bound}]}}", **texts(pipeline.params, HOSTILE)
    )

    assert done.status == "Completed", done
    assert done.task("apply").reason == BY_WHEN
    for task, variable in (
        ("build", "GITLESS_PATH"),
        ("build", "GITLESS_VALUES"),
        ("package", "GITLESS_REFERENCE"),
        ("package", "CHAINS_GIT_COMMIT"),
        ("sign", "GITLESS_SIGNING_KEY"),
        ("diff", "GITLESS_NAMESPACE"),
        ("verify", "GITLESS_TRUST_POLICY"),
    ):
        assert recorded.environment(f"gitless-{task}")[variable] == HOSTILE
    assert recorded.environment("gitless-sign")["GITLESS_REFERENCE"] == "digest-url of package"


@pytest.mark.registry
@pytest.mark.tool
def test_what_is_accepted_is_published_to_the_letter(ours: Bench) -> None:
    ours.path = image_path(ours.folder)
    source = ours.folder / "source"
    source.mkdir()
    (source / "settings.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n")
    ours.claims["source"] = source
    line = HOSTILE.replace("\n", " ").replace("\r", " ").strip()
    with ReferrersRegistry.start(ours.folder / "registry") as registry:
        done = ours.task(
            "{taskRef: {name: gitless-package}, "
            "workspaces: [{name: source, persistentVolumeClaim: {claimName: source}}]}",
            path="settings.yaml",
            repository=f"oci://{registry.address}/hostile/values",
            annotations=f"note={line}\nother=`touch pwned`",
            revision=line,
        )
        assert done.status == "Succeeded", log(done)
        url = f"http://{registry.address}/v2/hostile/values/manifests/{done.results['IMAGE_DIGEST']}"
        with urllib.request.urlopen(url) as answer:
            annotations = json.load(answer)["annotations"]

    assert (annotations["note"], annotations["other"]) == (line, "`touch pwned`")
    assert annotations["org.opencontainers.image.revision"] == line
    assert done.results["IMAGE_URL"] == f"{registry.address}/hostile/values"
    assert not list(ours.folder.rglob("pwned*"))
