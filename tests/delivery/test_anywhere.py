"""The recipes for any other CI, on the example application."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.platform.binaries import binary

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RECIPES = {
    "make": ["make", "--file", "gitless.mk", "{stage}", "TARGET={target}"],
    "shell": ["./gitless.sh", "{stage}", "{target}"],
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES / "shop", folder)
    for recipe in (EXAMPLES / "anywhere").iterdir():
        shutil.copy(recipe, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    assert run_guarded(application, ["keys", "generate"]) == 0
    return folder


@pytest.mark.tool
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_reviews_and_publishes_a_target(shop: Path, recipe: str) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    tools = {f"GITLESS_{name.upper()}": str(binary(name)) for name in ("kustomize", "helm")}
    environment = {"PATH": path, "COSIGN_PASSWORD": "", "HOME": str(shop), **tools}
    for stage in ("review", "publish"):
        command = [word.format(stage=stage, target="production") for word in RECIPES[recipe]]
        done = subprocess.run(command, cwd=shop, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    published = json.loads((shop / ".gitless/results/run.json").read_text())
    assert published["target"] == "production"
    assert [stage["stage"] for stage in published["stages"]] == ["build", "validate", "package", "sign"]


def test_an_unknown_stage_is_refused(shop: Path) -> None:
    done = subprocess.run(["./gitless.sh", "destroy"], cwd=shop, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "there is no stage 'destroy'" in done.stderr
