"""What a Git checkout holds, and what has changed in it."""

from __future__ import annotations

from pathlib import Path

from pipeline.checkouts.git import Git
from pipeline.errors import ToolError, UsageError
from pipeline.ports import Environment

_PASSED = ("GIT_DIR", "GIT_WORK_TREE")


class GitCheckout:
    """The work tree around a folder. Looking never touches the index, which somebody beside us may be using."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        """Find the root.

        Raises:
            UsageError: the folder is in no checkout.
            ToolError: git is missing.
        """
        git = Git.find(environment, folder, _PASSED)
        try:
            self._git = git.at_root()
            self.folder = git.look("rev-parse", "--show-prefix").decode(errors="surrogateescape").rstrip("/\n")
        except ToolError:
            raise UsageError(
                f"{folder} is in no Git checkout, so nobody knows what has changed in it",
                hint="run it in one, or leave out --changed-since",
            ) from None
        self._root = self._git.folder
        self.root = str(self._root)

    def base(self, revision: str) -> str:
        """The commit that both have come from."""
        try:
            commit = self._git.look("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except ToolError:
            raise UsageError(
                f"there is no revision '{revision}' in this checkout",
                hint="fetch it first: in GitHub Actions, actions/checkout with `fetch-depth: 0`",
            ) from None
        try:
            return self._git.look("merge-base", commit.decode().strip(), "HEAD").decode().strip()
        except ToolError:
            raise UsageError(
                f"this checkout has too little history to tell where HEAD and '{revision}' parted",
                hint="fetch all of it: `git fetch --unshallow`, or actions/checkout with `fetch-depth: 0`",
            ) from None

    def changed_since(self, commit: str) -> tuple[str, ...]:
        """Paths that differ from then; what Git does not know yet counts as added."""
        listed = self._git.look("diff", "--name-only", "--no-renames", "--ignore-submodules", "-z", commit, "--")
        return tuple(sorted({*_names(listed), *_names(self._others())}))

    def named(self, name: str) -> tuple[str, ...]:
        """Files of that name."""
        known = self._git.look("ls-files", "-z", "--cached", "--", *self._pathspecs(name))
        found = {*_names(known), *_names(self._others(*self._pathspecs(name)))}
        return tuple(sorted(path for path in found if (self._root / path).is_file()))

    def read(self, path: str) -> bytes | None:
        """The file as it is now."""
        try:
            return (self._root / path).read_bytes()
        except (OSError, ValueError):
            return None

    def read_at(self, commit: str, path: str) -> bytes | None:
        """The file as it was then."""
        try:
            return self._git.look("cat-file", "blob", f"{commit}:{path}")
        except ToolError:
            return None

    def is_folder(self, path: str) -> bool:
        """Whether there is such a folder now."""
        try:
            return (self._root / path).is_dir()
        except (OSError, ValueError):
            return False

    def _others(self, *pathspecs: str) -> bytes:
        return self._git.look("ls-files", "-z", "--others", "--exclude-standard", "--", *pathspecs)

    def _pathspecs(self, name: str) -> tuple[str, ...]:
        prefix = f"{self.folder}/" if self.folder else ""
        return (f":(top,glob){_escaped(prefix)}**/{_escaped(name)}",)


def _names(listed: bytes) -> list[str]:
    return [name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name]


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\" else character for character in text)
