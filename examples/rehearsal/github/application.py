"""A throw-away repository as a user has it: the example application, its workflows, and the clusters' public keys."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.rehearsal.github.services import NUMBER, REPOSITORY

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = ROOT / "examples" / "github"
_OVERLAY = "environments/staging"
_DEPLOY = f"""\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../{_OVERLAY}
"""
_AUTHOR = {"GIT_AUTHOR_NAME": "octocat", "GIT_AUTHOR_EMAIL": "octocat@example.test"}


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a user would change in the workflows."""

    registry: str

    @property
    def replaced(self) -> tuple[str, ...]:
        """What :meth:`in_text` does, in words."""
        return (
            f"ghcr.io → {self.registry}",
            "gitless login --provider github → --username and --password-stdin: that provider knows GitHub's own alone",
        )

    def in_text(self, text: str) -> str:
        """A workflow with the names of this machine."""
        login = f'printf %s "$GITHUB_TOKEN" | gitless login {self.registry} --username "$GITHUB_ACTOR" --password-stdin'
        text = text.replace("gitless login ghcr.io --provider github", login)
        return re.sub(r"\bghcr\.io\b", self.registry, text)


@dataclass(frozen=True)
class Application:
    """The checkout, on its branch ``main``."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, workflows: Mapping[str, str], files: Mapping[str, str]) -> Application:
        """Make the repository with one commit; ``files`` are more of them, by path."""
        shutil.copytree(ROOT / "examples" / "shop", folder)
        made = cls(folder)
        made.write({f".github/workflows/{name}": text for name, text in workflows.items()})
        made.write({"deploy/kustomization.yaml": _DEPLOY, **files})
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")
        made.commit("Begin")
        return made

    def write(self, files: Mapping[str, str]) -> None:
        """Write files by their paths."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def git(self, *arguments: str) -> str:
        """Run git there, with nobody's settings; returns what it prints."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1", **_AUTHOR}
        environment |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in _AUTHOR.items()}
        command = ["git", "-c", "commit.gpgsign=false", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        return self.head

    def set_frontend_tag(self, tag: str) -> None:
        """A developer's change: one image tag."""
        file = self.folder / _OVERLAY / "kustomization.yaml"
        file.write_text(re.sub(r"(name: \S*frontend\s+newTag: )\S+", rf'\g<1>"{tag}"', file.read_text()))

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    # What GitHub says about events, as far as workflows and programs look at it.

    def pushed(self, before: str = "0" * 40) -> dict[str, Any]:
        """A push to main."""
        return {"ref": "refs/heads/main", "before": before, "after": self.head, "deleted": False, **_repository()}

    def opened(self) -> dict[str, Any]:
        """A pull request from a branch of the same repository."""
        head = {"ref": "change", "sha": self.head, "repo": {"full_name": REPOSITORY, "fork": False}}
        base = {"ref": "main", "sha": self.git("rev-parse", "main"), "repo": {"full_name": REPOSITORY}}
        pull_request = {"number": NUMBER, "head": head, "base": base}
        return {"action": "opened", "number": NUMBER, "pull_request": pull_request, **_repository()}

    def released(self, tag: str) -> dict[str, Any]:
        """A release of what is checked out."""
        self.git("tag", tag)
        return {"action": "published", "release": {"tag_name": tag, "target_commitish": "main"}, **_repository()}

    def scheduled(self) -> dict[str, Any]:
        """A morning."""
        return {"schedule": "17 5 * * *", **_repository()}


def _repository() -> dict[str, Any]:
    owner, _, name = REPOSITORY.partition("/")
    return {"repository": {"full_name": REPOSITORY, "name": name, "owner": {"login": owner}, "default_branch": "main"}}
