from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.errors import ToolError
from pipeline.threaded_command import run_threaded, run_to_end

_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C", "SECRET_TOKEN": "hunter2"}


def _run(script: str, *, stdin: bytes = b"", timeout: float = 30) -> bytes:
    argv = ["/bin/sh", "-c", script]
    return run_threaded(argv, environment=_ENVIRONMENT, extra={"OURS": "x"}, stdin=stdin, timeout=timeout).stdout


def test_streams_of_any_size_pass() -> None:
    content = os.urandom(3_000_000)
    assert _run("cat; head -c 300000 /dev/zero >&2", stdin=content) == content


def test_a_program_is_given_what_it_needs_and_what_we_add() -> None:
    assert _run('echo "$LANG $OURS $SECRET_TOKEN"') == b"C x \n"


def test_errors_are_those_of_every_program() -> None:
    with pytest.raises(ToolError, match=r"sh failed \(exit code 3\): it went wrong") as caught:
        _run("echo some talk >&2; echo Error: it went wrong >&2; exit 3")
    assert caught.value.code == "tool.failed"
    with pytest.raises(ToolError, match="killed by signal 9"):
        _run("kill -9 $$")
    with pytest.raises(ToolError, match="/nothing/here cannot be started"):
        run_threaded(["/nothing/here"], environment={})
    with pytest.raises(ToolError, match="cannot be started"):
        run_threaded(["/bin/true"], environment={}, cwd=Path("/nothing/here"))
    assert run_to_end(["/bin/sh", "-c", "exit 4"], environment={}).exit_code == 4


def test_what_takes_too_long_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(ToolError, match=r"did not end within 0\.5 s and was stopped") as caught:
        _run(f"sleep 50 & echo $! > {tmp_path}/pid; trap '' TERM; sleep 50", timeout=0.5)
    assert caught.value.code == "tool.timeout"
    assert time.monotonic() - begin < 10
    assert _is_gone(int((tmp_path / "pid").read_text()))


def test_what_a_program_leaves_running_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    begin = time.monotonic()
    assert _run(f"sleep 50 & echo $! > {tmp_path}/pid; echo done") == b"done\n"
    assert time.monotonic() - begin < 10
    assert _is_gone(int((tmp_path / "pid").read_text()))


def test_many_threads_may_run_programs() -> None:
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda n: int(_run(f"echo {n}")), range(100))) == list(range(100))


def _is_gone(pid: int) -> bool:
    """Dead, or a zombie whose new parent is in no hurry."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False
