"""``python -m examples.rehearsal tekton``: the whole chain on the local platform, or runs of your own."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from examples.rehearsal.tekton.account import pipeline_lines, preamble, task_lines
from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.image import image_path
from examples.rehearsal.tekton.outcomes import FAILED, TaskOutcome
from examples.rehearsal.tekton.pipelines import run_pipeline
from examples.rehearsal.tekton.runs import Place, read_pipeline_run, read_task_run
from examples.rehearsal.tekton.tasks import run_task
from examples.rehearsal.tekton.values import Value, value_from
from pipeline.model.documents.yaml_reading import read_documents

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "tekton"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; returns 0 where every run succeeded, 1 where one failed, 2 where nothing could run."""
    options = _parser().parse_args(arguments)
    for line in preamble():
        say(line)
    try:
        if not options.run:
            from examples.rehearsal.tekton.rehearsal import rehearse

            return rehearse(options.state.absolute(), is_verbose=options.verbose)
        return _own(options, _folder(options.state.absolute()))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    except TektonError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.rehearsal tekton", description=__doc__)
    parser.add_argument("--run", action="append", type=Path, default=[], help="file with a TaskRun or PipelineRun")
    parser.add_argument("--files", action="append", type=Path, default=[], help="more files or folders with documents")
    parser.add_argument("--claim", action="append", default=[], metavar="NAME=FOLDER", help="what a claim stands for")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="instead of the run's own")
    parser.add_argument(
        "--state", type=Path, help="where logs and results are kept", default=ROOT / ".rehearsal" / "tekton"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show every log, and all notes")
    return parser


def _own(options: argparse.Namespace, folder: Path) -> int:
    catalogue = Catalogue()
    catalogue.load(*sorted(FILES.glob("*/*/*/*.yaml")), *options.files)
    runs = [found for file in options.run for found in catalogue.load_file(file)]
    claims = {name: Path(value).absolute() for name, value in map(_pair, options.claim)}
    given: dict[str, Value] = dict(map(_param, options.param))
    place = Place(folder=folder, path=image_path(folder), claims=claims)
    codes = [0]
    for kind, name in runs:
        if kind == "TaskRun":
            task = run_task(read_task_run(catalogue, name, place, given), catalogue)
            for line in task_lines(task, is_verbose=options.verbose):
                say(line)
            codes.append(task.status == FAILED)
        elif kind == "PipelineRun":
            codes.append(_run_pipeline(catalogue, name, place, given, is_verbose=options.verbose))
    return max(codes)


def _run_pipeline(
    catalogue: Catalogue, name: str, place: Place, given: dict[str, Value], *, is_verbose: bool = False
) -> int:
    """Run a PipelineRun and tell of it as it goes; returns 1 where it failed."""
    run = read_pipeline_run(catalogue, name, place, given)

    def tell(task: TaskOutcome) -> None:
        for line in task_lines(task, is_verbose=is_verbose):
            say(line)

    outcome = run_pipeline(run, catalogue, tell)
    for line in pipeline_lines(outcome):
        say(line)
    return int(outcome.status == FAILED)


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise TektonError(f"{text} is not NAME=VALUE")
    return name, value


def _param(text: str) -> tuple[str, Value]:
    """A param as text, or as an array or object where it is written as one."""
    name, value = _pair(text)
    if value[:1] in {"[", "{"}:
        return name, value_from(next(read_documents(value.encode(), f"--param {name}"))[0])
    return name, value


def _folder(state: Path) -> Path:
    state.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="runs-", dir=state))


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
