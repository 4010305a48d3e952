"""A run of the chain as one page: what came of each stage, and below it everything that stages have to report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.model.outcome import Result
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.diff import DiffResult
from pipeline.model.outcome.run import RunResult, StageRun
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import VerifyResult
from pipeline.model.reporting import ReportContext
from pipeline.reports.html import apply, validate, verify
from pipeline.reports.html.diff import diff_page
from pipeline.reports.html.document import render_page
from pipeline.reports.html.page import Item, Page, Panel, Panels, Row, SideCard, Tile, places
from pipeline.reports.text.outcomes import outcome


def render(result: RunResult, context: ReportContext) -> str:
    """The whole page; apply's part stands for that of the diff before it."""
    pages = {run.stage: page for run in result.stages if (page := _page(run.result)) is not None}
    stages = Panel("Stages", tuple(_row(run, pages.get(run.stage)) for run in result.stages))
    if any(isinstance(run.result, ApplyResult) for run in result.stages):
        pages.pop("diff", None)
    items = tuple(_items(pages))
    verdict, tone = _verdict(result, pages)
    page = Page(
        kind="Run",
        verdict=verdict,
        tone=tone,
        sides=(_artifact(result), *_clusters(pages)),
        tiles=tuple(_tiles(pages)),
        notes=tuple(note for page in pages.values() for note in page.notes),
        panels=(Panels("", (*_failure(result), stages)), *(group for page in pages.values() for group in page.panels)),
        styles=tuple(style for page in pages.values() for style in page.styles),
        sections=tuple(
            replace(section, title=f"{stage}: {section.title}")
            for stage, page in pages.items()
            for section in page.sections
        ),
        items=items,
        noun=("entry", "entries"),
        group="Rule" if "validate" in pages else "",
        nothing="No stage has anything to report.",
        places=places(items),
    )
    return render_page(page, context)


def _page(result: Result) -> Page | None:
    match result:
        case ValidateResult():
            return validate.page_of(result)
        case DiffResult():
            return diff_page(result, "Diff")
        case ApplyResult():
            return apply.page_of(result)
        case VerifyResult():
            return verify.page_of(result)
        case _:
            return None


def _row(run: StageRun, page: Page | None) -> Row:
    told = page.verdict if page else outcome(run.result)
    time = f"{run.seconds:.1f} s" if run.seconds else ""
    return Row(run.stage, ", ".join(filter(None, (told, time))), page.tone if page else "good")


def _verdict(result: RunResult, pages: dict[str, Page]) -> tuple[str, str]:
    last = result.stages[-1].stage if result.stages else ""
    page = pages.get(last)
    if page is not None and (result.failure is None or page.tone == "bad"):
        return page.verdict, page.tone
    if result.failure is not None:
        return f"Failed after {last}" if last else "Failed before the first stage had ended", "bad"
    seconds = sum(run.seconds for run in result.stages)
    return f"{len(result.stages)} stage{'' if len(result.stages) == 1 else 's'} in {seconds:.1f} s", "good"


def _failure(result: RunResult) -> Iterator[Panel]:
    if result.failure is not None:
        yield Panel("What it failed for", (Row(result.failure.message, result.failure.hint or "", "bad"),), "bad")


def _artifact(result: RunResult) -> SideCard:
    name = " for ".join(filter(None, (result.name, result.target)))
    tags = ", ".join(moved.tag for moved in result.tags.tags) if result.tags is not None else ""
    facts = (("Artifact", result.digest_url), ("Tags", tags))
    return SideCard("Run of", name, tuple((title, text) for title, text in facts if text))


def _clusters(pages: dict[str, Page]) -> Iterator[SideCard]:
    """Where it went, as the last stage says that knows."""
    known = [side for page in pages.values() for side in page.sides if side.label == "Cluster"]
    yield from known[-1:]


def _tiles(pages: dict[str, Page]) -> Iterator[Tile]:
    for stage, page in pages.items():
        yield from (replace(tile, tag=f"{stage}:{tile.tag}") for tile in page.tiles if tile.tag)


def _items(pages: dict[str, Page]) -> Iterator[Item]:
    """Every stage's items one after the other, each with its place in the page's styles, sections and tags."""
    sections = styles = 0
    for stage, page in pages.items():
        for item in page.items:
            yield replace(
                item,
                section=sections + item.section,
                style=styles + item.style,
                tags=tuple(f"{stage}:{tag}" for tag in item.tags),
            )
        sections += len(page.sections)
        styles += len(page.styles)
