"""What stands for the image of gitless: the program and its tools, in one folder that is first in PATH."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.platform.binaries import binary

TOOLS = ("kustomize", "helm", "sops")
# What the scripts of other people's steps call.
_SYSTEM = "/usr/bin:/bin"


def image_path(folder: Path, gitless: Path | None = None) -> str:
    """Link the programs that the image has into a new folder below ``folder``; returns PATH.

    ``gitless`` is the program to rehearse with; otherwise that of the Python that runs this.
    """
    programs = folder / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    found = {"gitless": gitless or Path(sys.executable).with_name("gitless"), **{name: binary(name) for name in TOOLS}}
    for name, program in found.items():
        link = programs / name
        link.unlink(missing_ok=True)
        link.symlink_to(program)
    return f"{programs}:{_SYSTEM}"
