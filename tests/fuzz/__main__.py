"""``make fuzz``: every target for a bounded time, one after the other; what is found is kept and named."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.targets import NAMES, load

TIMEOUT = 10
"""Seconds that one input may take."""
MEMORY = 2048
"""MiB that the process may have."""
FINDINGS = Path(".fuzz-findings")


def main() -> int:
    """Fuzz and report; returns 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", default=list(NAMES), metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    arguments = parser.parse_args()
    found = [name for name in arguments.targets if not _fuzz(name, arguments.seconds)]
    if found:
        print(f"found something in: {', '.join(found)}; inputs are in {FINDINGS}/", file=sys.stderr)
    return 1 if found else 0


def _fuzz(name: str, seconds: int) -> bool:
    FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gitless-fuzz-") as folder:
        for number, seed in enumerate(load(name).seeds()):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        command = [
            sys.executable, "-m", "tests.fuzz.run", name, f"-max_total_time={seconds}", f"-timeout={TIMEOUT}",
            f"-rss_limit_mb={MEMORY}", "-max_len=65536", f"-artifact_prefix={FINDINGS}/{name}-", folder,
        ]  # fmt: skip
        start = time.monotonic()
        try:
            # libFuzzer keeps its own time; this is for when it does not.
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, errors="replace", timeout=10 * seconds + 300
            )
        except subprocess.TimeoutExpired:
            print(f"{name:<18} did not end", flush=True)
            return False
    runs = re.findall(r"^#(\d+)", done.stderr, re.MULTILINE)
    print(f"{name:<18} {runs[-1] if runs else '0':>9} inputs  {time.monotonic() - start:5.0f} s  "
          f"{'ok' if done.returncode == 0 else 'FOUND'}", flush=True)  # fmt: skip
    if done.returncode:
        print("\n".join([*done.stdout.splitlines()[-40:], *done.stderr.splitlines()[-8:]]), file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
