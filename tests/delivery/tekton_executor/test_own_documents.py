"""Every sample and every test run below tekton/ is accepted, and starts its stages, with only the program recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.outcomes import FAILED
from examples.rehearsal.tekton.pipelines import run_pipeline
from examples.rehearsal.tekton.runs import Place, read_pipeline_run, read_task_run
from examples.rehearsal.tekton.shop import SAMPLES
from examples.rehearsal.tekton.tasks import run_task
from tests.delivery.tekton_executor.recorder import Recorder
from tests.delivery.tekton_tree import TREE, complaints, documents

# Another catalogue's Task, or ours out of a registry: both come through a resolver.
_RESOLVED = ("gitless-from-git/", "/bundle.yaml")
RUNS = [
    file.relative_to(TREE)
    for file in sorted((*TREE.glob("*/*/*/samples/*.yaml"), *TREE.glob("*/*/*/tests/run.yaml")))
    if not any(part in str(file) for part in _RESOLVED)
]


@pytest.fixture
def catalogue() -> Catalogue:
    found = Catalogue()
    found.load(*sorted(file for kind in ("task", "stepaction", "pipeline") for file in TREE.glob(f"{kind}/*/*/*.yaml")))
    return found


def objects(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What its workspaces are bound to, with the keys that they want."""
    for workspace in body.get("spec", {}).get("workspaces", ()):
        for field, kind, key in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
            if field in workspace:
                keys = [item["key"] for item in workspace[field].get("items", [])] or ["file"]
                data = dict.fromkeys(keys, "content")
                metadata = {"name": workspace[field][key]}
                yield {"apiVersion": "v1", "kind": kind, "metadata": metadata, "stringData": data, "data": {}}


@pytest.mark.parametrize("file", RUNS, ids=str)
def test_samples_and_test_runs_start_their_stages(file: Path, catalogue: Catalogue, tmp_path: Path) -> None:
    recorder = Recorder.install(tmp_path)
    claims = {}
    for body in documents(file):
        for found in objects(body):
            catalogue.load_text(json.dumps(found).encode(), "objects")
        for workspace in body.get("spec", {}).get("workspaces", ()):
            claim = workspace.get("persistentVolumeClaim", {}).get("claimName", "")
            claims[claim] = tmp_path / "claims" / claim
            claims[claim].mkdir(parents=True, exist_ok=True)
    place = Place(folder=tmp_path / "runs", path=recorder.path, claims=claims)
    runs = catalogue.load_text((TREE / file).read_bytes(), str(file))

    assert runs
    for kind, name in runs:
        if kind == "TaskRun":
            task = run_task(read_task_run(catalogue, name, place), catalogue)
            assert task.status != FAILED, task
            assert task.notes == (), task
        elif kind == "PipelineRun":
            pipeline = run_pipeline(read_pipeline_run(catalogue, name, place), catalogue)
            assert pipeline.status != FAILED, pipeline
    assert recorder.started


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.yaml")), ids=lambda file: file.name)
def test_the_rehearsals_own_runs_are_right_by_the_schema(file: Path) -> None:
    found = documents(file)

    assert [complaint for body in found for complaint in complaints(body)] == []
