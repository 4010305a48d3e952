"""``python -m examples.rehearsal tekton --run FILE``: runs of one's own, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.rehearsal.tekton.__main__ import main

RUNS = """
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {k: v}
---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: one}
spec:
  params: [{name: list, value: [a]}, {name: code, value: "0"}]
  workspaces: [{name: w, persistentVolumeClaim: {claimName: c}}]
  taskSpec:
    params: [{name: list, type: array}, {name: code}]
    workspaces: [{name: w}]
    results: [{name: r}]
    steps:
      - name: s
        image: any
        workingDir: $(workspaces.w.path)
        args: ["$(params.list[*])"]
        script: "echo said $*; pwd > here; printf '\\\\033[31mred' > $(results.r.path); exit $(params.code)"
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {name: two}
spec:
  pipelineSpec:
    tasks: [{name: t, taskSpec: {steps: [{image: any, command: ["true"]}]}}]
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    file = tmp_path / "runs.yaml"
    file.write_text(RUNS)
    (tmp_path / "claim").mkdir()
    return ["--run", str(file), "--claim", f"c={tmp_path / 'claim'}", "--state", str(tmp_path / "state")]


def test_runs_of_a_file_are_told_and_kept(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--param", "list=[x, y z]"]) == 0

    told = capsys.readouterr().out
    assert told.startswith(
        "This is a small local executor of Tekton's documents, made for rehearsals. It is not Tekton:"
    )
    assert "✓ one " in told
    assert "    r = red\n" in told
    assert "said" not in told
    assert "✓ t " in told
    assert "PipelineRun two: Succeeded" in told
    assert (tmp_path / "claim" / "here").read_text() == f"{tmp_path / 'claim'}\n"
    logs = [file.read_text() for file in (tmp_path / "state").rglob("s.log")]
    assert logs == ["said x y z\n"]


def test_everything_is_shown_where_it_is_asked_for(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "-v"]) == 0

    told = capsys.readouterr().out
    assert "    [s] said a\n" in told
    assert "note: step s: the image any is not pinned by digest" in told


def test_a_run_that_fails_shows_the_end_of_its_log(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--param", "code=3"]) == 1

    told = capsys.readouterr().out
    assert "✗ one " in told
    assert '"step-s" exited with code 3' in told
    assert "    [s] said a\n" in told
    assert "PipelineRun two: Succeeded" in told


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--claim", "c"], "error: c is not NAME=VALUE"),
        (["--run", "no-such-file.yaml"], "error: no-such-file.yaml cannot be read: No such file or directory"),
    ],
)
def test_mistakes_on_the_command_line_are_told(
    arguments: list[str], more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *more]) == 2
    assert message in capsys.readouterr().err


def test_a_run_without_its_claim_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments[:2], *arguments[4:]]) == 2
    assert "no folder is given for the claim c: --claim c=FOLDER" in capsys.readouterr().err
