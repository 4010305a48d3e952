"""What takes the place of what is not on this machine: other people's actions, the release, and the public Sigstore."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.rehearsal.github.errors import RehearsalError
from tests.delivery.distributions import pin

ROOT = Path(__file__).resolve().parents[3]
OURS = "gitless/gitless"
CHECKOUT = "actions/checkout"
"""act does this one itself, by copying the working tree."""
ARTIFACTS = "REHEARSAL_ARTIFACTS"
"""Variable with the folder that uploads go to."""
_USES = re.compile(
    r"^\s*(?:- )?uses:\s*['\"]?(?P<repository>[\w.-]+/[\w.-]+)(?P<path>/[^@\s]+)?@(?P<ref>[^\s'\"#]+)", re.MULTILINE
)

_CACHE = """\
name: Stand-in for actions/cache
description: Keeps nothing.
inputs:
  path: {description: What would be kept, required: true}
  key: {description: By which name, required: true}
outputs:
  cache-hit: {description: Never, value: "false"}
runs:
  using: composite
  steps:
    - shell: bash
      run: echo "A stand-in for actions/cache, which keeps nothing."
"""
_UPLOAD = """\
name: Stand-in for actions/upload-artifact
description: Copies the files into a folder of the rehearsal.
inputs:
  name: {description: Name of the artifact, default: artifact}
  path: {description: Files, required: true}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        NAME: ${{ inputs.name }}
        FILES: ${{ inputs.path }}
      run: python3 "$GITHUB_ACTION_PATH/keep.py"
"""
_KEEP = f"""\
import os, pathlib, shutil, sys

target = pathlib.Path(os.environ["{ARTIFACTS}"]) / pathlib.PurePath(os.environ["NAME"]).name
target.mkdir(parents=True, exist_ok=True)
for line in filter(None, map(str.strip, os.environ["FILES"].splitlines())):
    for part in filter(None, line.split(",")):
        if pathlib.Path(part).is_file():
            shutil.copy(part, target)
            print(f"kept {{target / pathlib.Path(part).name}}")
"""
STAND_INS: Mapping[str, Mapping[str, str]] = {
    "actions/cache": {"action.yml": _CACHE},
    "actions/upload-artifact": {"action.yml": _UPLOAD, "keep.py": _KEEP},
}
"""By repository: the files of the action that takes its place."""


@dataclass(frozen=True, kw_only=True)
class Actions:
    """Folders for act in the place of repositories, and what was changed, in words."""

    repositories: Mapping[str, Path]
    replaced: tuple[str, ...]


def uses(text: str) -> Iterator[tuple[str, str]]:
    """Repository and ref of every action of others that a workflow or an action names."""
    return ((match["repository"], match["ref"]) for match in _USES.finditer(text))


def place(folder: Path, workflows: Mapping[str, str], wheel: Path, defaults: Mapping[str, str]) -> Actions:
    """Lay out every action that the workflows use.

    Ours are copied from this tree; there ``gitless.txt`` pins ``wheel``, and inputs have the ``defaults``, which name
    the services of this machine.

    Raises:
        RehearsalError: an action has nothing in its place.
    """
    ours = folder / "gitless"
    copied = _copy_ours(ours, wheel, defaults)
    texts = [*workflows.values(), *copied]
    found = sorted({use for text in texts for use in uses(text) if use[0] != CHECKOUT})
    repositories = {}
    for repository, ref in found:
        if repository != OURS and repository not in STAND_INS:
            raise RehearsalError(f"there is nothing here in the place of {repository}@{ref}")
        repositories[f"{repository}@{ref}"] = ours if repository == OURS else _stand_in(folder, repository)
    others = sorted({repository for repository, _ in found if repository != OURS})
    replaced = (
        f"{OURS}@…: the actions of this tree; actions/setup/gitless.txt pins {wheel.name}, built from it",
        *(f"{repository}@…: {STAND_INS[repository]['action.yml'].splitlines()[1][13:]}" for repository in others),
        *(f"the default of the input {name}: {value}" for name, value in defaults.items()),
    )
    return Actions(repositories=repositories, replaced=replaced)


def _copy_ours(target: Path, wheel: Path, defaults: Mapping[str, str]) -> list[str]:
    target.mkdir(parents=True)
    shutil.copytree(ROOT / "actions", target / "actions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "action.yml", target)
    (target / "actions" / "setup" / "gitless.txt").write_text(pin(wheel))
    texts = []
    for file in sorted(target.rglob("action.yml")):
        text = with_defaults(file.read_text(), defaults)
        file.write_text(text)
        texts.append(text)
    return texts


def with_defaults(text: str, defaults: Mapping[str, str]) -> str:
    """An action's file with other defaults of some of its inputs."""
    for name, value in defaults.items():
        pattern = rf"(^  {re.escape(name)}:\n(?:    (?!default:).*\n)*    default: ).*$"
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            text = f'{text[: found.end(1)]}"{value}"{text[found.end() :]}'
    return text


def _stand_in(folder: Path, repository: str) -> Path:
    target = folder / repository.replace("/", "-")
    target.mkdir(exist_ok=True)
    for name, text in STAND_INS[repository].items():
        (target / name).write_text(text)
    return target
