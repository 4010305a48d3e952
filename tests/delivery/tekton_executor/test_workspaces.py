"""Workspaces: https://tekton.dev/docs/pipelines/workspaces/."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.delivery.tekton_executor.bench import Bench, log


@pytest.fixture
def claim(bench: Bench) -> Path:
    folder = bench.folder / "claim"
    folder.joinpath("inner").mkdir(parents=True)
    folder.joinpath("file").write_text("content")
    bench.claims["data"] = folder
    return folder


def test_a_claim_is_a_folder_that_steps_write_to(bench: Bench, claim: Path) -> None:
    done = bench.task("""
        workspaces: [{name: w, persistentVolumeClaim: {claimName: data}}]
        taskSpec:
          workspaces: [{name: w}]
          steps:
            - {image: any, script: "cat file; echo new > $(workspaces.w.path)/new", workingDir: $(workspaces.w.path)}
            - {image: any, script: "printf '%s' '$(workspaces.w.bound) $(workspaces.w.claim)'"}
    """)

    assert log(done) == "content"
    assert log(done, 1) == "true data"
    assert claim.joinpath("new").read_text() == "new\n"


def test_a_path_of_the_container_finds_the_workspace_too(bench: Bench, claim: Path) -> None:
    done = bench.task(
        """
        workspaces: [{name: w, persistentVolumeClaim: {claimName: data}}]
        taskSpec:
          params: [{name: files}]
          workspaces: [{name: w, mountPath: /mnt/w}]
          steps:
            - {image: any, command: [cat, /mnt/w/file], env: [{name: FILES, value: $(params.files)}]}
            - {image: any, script: 'cat $FILES', env: [{name: FILES, value: $(params.files)}]}
        """,
        files="/mnt/w/file\n/mnt/w/file",
    )

    assert (log(done), log(done, 1)) == ("content", "contentcontent")


def test_an_optional_workspace_that_is_not_bound_has_an_empty_path(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          workspaces: [{name: w, optional: true}]
          steps: [{image: any, command: [printf, '%s'], args: ['<$(workspaces.w.path)> $(workspaces.w.bound)']}]
    """)

    assert log(done) == "<> false"


def test_a_workspace_that_is_not_bound_is_refused(bench: Bench) -> None:
    done = bench.task("taskSpec: {workspaces: [{name: w}], steps: [{image: any, command: ['true']}]}")

    assert "these workspaces are declared and bound to nothing: w" in done.message


def test_writing_to_a_read_only_workspace_fails_the_run_and_leaves_it_alone(bench: Bench, claim: Path) -> None:
    done = bench.task("""
        workspaces: [{name: w, persistentVolumeClaim: {claimName: data}}]
        taskSpec:
          workspaces: [{name: w, readOnly: true}]
          steps: [{name: s, image: any, script: "chmod -R u+w . && echo changed > file", workingDir: /workspace/w}]
    """)

    assert done.status == "Failed"
    assert "the step s wrote to the workspace w, which is read-only: file" in done.message
    assert claim.joinpath("file").read_text() == "content"


def test_secrets_and_config_maps_become_files(bench: Bench) -> None:
    bench.manifests("""
        apiVersion: v1
        kind: Secret
        metadata: {name: s}
        stringData: {.dockerconfigjson: "{}", other: x}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: c}
        data: {a: "1", b: "2"}
    """)
    done = bench.task("""
        workspaces:
          - {name: s, secret: {secretName: s, items: [{key: .dockerconfigjson, path: config.json}]}}
          - {name: c, configMap: {name: c}}
        taskSpec:
          workspaces: [{name: s, readOnly: true}, {name: c, readOnly: true}]
          steps:
            - {image: any, script: "cd $(workspaces.s.path); ls -A; cat config.json; cd $(workspaces.c.path); ls"}
    """)

    assert log(done) == "config.json\n{}a\nb\n"
    assert list(bench.folder.rglob("config.json")) == []


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        ("persistentVolumeClaim: {claimName: other}", "no folder is given for the claim other"),
        ("persistentVolumeClaim: {claimName: data}, subPath: ../..", "leads out of it"),
        ("persistentVolumeClaim: {claimName: data}, subPath: missing", "there is no folder"),
        ("secret: {secretName: none}", "there is no Secret none"),
        ("csi: {driver: d}", "csi is not done by this executor"),
        ("subPath: x", "is bound to nothing"),
    ],
)
def test_bindings_that_lead_nowhere_are_refused(bench: Bench, claim: Path, binding: str, message: str) -> None:
    done = bench.task(f"""
        workspaces: [{{name: w, {binding}}}]
        taskSpec: {{workspaces: [{{name: w}}], steps: [{{image: any, command: ["true"]}}]}}
    """)

    assert done.status == "Failed"
    assert message in done.message


def test_a_sub_path_is_a_folder_of_the_claim(bench: Bench, claim: Path) -> None:
    done = bench.task("""
        workspaces: [{name: w, subPath: inner, persistentVolumeClaim: {claimName: data}}]
        taskSpec:
          workspaces: [{name: w}]
          steps: [{image: any, script: touch $(workspaces.w.path)/here}]
    """)

    assert done.status == "Succeeded"
    assert claim.joinpath("inner", "here").exists()


def test_an_empty_folder_is_new_for_each_task_of_a_pipeline(bench: Bench) -> None:
    done = bench.pipeline("""
        workspaces: [{name: w, emptyDir: {}}, {name: shared, volumeClaimTemplate: {}}]
        pipelineSpec:
          workspaces: [{name: w}, {name: shared}]
          tasks:
            - name: a
              workspaces: [{name: w}, {name: shared}]
              taskSpec:
                workspaces: [{name: w}, {name: shared}]
                steps: [{image: any, script: "touch $(workspaces.w.path)/f $(workspaces.shared.path)/f"}]
            - name: b
              runAfter: [a]
              workspaces: [{name: w}, {name: shared}]
              taskSpec:
                workspaces: [{name: w}, {name: shared}]
                steps: [{image: any, script: "ls $(workspaces.w.path); ls $(workspaces.shared.path)"}]
    """)

    assert done.status == "Succeeded", done
    assert log(done.task("b")) == "f\n"
