"""Runs jobs of a GitLab pipeline on this machine, by the real gitlab-ci-local.

It checks a pipeline with GitLab's own JSON schema, resolves includes and inputs, and runs scripts in a shell. It has no
container engine here, so the copies of our templates lose their image: the program on PATH stands for it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.platform.binaries import binary
from tests.platform.node import node_runtime

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
_IMAGE = re.compile(r"^  image: .*\n", re.MULTILINE)


class Project:
    """A Git checkout with a pipeline in it, and our templates."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        shutil.copytree(TEMPLATES, folder / "templates")
        for template in (folder / "templates").iterdir():
            template.write_text(_IMAGE.sub("", template.read_text()))
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("remote", "add", "origin", "https://gitlab.test/acme/shop.git")
        self._git("add", ".")
        self._git("commit", "--quiet", "--message=begin")

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run jobs by name, or whatever else the program is asked for."""
        program = binary("gitlab-ci-local") / "gitlab-ci-local" / "src" / "index.js"
        home = self.folder / ".home"
        command = [str(node_runtime().node), str(program), "--home", str(home), *arguments]
        path = os.pathsep.join((str(Path(sys.executable).parent), str(binary("rsync").parent), os.environ["PATH"]))
        environment = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", **variables}
        home.mkdir(exist_ok=True)
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=240
        )

    def _git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", self.folder, *identity, *arguments], check=True, capture_output=True)
