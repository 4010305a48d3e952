"""Where the jobs' pip finds everything: the locked dependencies in the platform's cache, and the wheel of this tree."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from examples.rehearsal.github.errors import RehearsalError
from tests.delivery.distributions import BuildError, build
from tests.platform.cache import cache_root, locked, publish, say

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "actions" / "setup" / "requirements.txt"


def dependencies() -> Path:
    """A folder with the wheels that ``actions/setup/requirements.txt`` locks, for this machine; fetched once.

    Raises:
        RehearsalError: pip could not fetch them.
    """
    version = "{}.{}".format(*sys.version_info)
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + version.encode()).hexdigest()[:16]
    folder = cache_root() / "wheels" / digest
    with locked("wheels"):
        return folder if folder.exists() else publish(folder, _download)


def of_this_tree(folder: Path) -> Path:
    """The wheel of this tree, built into ``folder``.

    Raises:
        RehearsalError: it could not be built.
    """
    try:
        return build(folder)[0]
    except BuildError as error:
        raise RehearsalError(str(error)) from None


def _download(fresh: Path) -> None:
    say("wheels: fetching what gitless needs (90 MB)")
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet", "--disable-pip-version-check"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        *options,
        "--dest",
        str(fresh),
        "--requirement",
        str(REQUIREMENTS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RehearsalError(f"pip could not fetch what {REQUIREMENTS} locks:\n{done.stderr.strip()[-2000:]}")
