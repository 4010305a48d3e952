"""The command line of ``gitless graph``: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.platform.binaries import binary

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: robot
      containers: [{name: web, image: "web:1"}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
"""
ROBOT = """\
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: shop}
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("old", WEB), ("new", WEB.replace("web:1", "web:2") + ROBOT)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(text)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(capsys)


class Runner:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, command: str = "graph") -> Outcome:
        code = run_guarded(application, [command, *arguments])
        captured = self._capsys.readouterr()
        return Outcome(code, captured.out, captured.err)


def test_a_folder_is_shown_as_a_tree_with_what_is_missing(run: Runner) -> None:
    done = run("old")

    assert (done.code, done.err) == (0, "")
    assert (
        "    selects Deployment web\n      runs as ServiceAccount robot  (missing: not among the manifests)" in done.out
    )


def test_changes_colour_the_objects_of_both_sides(run: Runner) -> None:
    done = run("old", "--changes-to", "new", "-o", "json")

    assert (done.document["about"], done.document["to"]["name"]) == ("changes", "new")
    assert {node["id"]: node["tone"] for node in done.document["nodes"]} == {
        "ServiceAccount shop/robot": "created",
        "Service shop/web": "plain",
        "Deployment.apps shop/web": "changed",
    }


def test_a_part_is_drawn_by_namespace_kind_and_change(run: Runner) -> None:
    def names(*arguments: str) -> list[str]:
        return [node["kind"] for node in run(*arguments, "-o", "json").document["nodes"]]

    assert names("new", "--kind", "service") == ["Service", "Deployment"]
    assert names("new", "-n", "other") == []
    assert names("old", "--changes-to", "new", "--only-changed", "--kind", "ServiceAccount") == [
        "ServiceAccount",
        "Deployment",
    ]


@pytest.mark.tool
@pytest.mark.parametrize(
    ("output", "beginning"),
    [
        ("svg", '<svg class="gitless-graph"'),
        ("html", "<!doctype html>"),
        ("dot", "digraph {"),
        ("mermaid", "flowchart LR"),
    ],
)
def test_pictures_go_to_standard_output_alone(
    output: str, beginning: str, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_DOT", str(binary("dot")))

    done = run("new", "-o", output)

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(beginning)


def test_a_picture_leaves_the_document_in_the_results_folder(run: Runner, tmp_path: Path) -> None:
    assert run("new", "-o", "dot", "--results-dir", "results").code == 0

    assert json.loads((tmp_path / "results" / "graph.json").read_text())["kind"] == "GraphResult"


def test_without_graphviz_the_picture_is_an_error_of_configuration(
    run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    done = run("new", "-o", "svg")

    assert (done.code, done.out) == (2, "")
    assert "dot is not installed" in done.err
    assert "https://graphviz.org/download/" in done.err
    assert run("new", "-o", "mermaid").code == 0


def test_the_chain_of_an_artifact_leads_to_its_tags(run: Runner) -> None:
    packed = run("new", "oci-layout:layout:1.0", "--source", "s", "--revision", "main@sha1:1", command="package")
    assert packed.code == 0, packed.err

    done = run("oci-layout:layout:1.0", "--chain", "-o", "json")

    assert (done.code, done.document["about"]) == (0, "chain")
    assert [(node["kind"], node["name"]) for node in done.document["nodes"]][1:] == [("Source", "s"), ("Tag", "1.0")]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("new", "--chain"), "--chain is drawn of an artifact alone"),
        (("oci-layout:layout:1.0", "--chain", "--changes-to", "new"), "--chain is drawn of an artifact alone"),
        (("new", "--only-changed"), "--only-changed needs to know what changes"),
        (("new", "--cluster", "production"), "--cluster belongs to --chain"),
        (("new", "--changes-to", "live"), "nothing is ever changed towards a cluster"),
        (("nowhere",), "'nowhere' does not exist"),
        (("new", "-o", "png"), "'png' is not one of"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], told: str, run: Runner) -> None:
    done = run(*arguments)

    assert (done.code, done.out) == (2, "")
    assert told in done.err
