from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline.command import find_tool, run, start
from pipeline.errors import ToolError


def _shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def test_output_input_and_errors_are_kept_apart() -> None:
    output = run(_shell("cat; echo warned >&2"), environment={}, stdin=b"\x00\xffbytes")
    assert output.stdout == b"\x00\xffbytes"
    assert output.stderr == "warned"


def test_arguments_reach_the_program_as_they_are() -> None:
    arguments = ["a b", "*", "$HOME", "--x=1", "", "ü", "'\"", "-"]
    output = run(["/usr/bin/printf", "%s\\n", *arguments], environment={})
    assert output.stdout.decode().splitlines() == arguments


def test_much_output_on_both_streams_does_not_block() -> None:
    output = run(_shell("head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2"), environment=os.environ)
    assert len(output.stdout) == 5_000_000


def test_a_failure_says_the_programs_own_error_and_exit_code() -> None:
    with pytest.raises(ToolError, match=r"^sh failed \(exit code 3\): no such chart$") as caught:
        run(_shell("echo noise >&2; echo 'Error: no such chart' >&2; exit 3"), environment={})
    assert caught.value.exit_code == 8


def test_objects_that_a_program_prints_into_its_message_are_not_repeated() -> None:
    words = 'Error: cannot write map[string]interface {}{"data":map[string]interface {}{"a":"hush"}}: bad'
    with pytest.raises(ToolError, match=r"cannot write map\[\.\.\.\]: bad$"):
        run(_shell(f"echo '{words}' >&2; exit 1"), environment={})


def test_time_is_up_for_the_program_and_its_children(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    began = time.monotonic()
    with pytest.raises(ToolError, match=r"did not end within 0.3 s and was stopped") as caught:
        run(_shell(f"(sleep 1; touch {proof}) & wait"), environment=os.environ, timeout=0.3)
    assert time.monotonic() - began < 0.9
    assert caught.value.code == "tool.timeout"
    time.sleep(1)
    assert not proof.exists()


def test_leaving_early_stops_the_program(tmp_path: Path) -> None:
    proof = tmp_path / "proof"

    def interrupted() -> None:
        with start(_shell(f"sleep 0.5; touch {proof}"), environment=os.environ):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    time.sleep(0.7)
    assert not proof.exists()


def test_secrets_in_our_environment_are_not_passed_on() -> None:
    environment = {"PATH": os.environ["PATH"], "COSIGN_PASSWORD": "hush", "GITLESS_PASSWORD": "hush", "LC_ALL": "C"}
    passed = run(["/usr/bin/env"], environment=environment).stdout.decode().split()
    assert sorted(entry.partition("=")[0] for entry in passed) == ["LC_ALL", "PATH"]


def test_what_cannot_be_started_is_an_error_that_names_it(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program")
    text.chmod(0o755)
    for argv in (["/nowhere/tool"], [str(text)]):
        with pytest.raises(ToolError, match="cannot be started"):
            run(argv, environment={})
    with pytest.raises(ToolError, match="which is no folder"):
        run(["/bin/true"], environment={}, cwd=tmp_path / "nowhere")


def test_a_missing_tool_is_named_with_its_purpose_and_how_to_get_it() -> None:
    with pytest.raises(ToolError, match="helm is not installed; it renders Helm charts") as caught:
        find_tool("helm", {"PATH": "/nowhere"})
    assert caught.value.hint is not None
    assert "GITLESS_HELM" in caught.value.hint


def test_the_environment_variable_wins_over_the_path_and_must_be_a_program(tmp_path: Path) -> None:
    assert find_tool("helm", {"PATH": "/bin", "GITLESS_HELM": "/bin/true"}) == Path("/bin/true")
    with pytest.raises(ToolError, match="GITLESS_HELM"):
        find_tool("helm", {"PATH": os.environ["PATH"], "GITLESS_HELM": str(tmp_path / "helm")})
