"""Kustomizations of an artifact that others made: the real kustomize, confined to the artifact's files."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import PurePath

from pipeline.errors import ToolError
from pipeline.model.kustomizing.confinement import Confined, confine
from pipeline.ports import Environment

TIMEOUT = 120.0
# Patches and generators' literals, which may be secrets.
_CONTENT = re.compile(
    r"(?<=with config: )`.*`|(?<=\[patch: )\".*\""
    r"|(?<=literal sources )\[.*\](?=:)|(?<=literal source ).*(?=, expected)",
    re.DOTALL,
)
# One build is small; many run at once. An environment file's lines without a value take it from the environment, so
# there is nothing in it.
_ALONE = {"HOME": "/nonexistent", "GOMAXPROCS": "1", "GIT_TERMINAL_PROMPT": "0"}


class KustomizeTreeBuilder:
    """Runs kustomize over a private copy of those files that the build reads; safe in many threads."""

    def __init__(self, environment: Environment, *, allow_remote_bases: bool = False, timeout: float = TIMEOUT) -> None:
        """``timeout`` in seconds for one build."""
        self._environment = environment
        self._allow_remote_bases = allow_remote_bases
        self._timeout = timeout

    def build(self, files: Mapping[str, bytes], path: str) -> bytes:
        """Build the kustomization in the folder.

        Raises:
            RefusedError: it would read files outside of the tree, run a program, or fetch what must not be fetched.
            ManifestError: a kustomization cannot be read.
            ToolError: kustomize is missing, refuses the kustomization, or takes too long.
        """
        confined = confine(files, path, allow_remotes=self._allow_remote_bases)
        try:
            folder = tempfile.mkdtemp(prefix="gitless-build-")
        except OSError as error:
            raise ToolError(f"there is no place to build in: {error.strerror}", code="tool.files") from None
        try:
            _write(folder, confined.files)
            return self._run(folder, path, confined)
        except ToolError as error:
            message = error.message.replace(f"{os.path.realpath(folder)}/", "").replace(f"{folder}/", "")
            message = _CONTENT.sub("...", message)
            raise ToolError(message, hint=error.hint, code=error.code) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, folder: str, path: str, confined: Confined) -> bytes:
        from pipeline.command import find_tool
        from pipeline.threaded_command import run_threaded

        restriction = "LoadRestrictionsNone" if confined.leaves_roots else "LoadRestrictionsRootOnly"
        program = find_tool("kustomize", self._environment)
        target = f"{folder}/{path}"
        argv: list[str | PurePath] = [program, "build", "--load-restrictor", restriction, "--", target]
        if not confined.has_remotes:
            return run_threaded(argv, environment={}, extra=_ALONE, timeout=self._timeout).stdout
        # git comes from PATH, proxies and certificates from the environment; kustomize clones into TMPDIR.
        extra = {**_ALONE, "TMPDIR": folder}
        return run_threaded(argv, environment=self._environment, extra=extra, timeout=self._timeout).stdout


def _write(folder: str, files: Mapping[str, bytes]) -> None:
    made = {""}
    try:
        for path, content in files.items():
            parent = path.rpartition("/")[0]
            if parent not in made:
                os.makedirs(f"{folder}/{parent}", mode=0o700, exist_ok=True)  # noqa: PTH103 - text is faster
                made.add(parent)
            handle = os.open(f"{folder}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no path that can be written"
        raise ToolError(f"{path[:200]}: {reason}; the build needs a copy of it", code="tool.files") from None
