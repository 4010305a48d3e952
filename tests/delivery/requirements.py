"""``actions/setup/requirements.txt``: every package that gitless needs, for every machine, by version and checksums.

``python -m tests.delivery.requirements --write`` locks anew what ``pyproject.toml`` asks for, in the versions that the
tests run with (``tests/constraints.txt``); packages of other systems alone are in the newest version.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import uv

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "pyproject.toml"
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
LOCK = ROOT / "actions" / "setup" / "requirements.txt"
EXTRAS = ("aws", "azure", "gcp")
"""What the clouds' registries and keys take: a job that names a provider is to find it."""
_HEAD = """\
# Everything that gitless needs, by version and checksums, for every system and Python 3.11 and later.
# Written by `python -m tests.delivery.requirements --write`.
"""
_ENTRY = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;]+)(?: ; (.*?))?((?: \\\n {4}--hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE
)


class LockError(Exception):
    """The packages could not be locked."""


def locked() -> str:
    """The file as it has to be now; asks the package registry.

    Raises:
        LockError: uv could not find versions that fit.
    """
    oldest = tomllib.loads(PROJECT.read_text())["project"]["requires-python"].removeprefix(">=")
    options = [
        "--universal",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--quiet",
        "--python-version",
        oldest,
        *(option for extra in EXTRAS for option in ("--extra", extra)),
    ]
    command = [uv.find_uv_bin(), "pip", "compile", *options, "--constraints", str(CONSTRAINTS), str(PROJECT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LockError(done.stderr.strip())
    return _HEAD + done.stdout


def entries(text: str) -> dict[str, tuple[str, str, int]]:
    """By name in its normal form: version, marker and number of checksums."""
    found = (match.groups() for match in _ENTRY.finditer(text))
    return {normal(name): (version, marker or "", hashes.count("--hash")) for name, version, marker, hashes in found}


def normal(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    LOCK.write_text(locked())
