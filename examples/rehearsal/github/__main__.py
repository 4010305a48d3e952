"""``make pipeline-github``: run the example workflows and the actions by act, against the local platform.

Nothing is pushed anywhere, and no container is needed: act runs the jobs as processes of this machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.rehearsal.github.act import Run
from examples.rehearsal.github.errors import RehearsalError
from examples.rehearsal.github.stage import SCENES, Stage
from tests.platform.errors import PlatformError

STATE = Path(__file__).resolve().parents[3] / ".rehearsal" / "github"
_MOST = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns 0 where every job succeeded, 1 where one failed, 2 where it could not go on."""
    parser = argparse.ArgumentParser(prog="python -m examples.rehearsal github", description=__doc__)
    parser.add_argument("--state", type=Path, default=STATE, help="where everything of it is kept")
    parser.add_argument("--last", choices=SCENES, default=SCENES[-1], help="end after this workflow")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what the steps print")
    options = parser.parse_args(arguments)
    scenes = SCENES[: SCENES.index(options.last) + 1]
    try:
        with Stage.set(options.state.absolute()) as stage:
            return perform(stage, scenes, is_verbose=options.verbose)
    except (RehearsalError, PlatformError) as error:
        sys.stderr.write(f"\nThe rehearsal stopped: {error}\nWhat there is of it is in {options.state}\n")
        return 2


def perform(stage: Stage, scenes: Sequence[str], *, is_verbose: bool = False) -> int:
    """Play the workflows up to the first that fails, and tell of each; returns 1 where one failed.

    Raises:
        RehearsalError: it cannot go on.
    """
    say("Replaced, for this machine alone:", *(f"  {line}" for line in stage.replaced))
    runs: list[Run] = []
    for scene in scenes:
        say("", f"{scene}.yml")
        runs.append(stage.play(scene))
        say(*account(runs[-1], is_verbose=is_verbose))
        if not runs[-1].is_successful:
            break
    say("", *stage.afterwards())
    failed = [run.workflow for run in runs if not run.is_successful]
    say("", f"Failed: {', '.join(failed)}" if failed else f"All {len(runs)} workflows succeeded.")
    return 1 if failed else 0


def account(run: Run, *, is_verbose: bool) -> list[str]:
    """What ran, with what result; of what failed, the end of what it printed."""
    lines = []
    for job, result in run.jobs.items():
        lines.append(f"  {_mark(result)} {job}")
        own = (step for step in run.steps if step.job == job and len(step.ids) == 1)
        lines += [f"      {_mark(step.result)} {step.name}" for step in own]
    if is_verbose or not run.is_successful:
        printed = run.text.splitlines() or [str(line.get("msg", "")).rstrip() for line in run.lines]
        lines += [f"    | {line}" for line in (printed if is_verbose else printed[-_MOST:])]
    lines.append(f"    log: {run.log}")
    return lines


def _mark(result: str) -> str:
    return {"success": "✓", "skipped": "-"}.get(result, "✗")


def say(*lines: str) -> None:
    """Lines, at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
