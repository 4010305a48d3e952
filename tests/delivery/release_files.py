"""What only a release knows, filled in: the commit of the actions, and the digest of the image.

No file can name the commit or the image that it is part of, so the tree has zeros in their place. ``write`` makes
copies of the examples, tasks and components that name both; ``check`` holds a tag against what was built for it.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from pipeline import __version__
from tests.delivery.distributions import PINS, sha256
from tests.delivery.tekton_stages import IMAGE
from tests.delivery.workflow_files import OWN, PLACEHOLDER, TREE

FOLDERS = ("examples/github", "examples/anywhere", "tekton", "templates")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ReleaseError(Exception):
    """The release does not fit together."""


def write(target: Path, commit: str, image_digest: str) -> None:
    """Write every file that has a place to fill in, and what belongs to it, below ``target``.

    Raises:
        ReleaseError: one of the two is no commit or no digest.
    """
    if not _COMMIT.fullmatch(commit) or not _DIGEST.fullmatch(image_digest):
        raise ReleaseError(f"expected a commit and a digest, not '{commit}' and '{image_digest}'")
    image = f"{IMAGE.partition('@')[0]}@{image_digest}"
    action = re.compile(rf"({re.escape(OWN)}(?:/[\w/-]+)?)@{PLACEHOLDER}")
    for folder in FOLDERS:
        for file in sorted((TREE / folder).rglob("*")):
            if file.is_file():
                text = action.sub(rf"\g<1>@{commit}", file.read_text().replace(IMAGE, image))
                copy = target / file.relative_to(TREE)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(text)
                copy.chmod(file.stat().st_mode & 0o777)


def check(tag: str, folder: Path) -> None:
    """See that a tag names this version, and that the setup action pins the wheel that was built.

    Raises:
        ReleaseError: it does not; the message says what to do.
    """
    if tag != f"v{__version__}":
        raise ReleaseError(
            f"the tag {tag} is not this version, v{__version__}: change pipeline/__init__.py, or the tag"
        )
    wheel = next(folder.glob(f"gitless_pipeline-{__version__}-*.whl"), None)
    if wheel is None:
        raise ReleaseError(f"{folder} has no wheel of version {__version__}: run make dist")
    if f"gitless-pipeline=={__version__}" not in PINS.read_text() or sha256(wheel) not in PINS.read_text():
        raise ReleaseError(f"{PINS.relative_to(TREE)} pins another wheel: run make release-pins, commit, and tag again")


def main(arguments: list[str]) -> int:
    """Do one of the two; the exit code."""
    parser = argparse.ArgumentParser(prog="release_files", description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    writing.add_argument("folder", type=Path)
    writing.add_argument("--commit", required=True)
    writing.add_argument("--image-digest", required=True)
    checking = commands.add_parser("check")
    checking.add_argument("folder", type=Path)
    checking.add_argument("--tag", required=True)
    given = parser.parse_args(arguments)
    try:
        if given.command == "write":
            write(given.folder, given.commit, given.image_digest)
        else:
            check(given.tag, given.folder)
    except ReleaseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
