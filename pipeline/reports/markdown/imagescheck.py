"""What does not fit between images, lock, registry and policies, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.images_check import CheckedImage, ImageProblem, ImagesCheckResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.markdown.document import Item, Section, compose, title
from pipeline.reports.markdown.escaping import code, prose

_HEADER = "| image | what | objects |\n|---|---|---|"
_TITLES = {
    ImageProblem.GONE: "Not in the registry",
    ImageProblem.UNREADABLE: "No names of images",
    ImageProblem.MISSING: "Not in the lock",
    ImageProblem.STALE: "Moved since they were locked",
    ImageProblem.OUTDATED: "Not what their policies choose",
    ImageProblem.UNUSED: "In the lock and not used",
}
_MAX_OBJECTS = 3


def render(result: ImagesCheckResult, context: ReportContext) -> str:
    """The report, ending with a newline."""
    counts = ", ".join(f"{number} {name}" for name, number in sorted(result.counts.items()))
    what = f"{result.images} images with a tag, lock {code(result.file)}"
    return compose((title(counts or "everything fits", context, "Images"), what), _sections(result), context)


def _sections(result: ImagesCheckResult) -> Iterator[Section]:
    for problem, name in _TITLES.items():
        yield Section(name, [_row(found) for found in result.problems if found.problem is problem], _HEADER)


def _row(found: CheckedImage) -> Item:
    objects = [code(str(resource)) for resource in found.resources[:_MAX_OBJECTS]]
    more = len(found.resources) - _MAX_OBJECTS
    objects += [f"and {more} more"] if more > 0 else []
    return Item(f"| {code(found.image)} | {prose(found.words)} | {'<br>'.join(objects)} |")
