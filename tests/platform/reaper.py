"""Kills what its parent started once the parent is gone, however it went.

Run as a script of its own with a pipe on stdin: each line names a process group
leader and its start time; the end of input means that the parent is gone.
(The kernel's parent-death signal follows the starting *thread* instead, which
would kill programs started from a worker thread too early.)
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def start_time(pid: int) -> int | None:
    """When that process started, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        # The name before the last parenthesis may hold anything, spaces included.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def kill_group(pid: int, started: int) -> bool:
    """Kill the group of that leader, unless the number belongs to another process by now."""
    if start_time(pid) != started:
        return False
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return True


def main() -> None:
    """Collect until the pipe closes, then kill, latest first."""
    lines = list(sys.stdin)
    for line in reversed(lines):
        pid, started = line.split()
        kill_group(int(pid), int(started))


if __name__ == "__main__":
    main()
