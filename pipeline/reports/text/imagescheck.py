"""What does not fit between images, lock, registry and policies, for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model.outcome.images_check import CheckedImage, ImageProblem, ImagesCheckResult
from pipeline.reports.text.values import Paint, printable

_STYLES = {ImageProblem.GONE: "red+bold", ImageProblem.UNREADABLE: "red+bold", ImageProblem.OUTDATED: "cyan"}
_MAX_OBJECTS = 3


def render(result: ImagesCheckResult, *, color: bool) -> str:
    """The report, ending with a newline."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: ImagesCheckResult, paint: Paint) -> Iterator[str]:
    for found in result.problems:
        yield f"{paint(_STYLES.get(found.problem, 'yellow+bold'), found.problem.value)} {printable(found.image)}"
        yield f"    {printable(found.words)}"
        yield from _objects(found, paint)
    counts = ", ".join(f"{number} {name}" for name, number in sorted(result.counts.items()))
    images = f"{result.images} image{'' if result.images == 1 else 's'} with a tag"
    yield f"{images}, lock {printable(result.file)}: {counts or paint('green', 'everything fits')}"


def _objects(found: CheckedImage, paint: Paint) -> Iterator[str]:
    for resource in found.resources[:_MAX_OBJECTS]:
        yield paint("dim", f"    {printable(str(resource))}")
    if len(found.resources) > _MAX_OBJECTS:
        yield paint("dim", f"    and {len(found.resources) - _MAX_OBJECTS} more objects")
