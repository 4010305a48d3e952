"""Steps: https://tekton.dev/docs/pipelines/tasks/#defining-steps."""

from __future__ import annotations

import pytest

from tests.delivery.tekton_executor.bench import Bench, log


def test_steps_run_in_their_order_until_one_fails(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          volumes: [{name: v, emptyDir: {}}]
          stepTemplate: {volumeMounts: [{name: v, mountPath: /data}]}
          steps:
            - {name: one, image: any, script: echo 1 >> order, workingDir: /data}
            - {name: two, image: any, script: cat order; exit 7, workingDir: /data}
            - {name: three, image: any, command: ["true"]}
    """)

    assert [(step.name, step.reason, step.code) for step in done.steps] == [
        ("one", "Completed", 0),
        ("two", "Error", 7),
    ]
    assert log(done, 1) == "1\n"
    assert (done.status, done.reason) == ("Failed", "Failed")


def test_a_step_whose_failure_is_ignored_tells_its_exit_code_to_later_ones(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          steps:
            - {name: one, image: any, onError: continue, script: exit 5}
            - {image: any, onError: continue, script: exit 6}
            - image: any
              script: cat $(steps.step-one.exitCode.path) $(steps.step-unnamed-1.exitCode.path)
    """)

    assert done.status == "Succeeded"
    assert [step.reason for step in done.steps] == ["Continued", "Continued", "Completed"]
    assert log(done, 2) == "56"


def test_a_script_without_interpreter_is_for_sh_and_ends_with_the_first_failure(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          steps: [{image: any, args: [one, two], script: "echo $0 $# $2\\nfalse\\necho never"}]
    """)

    assert done.status == "Failed"
    assert log(done).endswith(" 2 two\n")


def test_a_script_chooses_its_interpreter(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          steps: [{image: any, script: "#!/usr/bin/env -S sh -u\\nfalse\\necho on"}]
    """)

    assert log(done) == "on\n"


def test_a_command_needs_no_shell_and_sees_only_what_the_task_says(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_REGISTRY", "of-the-user")
    done = bench.task("""
        taskSpec:
          stepTemplate: {env: [{name: A, value: template}, {name: B, value: template}]}
          steps: [{image: any, command: [env], env: [{name: B, value: "$(A) step"}, {name: C, value: ""}]}]
    """)

    lines = dict(line.split("=", 1) for line in log(done).splitlines())
    assert lines.keys() == {"PATH", "HOME", "A", "B", "C"}
    assert (lines["A"], lines["B"], lines["C"]) == ("template", "template step", "")
    assert lines["HOME"].startswith(str(bench.folder))


def test_variables_come_from_secrets_and_config_maps(bench: Bench) -> None:
    bench.manifests("""
        apiVersion: v1
        kind: Secret
        metadata: {name: s}
        data: {password: JChIT01FKQ==}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: c}
        data: {key: value}
    """)
    done = bench.task("""
        taskSpec:
          steps:
            - image: any
              script: printf '%s %s %s' "$P" "$C" "${NONE-unset}"
              env:
                - {name: P, valueFrom: {secretKeyRef: {name: s, key: password}}}
                - {name: C, valueFrom: {configMapKeyRef: {name: c, key: key}}}
                - {name: NONE, valueFrom: {configMapKeyRef: {name: none, key: key, optional: true}}}
    """)

    assert log(done) == "$(HOME) value unset"


def test_a_volume_is_a_folder_and_tmp_is_where_temporary_files_go(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          volumes: [{name: home, emptyDir: {}}, {name: tmp, emptyDir: {}}]
          steps:
            - image: any
              script: cd "$HOME"; pwd; ls -d "$TMPDIR"; ls -a "$HOME/.."
              env: [{name: HOME, value: /home/gitless}]
              volumeMounts: [{name: home, mountPath: /home/gitless}, {name: tmp, mountPath: /tmp}]
    """)

    home, tmp, *_ = log(done).splitlines()
    assert home.endswith("/volumes/home")
    assert tmp.endswith("/volumes/tmp")


@pytest.mark.parametrize(
    ("spec", "reason", "message"),
    [
        ("{steps: [{image: any, command: [sleep, '60'], timeout: 300ms}]}", "Failed", "exceeded its timeout of 0.3 s"),
        (
            "{steps: [{image: any, onError: continue, script: sleep 60, timeout: 300ms}]}",
            "Failed",
            "exceeded its timeout",
        ),
    ],
)
def test_a_step_that_takes_too_long_is_ended(bench: Bench, spec: str, reason: str, message: str) -> None:
    done = bench.task(f"taskSpec: {spec}")

    assert (done.status, done.reason) == ("Failed", reason)
    assert message in done.message
    assert done.steps[0].reason == "TimeoutExceeded"


def test_a_task_run_that_takes_too_long_is_ended(bench: Bench) -> None:
    done = bench.task("{timeout: 300ms, taskSpec: {steps: [{name: s, image: any, script: 'sleep 60 & wait'}]}}")

    assert (done.status, done.reason) == ("Failed", "TaskRunTimeout")


def test_when_decides_whether_a_step_runs(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          params: [{name: run, default: "no"}]
          steps:
            - {image: any, script: exit 1, when: [{input: $(params.run), operator: in, values: ["yes"]}]}
            - {image: any, script: echo on, when: [{input: $(params.run), operator: notin, values: ["yes"]}]}
    """)

    assert [step.reason for step in done.steps] == ["Skipped", "Completed"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("[no-such-program]", "it is not on the PATH that stands for the image"),
        ("[/etc/passwd]", "/etc/passwd cannot be started"),
        ("[]", "has no command"),
    ],
)
def test_a_program_that_cannot_start_fails_the_run(bench: Bench, command: str, message: str) -> None:
    done = bench.task(f"taskSpec: {{steps: [{{image: any, command: {command}}}]}}")

    assert done.status == "Failed"
    assert message in done.message


def test_a_value_that_linux_does_not_take_is_a_clear_error(bench: Bench) -> None:
    spec = """
        taskSpec:
          params: [{name: big}]
          steps: [{image: any, command: ["true"], env: [{name: BIG, value: $(params.big)}]}]
    """

    assert bench.task(spec, big="x" * 100_000).status == "Succeeded"
    done = bench.task(spec, big="x" * 1024 * 1024)
    assert "the variable BIG has 1048581 bytes, and Linux takes at most 131072" in done.message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{steps: []}", "steps is empty"),
        ("{steps: [{image: any, script: x, command: [z]}]}", "script cannot be used with command"),
        ("{steps: [{image: any, command: [x], onError: go}]}", "expected stopAndFail or continue"),
        ("{steps: [{image: any, command: [x], comand: [y]}]}", "has an unknown field comand"),
        ("{steps: [{image: any, command: x}]}", "command is text; expected a list of strings"),
        ("{steps: [{image: any, command: [x]}], sidecars: [{}]}", "sidecars is not done by this executor"),
        ("{steps: [{image: any, command: [x], timeout: soon}]}", "'soon' is not a duration"),
        ("{steps: [{name: a, image: i, script: x}, {name: a, image: i, script: x}]}", "two steps of one name"),
        (
            "{volumes: [{name: v, hostPath: {path: /}}], steps: [{image: i, script: x}]}",
            "only volumes of type emptyDir",
        ),
    ],
)
def test_what_tekton_refuses_or_this_executor_does_not_do_is_told(bench: Bench, spec: str, message: str) -> None:
    done = bench.task(f"taskSpec: {spec}")

    assert done.status == "Failed"
    assert message in done.message


def test_what_a_hardened_step_lacks_is_noted_and_not_enforced(bench: Bench) -> None:
    done = bench.task("""
        taskSpec:
          stepTemplate:
            securityContext:
              runAsNonRoot: true
              allowPrivilegeEscalation: false
              readOnlyRootFilesystem: true
              capabilities: {drop: [ALL]}
          steps:
            - name: s
              image: image:tag
              command: ["true"]
              securityContext: {seccompProfile: {type: RuntimeDefault}, readOnlyRootFilesystem: false}
    """)

    assert done.notes == (
        "step s: securityContext.readOnlyRootFilesystem is not True",
        "step s: the image image:tag is not pinned by digest",
    )


def test_a_secret_before_a_param_is_noted_since_the_param_can_name_it(bench: Bench) -> None:
    bench.manifests("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {k: hidden}}")
    spec = """
        taskSpec:
          params: [{name: value}]
          steps:
            - name: s
              image: any
              script: printf %s "$VALUE"
              env:
                - {name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}
                - {name: VALUE, value: $(params.value)}
    """

    done = bench.task(spec, value="$(PASSWORD)")

    assert log(done) == "hidden"
    assert any("the variable VALUE comes after the secret PASSWORD" in note for note in done.notes)
